import type { JsonValue } from './json.js';

/**
 * What an application may give where JSON is sent: JSON, and values that become
 * JSON, such as interfaces, instances of classes, and a `Date`, which becomes
 * text. Not what JSON cannot express: functions, `bigint`, symbols, a `Map` or
 * a `Set`.
 *
 * This type checks a value and all members that are written out in place.
 * Members of an interface are checked by {@link AsJson}, at a call. Neither
 * sees `NaN`, a cycle or a value of type `any`: those are refused at run time
 * with a `NotJsonError`.
 */
export type JsonInput =
  | null
  | boolean
  | number
  | string
  | readonly JsonInput[]
  | { readonly [key: string]: JsonInput | undefined }
  | { toJSON(key: string): unknown }
  | PlainObject;

/**
 * An interface has no index signature, so the compiler does not take it for an
 * object of JSON. This type takes any object, except those with members that
 * give them away: functions, collections, promises, buffers and expressions.
 * `valueOf`, which every object has, keeps it from being a weak type; with
 * optional members alone it would accept nothing else.
 */
interface PlainObject {
  valueOf(): unknown;
  readonly [Symbol.hasInstance]?: never;
  readonly [Symbol.iterator]?: never;
  readonly [Symbol.toStringTag]?: never;
  readonly [Symbol.match]?: never;
}

/**
 * A value for JSON, checked down to the last member of its type. A member that
 * JSON cannot express must be a {@link NotJson}, which nothing is. So the
 * compiler's message names that member.
 */
export type AsJson<T> = T & Checked<T, 'it'>;

declare const notJson: unique symbol;

/**
 * Nothing has this type. Its text says which member of a value cannot be JSON,
 * and why.
 */
export interface NotJson<Why extends string> {
  readonly [notJson]: Why;
}

type Checked<T, Name extends string> = unknown extends T
  ? 0 extends 1 & T
    ? T
    : JsonInput
  : T extends undefined | void
    ? NotJson<`${Name} may be undefined`>
    : CheckedMember<T, Name>;

// A type that is JSON already is not walked through: it may be recursive
// without end.
type CheckedMember<T, Name extends string> = unknown extends T
  ? T
  : T extends JsonValue | undefined | void
    ? T
    : T extends bigint
      ? NotJson<`${Name} is a bigint`>
      : T extends symbol
        ? NotJson<`${Name} is a symbol`>
        : T extends { toJSON(key: string): unknown }
          ? T
          : T extends readonly unknown[]
            ? readonly CheckedMember<T[number], Name>[]
            : T extends AnyFunction
              ? NotJson<`${Name} is a function`>
              : T extends Hollow
                ? NotJson<`${Name} keeps what it holds from JSON`>
                : {
                    [Key in keyof T]: Key extends string | number
                      ? CheckedMember<T[Key], `${Key}`>
                      : T[Key];
                  };

type AnyFunction =
  | ((...args: never[]) => unknown)
  | (abstract new (...args: never[]) => unknown);

/** Objects that keep their content where JSON does not look. */
type Hollow =
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | WeakMap<WeakKey, unknown>
  | WeakSet<WeakKey>
  | PromiseLike<unknown>
  | RegExp
  | ArrayBufferLike
  | ArrayBufferView;
