import type {
  ApplicationConfig,
  ContextId,
  ExternalContextCreator,
} from '@nestjs/core';
import {
  applicationConfigOf,
  madeFor,
  type InstanceWrapper,
} from '../setup/nest-internals.js';
import { setupError } from '../setup/setup-errors.js';
import {
  BoundEnhancers,
  type BoundEnhancer,
  type EnhancersByKind,
} from './bound-enhancers.js';
import type { EnhancedClass } from './declared-enhancers.js';
import {
  ENHANCER_KINDS,
  nameOf,
  type EnhancerKind,
  type EnhancerTypes,
} from './enhancer-kinds.js';

/** A provider whose methods run with enhancers. */
export interface EnhancedProvider {
  readonly wrapper: InstanceWrapper;
  readonly classRef: EnhancedClass;
}

/** Which enhancers apply besides those on the class and the method. */
export interface BindOptions {
  /** Which of the application's global enhancers apply. */
  readonly globals: 'all' | 'guards' | 'none';
  /**
   * The pipes of single parameters, by index. Without it, no pipes run at all.
   */
  readonly pipes?: ReadonlyMap<number, readonly unknown[]>;
}

/**
 * Finds the instances of guards, interceptors, pipes and filters in the module
 * of the provider. Nest has its own way for handlers that are not routes: it
 * looks for the module by the provider's class, and on some versions silently
 * leaves out all enhancers that it does not find there.
 */
export class EnhancerBinder {
  private config: ApplicationConfig | undefined;

  /**
   * @param injected Nest's own creator of handlers, which knows the global
   *   enhancers.
   */
  constructor(private readonly injected: ExternalContextCreator) {}

  /**
   * Binds the enhancers that apply to a method: the global ones, those of the
   * class and those of the method.
   *
   * @throws SnorkySetupError when one of them cannot run.
   */
  bind(
    provider: EnhancedProvider,
    method: object,
    { globals, pipes }: BindOptions,
  ): BoundEnhancers {
    const all = <Kind extends EnhancerKind>(kind: Kind) => [
      ...(globals === 'all' || (globals === 'guards' && kind === 'guard')
        ? this.globalsOf(kind, provider)
        : []),
      ...this.declared(kind, provider.classRef, provider),
      ...this.declared(kind, method, provider),
    ];
    const byKind: EnhancersByKind = {
      guard: all('guard'),
      interceptor: all('interceptor'),
      pipe: pipes === undefined ? [] : all('pipe'),
      filter: all('filter'),
    };
    const byParameter = new Map<number, BoundEnhancer<'pipe'>[]>();
    for (const [index, list] of pipes ?? []) {
      const given = list.filter(isGiven);
      if (given.length === 0) continue;
      byParameter.set(
        index,
        given.map((one) => this.bound('pipe', one, provider)),
      );
    }
    const bound = new BoundEnhancers(byKind, byParameter);
    // A provider that is made once exists already: a missing enhancer stops the
    // start.
    if (provider.wrapper.isDependencyTreeStatic()) bound.in(undefined);
    return bound;
  }

  private declared<Kind extends EnhancerKind>(
    kind: Kind,
    target: object,
    provider: EnhancedProvider,
  ): BoundEnhancer<Kind>[] {
    const { metadata } = ENHANCER_KINDS[kind];
    const list = (Reflect.getMetadata(metadata, target) ?? []) as unknown[];
    return list.filter(isGiven).map((one) => this.bound(kind, one, provider));
  }

  private globalsOf<Kind extends EnhancerKind>(
    kind: Kind,
    provider: EnhancedProvider,
  ): BoundEnhancer<Kind>[] {
    const { globals, scopedGlobals } = ENHANCER_KINDS[kind];
    const config = (this.config ??= applicationConfigOf(this.injected));
    return [
      ...globals(config)
        .filter(isGiven)
        .map((one) => instanceOf(kind, one, provider)),
      ...scopedGlobals(config).map((wrapper) =>
        madeBy(kind, wrapper.metatype ?? wrapper.token, wrapper, provider),
      ),
    ];
  }

