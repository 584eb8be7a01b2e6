import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { setupError } from '../setup/setup-errors.js';
import type { BoundEnhancers } from './bound-enhancers.js';
import {
  declaredEnhancers,
  ownMetadataOf,
  type EnhancedClass,
  type MethodEnhancer,
} from './declared-enhancers.js';
import {
  ENHANCER_KINDS,
  KINDS,
  nameOf,
  type EnhancerKind,
} from './enhancer-kinds.js';

/** The messages about enhancers that would never run. */
export interface UnboundReasons {
  /** For an enhancer on the class. */
  readonly onClass: string;
  /** For an enhancer on a method that clients cannot call. */
  readonly onMethod: string;
  /** Methods that only Snorky calls. */
  readonly called: readonly (string | symbol)[];
}

/**
 * Stops the start when an enhancer is declared anywhere on a class but was not
 * bound, for whatever reason. Its author would think that it guards something.
 *
 * @param bound The enhancers that run around the methods that are called from
 *   outside.
 */
export function checkAllBound(
  classRef: EnhancedClass,
  bound: ReadonlyMap<string | symbol, BoundEnhancers>,
  reasons: UnboundReasons,
): void {
  const { onClass, onMethods } = declaredEnhancers(classRef);
  for (const { kind, enhancer } of onClass) {
    const runs = [...bound.values()].every((one) =>
      one.has(kind, enhancer, false),
    );
    if (bound.size === 0 || !runs) {
      throw unbound(classRef.name, kind, enhancer, reasons.onClass);
    }
  }
  for (const one of onMethods) {
    const around = bound.get(one.method);
    if (around === undefined) {
      if (!reasons.called.includes(one.method) && isOthers(one.on)) continue;
      const who = `${classRef.name}.${String(one.method)}()`;
      throw unbound(who, one.kind, one.enhancer, reasons.onMethod);
    }
    checkMethod(classRef, one, around);
  }
}

function checkMethod(
  classRef: EnhancedClass,
  { kind, enhancer, method, on, parameter }: MethodEnhancer,
  around: BoundEnhancers,
): void {
  if (around.has(kind, enhancer, parameter)) return;
  const effective: unknown = Reflect.get(classRef.prototype, method);
  const who = `${classRef.name}.${String(method)}()`;
  if (effective !== on) {
    // An override declares its parameters anew. It must also declare what runs
    // around it, even if that is nothing.
    if (parameter) return;
    if (ownMetadataOf(kind, effective as object) !== undefined) return;
    const { decorator } = ENHANCER_KINDS[kind];
    throw setupError('SNORKY_OVERRIDE_DROPS', who, decorator, nameOf(enhancer));
  }
  throw unbound(
    who,
    kind,
    enhancer,
    'it was lost. Decorate the method, or the class, itself.',
  );
}

/**
 * Stops the start when a global enhancer is provided but is not among those
 * that the application runs.
 */
export function checkGlobalsBound(
  config: ApplicationConfig,
  modules: ModulesContainer,
): void {
  for (const { providers, injectables } of modules.values()) {
    for (const wrapper of [...providers.values(), ...injectables.values()]) {
      const kind = KINDS.find((one) => isGlobal(one, wrapper.token));
      if (kind === undefined) continue;
      const { globals, scopedGlobals, token } = ENHANCER_KINDS[kind];
      if (scopedGlobals(config).includes(wrapper)) continue;
      const instance: unknown = wrapper.instance;
      // A factory may decide that there is no enhancer.
      if (instance === null || instance === undefined) continue;
      if (globals(config).includes(instance)) continue;
      throw setupError('SNORKY_GLOBAL_UNBOUND', token, nameOf(instance));
    }
  }
}

/**
 * Whether a token is that of global enhancers. Nest adds a suffix to each,
 * since there may be many of one kind.
 */
function isGlobal(kind: EnhancerKind, token: unknown): boolean {
  return (
    typeof token === 'string' &&
    token.startsWith(`${ENHANCER_KINDS[kind].token} (`)
  );
}

/**
 * Whether another library calls the method and runs its enhancers: the method
 * has metadata of that library, such as that of a message handler.
 */
function isOthers(method: object): boolean {
  const known = new Set<unknown>(
    KINDS.map((kind) => ENHANCER_KINDS[kind].metadata),
  );
  return Reflect.getOwnMetadataKeys(method).some(
    (key) => !known.has(key) && !String(key).startsWith('design:'),
  );
}

function unbound(
  who: string,
  kind: EnhancerKind,
  enhancer: unknown,
  why: string,
): Error {
  return setupError(
    'SNORKY_ENHANCER_UNBOUND',
    who,
    kind,
    nameOf(enhancer),
    why,
  );
}
