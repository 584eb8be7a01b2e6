import type { JsonObject, JsonValue } from './json.js';

/** What is known of a command by the type of its method. */
export interface CommandType {
  /** The object that it takes. */
  readonly params: object;
  /** Whether it also runs without. */
  readonly optional: boolean;
  /** What it gives in the end, before that becomes JSON. */
  readonly result: unknown;
}

/**
 * The command that a method of the shape `(params?: object, request?) => result`
 * is; `never` for everything else: properties, methods whose parameters are
 * single values, and those that take more.
 */
export type CommandOf<Method> = 0 extends 1 & Method
  ? never
  : Exclude<Method, undefined> extends (...args: infer Args) => infer Result
    ? [ShapeOf<Required<Args>>] extends [never]
      ? never
      : {
          readonly params: ShapeOf<Required<Args>>;
          readonly optional: IsOptional<Args>;
          readonly result: ResultOf<Result>;
        }
    : never;

/** What a command without parameters takes. */
export type NoParams = Readonly<Record<string, never>>;

/** The last value of an Observable is a command's result. */
export interface ObservableLike<Value> {
  subscribe(...observer: never[]): unknown;
  forEach(next: (value: Value) => void): PromiseLike<void>;
}

/** The members by which a request is told from another second parameter. */
interface RequestLike {
  readonly callId: JsonValue | undefined;
  reply(data?: unknown): void;
  error(message?: JsonValue): void;
}

type ShapeOf<Args extends readonly unknown[]> = Args extends readonly []
  ? NoParams
  : Args extends readonly [infer Params]
    ? ParamsOf<Exclude<Params, undefined>>
    : Args extends readonly [infer Params, infer Request]
      ? [Request] extends [RequestLike | undefined]
        ? ParamsOf<Exclude<Params, undefined>>
        : never
      : never;

// Whole, not member by member of a union: `Pet | number` is no object.
type ParamsOf<Params> = unknown extends Params
  ? JsonObject
  : [Params] extends [readonly unknown[] | Function]
    ? [Params] extends [never]
      ? NoParams
      : never
    : [Params] extends [object]
      ? [KeyOf<Params>] extends [never]
        ? AnyOrNone<Params>
        : Params
      : never;

/** The keys of all members of a union. */
type KeyOf<T> = T extends unknown ? keyof T : never;

/** `object` has no keys that are known, an empty class has none. */
type AnyOrNone<Params> = number extends Params ? NoParams : JsonObject;

type IsOptional<Args extends readonly unknown[]> = Args extends readonly [
  infer Params,
  ...unknown[],
]
  ? undefined extends Params
    ? true
    : false
  : true;

type ResultOf<Result> =
  Result extends ObservableLike<infer Value> ? Value : Awaited<Result>;
