/**
 * What Snorky uses of Nest beyond its documentation, and why. Nothing private
 * is imported: if a later Nest lacked the name, the process would end while it
 * loads, before any message could say so. Metadata keys are read off the public
 * decorators that set them. The rest is looked for on objects that Nest hands
 * out, and the start stops where it is not found.
 */
import {
  Catch,
  createParamDecorator,
  Get,
  Inject,
  Next,
  RequestMethod,
  Res,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import {
  ApplicationConfig,
  type ContextId,
  type DiscoveryService,
  type ExternalContextCreator,
} from '@nestjs/core';
import { setupError } from './setup-errors.js';

/** What the container knows of a provider. */
export type InstanceWrapper = ReturnType<
  DiscoveryService['getProviders']
>[number];

/**
 * Whether a provider is an alias of another token (`useExisting`). Before Nest
 * 12.5, its own mark stays even if a test puts something else under the token.
 * There, only a factory of the test that injects one provider is taken for an
 * alias.
 */
export function isAlias({ isAlias: marked, inject }: InstanceWrapper): boolean {
  return marked === true && inject?.length === 1;
}

/** The keys of enhancers' metadata on classes and methods, by kind. */
export const GUARDS_METADATA = onClass(UseGuards({ canActivate: () => true }));
export const INTERCEPTORS_METADATA = onClass(
  UseInterceptors({ intercept: (_context, next) => next.handle() }),
);
export const PIPES_METADATA = onClass(
  UsePipes({ transform: (value: unknown) => value }),
);
export const FILTERS_METADATA = onClass(UseFilters({ catch: () => undefined }));

/** Metadata on filters: the classes of exceptions that one catches. */
export const CATCH_METADATA = onClass(Catch(Error), Array.isArray);

/** Metadata on routes: their HTTP method. */
export const METHOD_METADATA = onMethod(
  Get(),
  (value) => value === RequestMethod.GET,
);

/** Metadata on a class, by method: its decorated parameters. */
export const ROUTE_ARGS_METADATA = onParameters(
  createParamDecorator(() => undefined)() as ParameterDecorator,
);

/**
 * Added by `@Res({ passthrough: true })`, by method: Nest answers all the same.
 */
const PASSTHROUGH_METADATA = onParameters(
  Res({ passthrough: true }),
  (value) => value === true,
);

/**
 * The prefixes of keys for parameters with which the method answers by itself.
 */
const ANSWERING = [Res(), Next()].map((decorate) => {
  class Probe {}
  decorate(Probe.prototype, 'probe', 0);
  const [key = ''] = Object.keys(
    Reflect.getMetadata(ROUTE_ARGS_METADATA, Probe, 'probe') as object,
  );
  return key.slice(0, key.indexOf(':') + 1);
});

/** Whether the method of a route answers by itself, so that Nest does not. */
export function answersItself(target: object, key: string | symbol): boolean {
  const classRef = target.constructor;
  if (Reflect.getMetadata(PASSTHROUGH_METADATA, classRef, key) === true) {
    return false;
  }
  const parameters = Object.keys(
    (Reflect.getMetadata(ROUTE_ARGS_METADATA, classRef, key) ?? {}) as object,
  );
  return parameters.some((one) => ANSWERING.some((way) => one.startsWith(way)));
}

/**
 * Metadata on classes: the tokens that `@Inject()` gives for the constructor.
 */
export const SELF_DECLARED_DEPS_METADATA = onClass((target) => {
  Inject('probe')(target, undefined, 0);
});

/** Metadata on classes: the tokens that `@Inject()` gives for properties. */
export const PROPERTY_DEPS_METADATA = onClass((target) => {
  Inject('probe')(target.prototype as object, 'probe');
});

/**
 * Marks a provider as an entry from outside: Nest makes request-scoped global
 * enhancers only for those. No public decorator sets the key. If a later Nest
 * renames it, the enhancers are not made, which stops the start.
 */
export const ENTRY_PROVIDER_WATERMARK = '__entryProvider__';

/**
 * The application's configuration, which holds its global enhancers. It cannot
 * be injected. Nest's creator of handlers can be, and holds it in some member.
 *
 * @throws SnorkySetupError when it is not found: global guards would not be
 *   seen.
 */
export function applicationConfigOf(
  injected: ExternalContextCreator,
): ApplicationConfig {
  for (const member of Object.values(injected) as unknown[]) {
    if (member instanceof ApplicationConfig) return member;
    if (typeof member !== 'object' || member === null) continue;
    for (const inner of Object.values(member) as unknown[]) {
      if (inner instanceof ApplicationConfig) return inner;
    }
  }
  throw setupError(
    'SNORKY_NEST_UNKNOWN',
    'its global guards, pipes and filters',
  );
}

/** What a wrapper holds for one context. */
export interface Made {
  readonly instance: unknown;
  /** If false, the instance is a placeholder whose constructor never ran. */
  readonly isResolved?: boolean;
}

/**
 * The instance of a provider, or an enhancer, in a context.
 *
 * @param inquirerId The id of the wrapper that it was made for: a transient
 *   provider has another instance for each.
 * @param contextId The context of a request; without it, that of providers made
 *   once.
 */
export function madeFor(
  wrapper: InstanceWrapper,
  inquirerId: string,
  contextId: ContextId = staticContextOf(wrapper),
): Made {
  return wrapper.getInstanceByContextId(contextId, inquirerId);
}

let staticContext: ContextId | undefined;

/**
 * The context of providers that are made once. It has no public name, but the
 * wrapper's own getter `instance` asks for it.
 */
function staticContextOf(wrapper: InstanceWrapper): ContextId {
  if (staticContext === undefined) {
    Reflect.get(Object.getPrototypeOf(wrapper) as object, 'instance', {
      getInstanceByContextId(contextId: ContextId): object {
        staticContext = contextId;
        return {};
      },
    });
  }
  if (staticContext === undefined) {
    throw setupError('SNORKY_NEST_UNKNOWN', 'the instances of providers');
  }
  return staticContext;
}

type ClassProbe = new () => object;

/** The key that a decorator sets on a class. */
function onClass(
  decorate: (target: ClassProbe) => unknown,
  matches: (value: unknown) => boolean = () => true,
): string {
  class Probe {}
  decorate(Probe);
  return keyOn(Probe, undefined, matches);
}

/** The key that a decorator sets on a method. */
function onMethod(
  decorate: MethodDecorator,
  matches: (value: unknown) => boolean,
): string {
  const value = (): void => {};
  decorate({}, 'probe', { value });
  return keyOn(value, undefined, matches);
}

/** The key that a decorator of parameters sets on a class, for a method. */
function onParameters(
  decorate: ParameterDecorator,
  matches: (value: unknown) => boolean = () => true,
): string {
  class Probe {}
  decorate(Probe.prototype, 'probe', 0);
  return keyOn(Probe, 'probe', matches);
}

function keyOn(
  target: object,
  property: string | undefined,
  matches: (value: unknown) => boolean,
): string {
  const own = (key: unknown): unknown =>
    property === undefined
      ? Reflect.getOwnMetadata(key, target)
      : Reflect.getOwnMetadata(key, target, property);
  const keys: unknown[] =
    property === undefined
      ? Reflect.getOwnMetadataKeys(target)
      : Reflect.getOwnMetadataKeys(target, property);
  const key = keys.find((one) => matches(own(one)));
  if (typeof key === 'string') return key;
  throw setupError('SNORKY_NEST_UNKNOWN', 'what its decorators record');
}
