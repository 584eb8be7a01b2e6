import type { DynamicModule, Type } from '@nestjs/common';
import {
  BUNDLED_METADATA,
  DEFAULT_BACKEND_REGISTRY,
  DEFAULT_REGISTRY,
  getServiceToken,
} from '../setup/constants.js';
import { rootCheck, serviceProviders, tokensOf } from './service-providers.js';

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
  const aliases = [classes.service, service];
  const backendAliases = [classes.backend, backendClass];
  const [serviceToken] = tokensOf(name, registry) as [string];
  return {
    providers: [
      ...serviceProviders({ service, name, registry, aliases }),
      ...serviceProviders({
        service: backendClass,
        name: backendName,
        registry: backendRegistry,
        aliases: backendAliases,
        optional: true,
      }),
      {
        provide: classes.target,
        inject: [serviceToken, getServiceToken(name), ...aliases],
        useFactory: overriding,
      },
      rootCheck(name),
    ],
    exports: [
      ...tokensOf(name, registry),
      ...tokensOf(backendName, backendRegistry),
      ...new Set([...aliases, ...backendAliases]),
    ],
  };
}

/**
 * What a backend steers: the service, or what a test has put under one of its
 * other names.
 *
 * @internal
 */
export function overriding(
  own: unknown,
  ...others: readonly unknown[]
): unknown {
  return others.find((other) => other !== own) ?? own;
}
