import type { JsonObject, JsonValue } from './json.js';

/**
 * What the receiver has of a value that travels as JSON.
 *
 * - An object with `toJSON` becomes what that gives: a `Date` a string.
 * - Of other objects the properties remain, methods and symbols do not, and one
 *   that may be `undefined` is optional. Of a `Map` or a `Set` nothing remains.
 * - In lists, and as a whole result, `undefined` becomes `null`.
 * - What may be anything, `unknown` or `any`, becomes `JsonValue`.
 * - What JSON refuses is `never`: a `bigint`; a function as the whole.
 *
 * Types do not tell everything: `NaN`, `Infinity` and an invalid `Date` become
 * `null`; accessors of a class are lost although they look like properties, and
 * so is the message of an `Error`. And they hide what is private, but JSON writes
 * it: give a class with secrets a `toJSON`.
 *
 * @example
 * interface Task { id: number; due: Date; tags?: string[]; isDue(): boolean }
 * type Received = Jsonify<Task>; // { id: number; due: string; tags?: string[] }
 */
export type Jsonify<T> = [JsonValue] extends [T] ? JsonValue : Converted<T>;

// `toJSON` is asked for once only: what it gives may have one again, its own.
type Converted<T> = T extends { toJSON(key: string): infer Instead }
  ? [JsonValue] extends [Instead]
    ? JsonValue
    : Written<Instead>
  : Written<T>;

// A branded number or string also looks like an object, so it goes first.
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

/** Objects that keep what they hold where JSON does not look. */
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

// The compiler looks into the elements of a tuple at once and into those of an
// array when it needs them. So a tuple that contains itself, as filters do, is
// left as it is; it would have no end.
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
  ? // As one object, which is how the compiler then shows it.
    { [K in keyof Both]: Both[K] }
  : never;

/** Whether the property is there once its object was JSON. */
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
