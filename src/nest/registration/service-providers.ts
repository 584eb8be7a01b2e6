import type { Provider, Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import {
  DEFAULT_REGISTRY,
  getServiceToken,
  SNORKY_BROKER,
} from '../setup/constants.js';
import { ENTRY_PROVIDER_WATERMARK } from '../setup/nest-internals.js';
import { checkCopies } from '../setup/package-copies.js';
import { ServiceRegistration } from './service-registration.js';
import { setupError } from '../setup/setup-errors.js';

/** One service of `SnorkyModule.forFeature`. */
export interface FeatureService {
  readonly service: Type;
  /** The name that clients use. */
  readonly name: string;
  /** @default `frontend`, or the only registry there is */
  readonly registry?: string;
}

/** What modules know of a service in addition. */
export interface ProvidedService extends FeatureService {
  /** Whether it is left out if the registry does not exist. @default false */
  readonly optional?: boolean;
  /** Further tokens under which it can be injected. */
  readonly aliases?: readonly Type[];
}

/**
 * The providers of a service: under its token, under its name alone, under its
 * aliases, and the note by which it is registered.
 *
 * @internal
 */
export function serviceProviders({
  service,
  name,
  registry,
  optional = false,
  aliases = [],
}: ProvidedService): Provider[] {
  const [own, ...names] = tokensOf(name, registry) as [string, ...string[]];
  const others = [...names, ...new Set(aliases)];
  // As `@SnorkyService` does; this class need not have that decorator.
  Reflect.defineMetadata(ENTRY_PROVIDER_WATERMARK, true, service);
  return [
    { provide: own, useClass: service },
    ...others.map((provide) => ({ provide, useExisting: own })),
    {
      provide: Symbol(`snorky:registration:${own}`),
      useValue: new ServiceRegistration({
        token: own,
        aliases: others,
        service,
        name,
        registry,
        optional,
      }),
    },
  ];
}

/** @internal The tokens under which modules provide a service. */
export function tokensOf(
  name: string,
  registry: string = DEFAULT_REGISTRY,
): string[] {
  return [getServiceToken(name, registry), getServiceToken(name)];
}

/**
 * Throws an error that names the missing module. Nest would name a symbol.
 *
 * @internal
 */
export function rootCheck(name: string): Provider {
  return {
    provide: Symbol(`snorky:root-check:${name}`),
    inject: [ModulesContainer, { token: SNORKY_BROKER, optional: true }],
    useFactory: (modules: ModulesContainer, broker?: unknown): boolean => {
      if (broker === undefined) {
        checkCopies(modules);
        throw setupError('SNORKY_ROOT_MISSING', name);
      }
      return true;
    },
  };
}
