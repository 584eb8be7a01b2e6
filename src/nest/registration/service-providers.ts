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

/** What modules say of a service beside what users say. */
export interface ProvidedService extends FeatureService {
  /** Left out where the registry does not exist. @default false */
  readonly optional?: boolean;
  /** Further names under which it can be injected. */
  readonly aliases?: readonly Type[];
}

/**
 * A service as modules provide it: under its token, under its name alone and its
 * other names, and with the note that has it registered.
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
  // As @SnorkyService does, for a class that has no need of it.
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
 * Says which module is missing, where Nest would name a symbol.
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
