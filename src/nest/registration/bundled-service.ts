import type { DynamicModule, Type } from '@nestjs/common';
import {
  BUNDLED_METADATA,
  DEFAULT_BACKEND_REGISTRY,
  DEFAULT_REGISTRY,
  getServiceToken,
} from '../setup/constants.js';
import { rootCheck, serviceProviders, tokensOf } from './service-providers.js';

/** The options of a bundled service's module. */
export interface BundledServiceOptions<Service, Backend> {
  /** A subclass with policies of its own. @default the module's own */
  readonly service?: Type<Service>;
  /** @default the module's own */
  readonly name?: string;
  /** @default 'frontend' */
  readonly registry?: string;
  /**
   * The service for trusted servers. It is left out if its registry does not
   * exist.
   */
  readonly backend?: {
    /** A subclass. @default the module's own */
    readonly service?: Type<Backend>;
    /** @default the service's name and `_backend` */
    readonly name?: string;
    /** @default 'backend' */
    readonly registry?: string;
  };
}

/** The classes of a bundled service's module. */
export interface BundledClasses<Service, Backend> {
  readonly service: Type<Service>;
  readonly name: string;
  /** The service for trusted servers, where there is one. */
  readonly backend?: {
    readonly service: Type<Backend>;
    /** The token under which the backend injects its service. */
    readonly target: symbol;
  };
}

/**
 * A service and its backend, as their module provides them. Both are
 * registered. They can be injected by name, by their class, and by the class
 * that this one extends.
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
 * The service of a backend: the original, or what a test has put under one of
 * its other tokens.
 *
 * @internal
 */
export function overriding(
  own: unknown,
  ...others: readonly unknown[]
): unknown {
  return others.find((other) => other !== own) ?? own;
}
