import type { DynamicModule, Provider, Type } from '@nestjs/common';
import {
  BUNDLED_METADATA,
  DEFAULT_BACKEND_REGISTRY,
  DEFAULT_REGISTRY,
} from './constants.js';
import { rootCheck, serviceProviders, tokensOf } from './snorky.module.js';

/** How the module of a bundled service may be told to register it. */
export interface BundledServiceOptions<Service, Backend> {
  /** A subclass with policies of its own. @default the module's own */
  readonly service?: Type<Service>;
  /** @default the module's own */
  readonly name?: string;
  /** @default 'frontend' */
  readonly registry?: string;
  /** The service for trusted servers. Left out where its registry is missing. */
  readonly backend?: {
    /** A subclass. @default the module's own */
    readonly service?: Type<Backend>;
    /** @default the service's name and `_backend` */
    readonly name?: string;
    /** @default 'backend' */
    readonly registry?: string;
  };
}

/** What the module of a bundled service is made of, but for its options. */
export interface BundledClasses<Service, Backend> {
  readonly service: Type<Service>;
  readonly backend: Type<Backend>;
  readonly name: string;
  /** Under which the backend service injects the service that it steers. */
  readonly target: symbol;
}

/**
 * A service and the backend that steers it, as their module has them: both
 * registered, and to be injected by name, by their class and by the class that
 * this one extends.
 *
 * @internal
 */
export function bundledService<Service, Backend>(
  classes: BundledClasses<Service, Backend>,
  options: BundledServiceOptions<Service, Backend>,
): Required<Pick<DynamicModule, 'providers' | 'exports'>> {
  const {
    service = classes.service,
    name = classes.name,
    registry = DEFAULT_REGISTRY,
    backend = {},
  } = options;
  for (const one of [classes.service, classes.backend]) {
    Reflect.defineMetadata(BUNDLED_METADATA, true, one);
  }
  const backendClass = backend.service ?? classes.backend;
  const backendName = backend.name ?? `${name}_backend`;
  const backendRegistry = backend.registry ?? DEFAULT_BACKEND_REGISTRY;
  const [serviceToken] = tokensOf(name, registry) as [string];
  const [backendToken] = tokensOf(backendName, backendRegistry) as [string];
  const aliases = [
    ...aliasesOf(classes.service, service, serviceToken),
    ...aliasesOf(classes.backend, backendClass, backendToken),
  ];
  return {
    providers: [
      ...serviceProviders({ service, name, registry }),
      ...serviceProviders({
        service: backendClass,
        name: backendName,
        registry: backendRegistry,
        optional: true,
      }),
      { provide: classes.target, useExisting: serviceToken },
      rootCheck(name),
      ...aliases,
    ],
    exports: [
      ...tokensOf(name, registry),
      ...tokensOf(backendName, backendRegistry),
      ...aliases.map(({ provide }) => provide),
    ],
  };
}

function aliasesOf(
  base: Type,
  used: Type,
  token: string,
): (Provider & { readonly provide: Type })[] {
  return [...new Set([base, used])].map((provide) => ({
    provide,
    useExisting: token,
  }));
}