  private bound<Kind extends EnhancerKind>(
    kind: Kind,
    declared: unknown,
    provider: EnhancedProvider,
  ): BoundEnhancer<Kind> {
    if (typeof declared !== 'function') {
      return instanceOf(kind, declared, provider);
    }
    const { host } = provider.wrapper;
    // Nest makes instances of enhancers for classes that it makes itself. For
    // other classes, a provider of the module is used.
    type Token = Parameters<NonNullable<typeof host>['hasProvider']>[0];
    const token = declared as unknown as Token;
    const wrapper =
      host?.injectables.get(token) ?? standIn(host?.providers.get(token));
    if (wrapper === undefined) {
      throw unbound(kind, declared, provider, 'missing');
    }
    return madeBy(kind, declared, wrapper, provider);
  }
}

/** Whether a factory gave an enhancer: it may want none, and give null. */
function isGiven(one: unknown): boolean {
  return one !== null && one !== undefined;
}

/** A provider with a single instance, which must exist already. */
function standIn(
  wrapper: InstanceWrapper | undefined,
): InstanceWrapper | undefined {
  return wrapper?.isDependencyTreeStatic() === true && !wrapper.isTransient
    ? wrapper
    : undefined;
}

/** An enhancer that was given as an instance. */
function instanceOf<Kind extends EnhancerKind>(
  kind: Kind,
  declared: unknown,
  provider: EnhancedProvider,
): BoundEnhancer<Kind> {
  if (!isOne(kind, declared))
    throw unbound(kind, declared, provider, 'useless');
  return { declared, instance: () => declared };
}

/**
 * An enhancer of which the container has an instance, or makes one for each
 * request.
 */
function madeBy<Kind extends EnhancerKind>(
  kind: Kind,
  declared: unknown,
  wrapper: InstanceWrapper,
  provider: EnhancedProvider,
): BoundEnhancer<Kind> {
  return {
    declared,
    instance(contextId: ContextId | undefined) {
      const made = madeFor(wrapper, provider.wrapper.id, contextId);
      if (!made.isResolved) throw unbound(kind, declared, provider, 'unmade');
      if (isOne(kind, made.instance)) return made.instance;
      // A class whose static method makes it an enhancer itself, as Nest has
      // it.
      if (isOne(kind, declared)) return declared;
      throw unbound(kind, declared, provider, 'useless');
    },
  };
}

function isOne<Kind extends EnhancerKind>(
  kind: Kind,
  value: unknown,
): value is EnhancerTypes[Kind] {
  return (
    ((typeof value === 'object' && value !== null) ||
      typeof value === 'function') &&
    typeof Reflect.get(value, ENHANCER_KINDS[kind].method) === 'function'
  );
}

function unbound(
  kind: EnhancerKind,
  enhancer: unknown,
  { classRef, wrapper }: EnhancedProvider,
  why: 'missing' | 'unmade' | 'useless',
): Error {
  const { decorator, method } = ENHANCER_KINDS[kind];
  const name = nameOf(enhancer);
  const module = wrapper.host?.name ?? 'its module';
  const reason = {
    missing:
      `${module} has made none. Nest makes them for classes under \`providers\`, ` +
      'not for what a factory or `useValue` gives. List ' +
      `${name} under the providers of ${module} (a singleton), or give ` +
      `${decorator} an instance.`,
    unmade:
      'it is not made for this class. Make it a singleton (Scope.DEFAULT) ' +
      'which injects nothing request-scoped.',
    useless: `it has no method ${method}(). Give one that has.`,
  }[why];
  return setupError(
    'SNORKY_ENHANCER_UNBOUND',
    classRef.name,
    kind,
    name,
    reason,
  );
}
