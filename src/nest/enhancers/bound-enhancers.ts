import type { ContextId } from '@nestjs/core';
import type { Enhancers } from './enhancer-chain.js';
import type { EnhancerKind, EnhancerTypes } from './enhancer-kinds.js';

/** One enhancer of a method, and the way to its instance. */
export interface BoundEnhancer<Kind extends EnhancerKind = EnhancerKind> {
  /** What a decorator recorded, or a global enhancer. */
  readonly declared: unknown;
  /**
   * @param contextId The context of the request, if the service is made for
   *   each.
   * @throws SnorkySetupError when there is no instance that can run.
   */
  instance(contextId: ContextId | undefined): EnhancerTypes[Kind];
}

/** Enhancers by their kind, the outermost first. */
export type EnhancersByKind = {
  readonly [Kind in EnhancerKind]: readonly BoundEnhancer<Kind>[];
};

/** Everything that runs around one method of one provider. */
export class BoundEnhancers {
  /** The enhancers of a provider that is made only once. */
  private once: Enhancers | undefined;

  constructor(
    private readonly byKind: EnhancersByKind,
    /** Pipes by the index of their parameter. */
    private readonly byParameter: ReadonlyMap<
      number,
      readonly BoundEnhancer<'pipe'>[]
    >,
  ) {}

  /** Whether nothing runs around the method. */
  get isEmpty(): boolean {
    return (
      Object.values(this.byKind).every((list) => list.length === 0) &&
      this.byParameter.size === 0
    );
  }

  /** Whether an enhancer that a decorator declares is among those that run. */
  has(kind: EnhancerKind, declared: unknown, parameter: boolean): boolean {
    const lists: readonly (readonly BoundEnhancer[])[] = parameter
      ? [...this.byParameter.values()]
      : [this.byKind[kind]];
    return lists.some((list) => list.some((one) => one.declared === declared));
  }

  /**
   * The enhancers for one context.
   *
   * @throws SnorkySetupError when one of them cannot run.
   */
  in(contextId: ContextId | undefined): Enhancers {
    if (contextId === undefined) return (this.once ??= this.make(undefined));
    return this.make(contextId);
  }

  private make(contextId: ContextId | undefined): Enhancers {
    const { guard, interceptor, pipe, filter } = this.byKind;
    const paramPipes: Enhancers['paramPipes'][number][] = [];
    for (const [index, list] of this.byParameter) {
      paramPipes[index] = list.map((one) => one.instance(contextId));
    }
    return {
      guards: guard.map((one) => one.instance(contextId)),
      interceptors: interceptor.map((one) => one.instance(contextId)),
      pipes: pipe.map((one) => one.instance(contextId)),
      paramPipes,
      filters: filter.map((one) => one.instance(contextId)),
    };
  }
}
