import type { JsonObject, JsonValue } from './json.js';

/** What the type of a method says about its command. */
export interface CommandType {
  /** The type of the command's parameters: one object. */
  readonly params: object;
  /** Whether the command can be called without parameters. */
  readonly optional: boolean;
  /** The type of the result, before it becomes JSON. */
  readonly result: unknown;
}

/**
 * The command that a method of the shape
 * `(params?: object, request?) => result` declares; `never` for everything
 * else: properties, methods whose parameters are single values, and methods
 * with more parameters.
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

/** The members that tell a request from any other second parameter. */
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

// Compares the union as a whole, not member by member: `Pet | number` is no
// object.
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

/**
 * `object` has no known keys and stands for any object; an empty class has none
 * and stands for no parameters.
 */
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
