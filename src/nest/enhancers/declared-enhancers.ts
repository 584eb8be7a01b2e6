import { ROUTE_ARGS_METADATA } from '../setup/nest-internals.js';
import { ENHANCER_KINDS, KINDS, type EnhancerKind } from './enhancer-kinds.js';

/** A class that is searched for enhancers. */
export interface EnhancedClass {
  readonly name: string;
  readonly prototype: object;
}

/** One enhancer that a decorator declares. */
export interface DeclaredEnhancer {
  readonly kind: EnhancerKind;
  /** An instance, or a class of which the container makes an instance. */
  readonly enhancer: unknown;
}

/** An enhancer that is declared on a method, or on one of its parameters. */
export interface MethodEnhancer extends DeclaredEnhancer {
  readonly method: string | symbol;
  /**
   * The function that is decorated. An overriding method is another function.
   */
  readonly on: object;
  readonly parameter: boolean;
}

/**
 * All enhancers that decorators declare on a class, its ancestors, their
 * methods and parameters, whether or not they apply. Each declaration is asked
 * for its own metadata. Binding asks once for what applies. So neither can hide
 * a mistake of the other.
 */
export function declaredEnhancers(classRef: EnhancedClass): {
  readonly onClass: readonly DeclaredEnhancer[];
  readonly onMethods: readonly MethodEnhancer[];
} {
  const onClass: DeclaredEnhancer[] = [];
  const onMethods: MethodEnhancer[] = [];
  const prototypes = [...chainOf(classRef.prototype, Object.prototype)];
  // A decorator may have replaced the class that was decorated before. The
  // replaced class is the constructor of the prototype.
  const classes = new Set<object>([
    ...chainOf(classRef, Function.prototype),
    ...prototypes.map(({ constructor }) => constructor),
  ]);
  for (const one of classes) {
    for (const kind of KINDS) {
      for (const enhancer of ownEnhancers(kind, one)) {
        onClass.push({ kind, enhancer });
      }
    }
  }
  for (const prototype of prototypes) {
    for (const method of Reflect.ownKeys(prototype)) {
      const on = methodOf(prototype, method);
      if (on === undefined) continue;
      for (const kind of KINDS) {
        for (const enhancer of ownEnhancers(kind, on)) {
          onMethods.push({ kind, enhancer, method, on, parameter: false });
        }
      }
      for (const enhancer of ownParameterPipes(classes, method)) {
        onMethods.push({ kind: 'pipe', enhancer, method, on, parameter: true });
      }
    }
  }
  return { onClass, onMethods };
}

/** What is declared on a class or method itself; undefined if nothing is. */
export function ownMetadataOf(kind: EnhancerKind, target: object): unknown {
  return Reflect.getOwnMetadata(ENHANCER_KINDS[kind].metadata, target);
}

/** A method of a prototype's own. */
export function methodOf(
  prototype: object,
  method: string | symbol,
): object | undefined {
  if (method === 'constructor') return undefined;
  const value: unknown = Object.getOwnPropertyDescriptor(
    prototype,
    method,
  )?.value;
  return typeof value === 'function' ? value : undefined;
}

function ownEnhancers(kind: EnhancerKind, target: object): readonly unknown[] {
  const own: unknown = ownMetadataOf(kind, target);
  return Array.isArray(own) ? own.filter(isGiven) : [];
}

function* ownParameterPipes(
  classes: ReadonlySet<object>,
  method: string | symbol,
): Iterable<unknown> {
  for (const one of classes) {
    const own: unknown = Reflect.getOwnMetadata(
      ROUTE_ARGS_METADATA,
      one,
      method,
    );
    if (typeof own !== 'object' || own === null) continue;
    for (const parameter of Object.values(own) as { pipes?: unknown }[]) {
      if (Array.isArray(parameter.pipes))
        yield* parameter.pipes.filter(isGiven);
    }
  }
}

function isGiven(one: unknown): boolean {
  return one !== null && one !== undefined;
}

function* chainOf(from: object, end: object): Iterable<object> {
  let current: object | null = from;
  while (current !== null && current !== end) {
    yield current;
    current = Object.getPrototypeOf(current) as object | null;
  }
}
