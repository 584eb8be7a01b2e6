import { Module, type DynamicModule, type Type } from '@nestjs/common';
import {
  DEFAULT_BACKEND_REGISTRY,
  DEFAULT_REGISTRY,
} from '../../nest/constants.js';
import { serviceProviders, tokensOf } from '../../nest/snorky.module.js';
import { PUBSUB_TARGET, PubSubBackend } from './pubsub-backend.service.js';
import { PubSubService } from './pubsub.service.js';

/** What `PubSubModule.register` may be told. */
export interface PubSubModuleOptions extends Pick<DynamicModule, 'imports'> {
  /** A subclass with policies of its own. @default PubSubService */
  readonly service?: Type<PubSubService>;
  /** @default 'pubsub' */
  readonly name?: string;
  /** @default 'frontend' */
  readonly registry?: string;
  /** The service for trusted servers. Left out where its registry is missing. */
  readonly backend?: {
    /** @default PubSubBackend */
    readonly service?: Type<PubSubBackend>;
    /** @default the service's name and `_backend` */
    readonly name?: string;
    /** @default 'backend' */
    readonly registry?: string;
  };
}

/**
 * Publish and subscribe: `pubsub` for clients, `pubsub_backend` for trusted
 * servers. Both can be injected anywhere, by class or with `@InjectService`.
 * Register it several times with different names; a class that is then the class
 * of several services is no longer injected, which is an error at start-up.
 */
@Module({})
export class PubSubModule {
  static register(options: PubSubModuleOptions = {}): DynamicModule {
    const {
      service = PubSubService,
      name = 'pubsub',
      registry = DEFAULT_REGISTRY,
      backend = {},
      imports = [],
    } = options;
    const backendClass = backend.service ?? PubSubBackend;
    const backendName = backend.name ?? `${name}_backend`;
    const backendRegistry = backend.registry ?? DEFAULT_BACKEND_REGISTRY;
    const [serviceToken] = tokensOf(name, registry) as [string];
    const [backendToken] = tokensOf(backendName, backendRegistry) as [string];
    const classTokens = [
      { provide: PubSubService, useExisting: serviceToken },
      { provide: PubSubBackend, useExisting: backendToken },
      ...(service === PubSubService
        ? []
        : [{ provide: service, useExisting: serviceToken }]),
      ...(backendClass === PubSubBackend
        ? []
        : [{ provide: backendClass, useExisting: backendToken }]),
    ];
    return {
      module: PubSubModule,
      global: true,
      imports,
      providers: [
        ...serviceProviders({ service, name, registry }),
        ...serviceProviders({
          service: backendClass,
          name: backendName,
          registry: backendRegistry,
          optional: true,
        }),
        { provide: PUBSUB_TARGET, useExisting: serviceToken },
        ...classTokens,
      ],
      exports: [
        ...tokensOf(name, registry),
        ...tokensOf(backendName, backendRegistry),
        ...classTokens.map(({ provide }) => provide),
      ],
    };
  }
}
