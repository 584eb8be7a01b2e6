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
  readonly name: string;
  /** The service for trusted servers, where there is one. */
  readonly backend?: {
    readonly service: Type<Backend>;
    /** Under which it injects the service that it steers. */
    readonly target: symbol;
  };
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
  } = options;
  Reflect.defineMetadata(BUNDLED_METADATA, true, classes.service);
  const aliases = [classes.service, service];
  const backend = bundledBackend(classes, options, name, {
    registry,
    aliases,
  });
  return {
    providers: [
      ...serviceProviders({ service, name, registry, aliases }),
      ...backend.providers,
      rootCheck(name),
    ],
    exports: [
      ...tokensOf(name, registry),
      ...new Set(aliases),
      ...backend.exports,
    ],
  };
}

function bundledBackend<Service, Backend>(
  { backend: own }: BundledClasses<Service, Backend>,
  { backend = {} }: BundledServiceOptions<Service, Backend>,
  steered: string,
  { registry, aliases }: { registry: string; aliases: readonly Type[] },
): Required<Pick<DynamicModule, 'providers' | 'exports'>> {
  if (own === undefined) return { providers: [], exports: [] };
  Reflect.defineMetadata(BUNDLED_METADATA, true, own.service);
  const {
    service = own.service,
    name = `${steered}_backend`,
    registry: place = DEFAULT_BACKEND_REGISTRY,
  } = backend;
  const names = [own.service, service];
  const [token] = tokensOf(steered, registry) as [string];
  return {
    providers: [
      ...serviceProviders({
        service,
        name,
        registry: place,
        aliases: names,
        optional: true,
      }),
      {
        provide: own.target,
        inject: [token, getServiceToken(steered), ...aliases],
        useFactory: overriding,
      },
    ],
    exports: [...tokensOf(name, place), ...new Set(names)],
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
