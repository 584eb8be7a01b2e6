import { Module, type DynamicModule } from '@nestjs/common';
import {
  bundledService,
  type BundledServiceOptions,
} from '../../nest/registration/bundled-service.js';
import { PUBSUB_TARGET, PubSubBackend } from './pubsub-backend.service.js';
import { PUBSUB_OPTIONS, PubSubService } from './pubsub.service.js';
import { pubSubOptions, type PubSubOptions } from './pubsub-options.js';

const NAME = 'pubsub';

/** What `PubSubModule.register` may be told. The name is `pubsub` by default. */
export interface PubSubModuleOptions
  extends
    Pick<DynamicModule, 'imports'>,
    BundledServiceOptions<PubSubService, PubSubBackend>,
    PubSubOptions {}

/**
 * Publish and subscribe: `pubsub` for clients, `pubsub_backend` for trusted
 * servers. Both can be injected anywhere, by class or with `@InjectService`.
 * Register it several times with different names; a class that is then the class
 * of several services is no longer injected, which is an error at start-up.
 */
@Module({})
export class PubSubModule {
  static register(options: PubSubModuleOptions = {}): DynamicModule {
    const { name = NAME } = options;
    const { providers, exports } = bundledService(
      {
        service: PubSubService,
        backend: PubSubBackend,
        name: NAME,
        target: PUBSUB_TARGET,
      },
      options,
    );
    return {
      module: PubSubModule,
      global: true,
      imports: options.imports ?? [],
      providers: [
        ...providers,
        { provide: PUBSUB_OPTIONS, useValue: pubSubOptions(name, options) },
      ],
      exports,
    };
  }
}
