import type { JsonObject, JsonValue } from './json.js';

/**
 * What the receiver gets of a value that travels as JSON.
 *
 * - An object with `toJSON` becomes the result of that: a `Date` becomes a
 *   string.
 * - Other objects keep their properties, and lose their methods and symbols. A
 *   property that may be `undefined` becomes optional. Nothing remains of a
 *   `Map` or a `Set`.
 * - In lists, and as a whole result, `undefined` becomes `null`.
 * - `unknown` and `any` become `JsonValue`.
 * - What JSON refuses is `never`: a `bigint`, or a function as the whole value.
 *
 * Types do not tell everything. `NaN`, `Infinity` and an invalid `Date` become
 * `null`. Accessors of a class are lost although they look like properties, and
 * so is the message of an `Error`. Types also hide what is private, but JSON
 * writes it: give a class with secrets a `toJSON`.
 *
 * @example
 * interface Task { id: number; due: Date; tags?: string[]; isDue(): boolean }
 * type Received = Jsonify<Task>; // { id: number; due: string; tags?: string[] }
 */
export type Jsonify<T> = [JsonValue] extends [T] ? JsonValue : Converted<T>;

// `toJSON` is called only once: a `toJSON` of its result is not.
type Converted<T> = T extends { toJSON(key: string): infer Instead }
  ? [JsonValue] extends [Instead]
    ? JsonValue
    : Written<Instead>
  : Written<T>;

// A branded number or string also looks like an object, so it is tested first.
type Written<T> = T extends null | boolean | number | string
  ? T
  : T extends undefined | void
    ? null
    : T extends bigint | Unwritten
      ? never
      : T extends readonly unknown[]
        ? List<T>
        : T extends TypedArray
          ? { readonly [index: string]: number }
          : T extends Hollow
            ? {}
            : Same<T, JsonObject> extends true
              ? T
              : Members<T>;

/** What `JSON.stringify` leaves out. */
type Unwritten = undefined | void | symbol | Function;

/** Objects that keep their content where JSON does not look. */
type Hollow =
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | WeakMap<WeakKey, unknown>
  | WeakSet<WeakKey>
  | Promise<unknown>
  | RegExp
  | ArrayBuffer;

interface TypedArray {
  readonly BYTES_PER_ELEMENT: number;
  readonly byteOffset: number;
  readonly [index: number]: number;
}

// The compiler expands the elements of a tuple at once, and those of an array
// only when it needs them. So a tuple that contains itself, as filters do, is
// left as it is: its expansion would not end.
type List<T extends readonly unknown[]> = T extends readonly []
  ? T
  : '0' extends keyof T
    ? T extends readonly Plain[]
      ? T
      : { [I in keyof T]: Element<T[I]> }
    : T extends unknown[]
      ? Element<T[number]>[]
      : readonly Element<T[number]>[];

type Plain =
  | null
  | boolean
  | number
  | string
  | readonly Plain[]
  | { readonly [key: string]: Plain };

type Element<T> = [JsonValue] extends [T]
  ? JsonValue
  : T extends Unwritten
    ? null
    : Converted<T>;

type Members<T> = {
  [K in keyof T as Presence<K, T[K]> extends 'always' ? K : never]: Jsonify<
    Exclude<T[K], Unwritten>
  >;
} & {
  [K in keyof T as Presence<K, T[K]> extends 'maybe' ? K : never]?: Jsonify<
    Exclude<T[K], Unwritten>
  >;
} extends infer Both
  ? // As one object, so that the compiler shows it as one.
    { [K in keyof Both]: Both[K] }
  : never;

/** Whether the property is still there after its object was JSON. */
type Presence<K, V> = K extends symbol
  ? 'never'
  : unknown extends V
    ? 'maybe'
    : [Extract<V, Unwritten>] extends [never]
      ? 'always'
      : [Exclude<V, Unwritten>] extends [never]
        ? 'never'
        : 'maybe';

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
