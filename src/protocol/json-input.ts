import type { JsonValue } from './json.js';

/**
 * What an application may give where JSON goes out: JSON, and what becomes JSON -
 * interfaces, instances of classes, a `Date`, which becomes text. Not what JSON
 * cannot express: functions, `bigint`, symbols, a `Map` or a `Set`.
 *
 * This type looks at a value, and at all members that are written out in place.
 * Members of an interface are looked at by {@link AsJson}, where there is a call.
 * What neither can see - `NaN`, a cycle, what is `any` - is refused at run time,
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
 * An interface has no index signature, so that it is no object of JSON to the
 * compiler. This takes any object but those that a symbol betrays: functions,
 * collections, promises, buffers and expressions. A member that every object has
 * makes it a type of its own; with optional ones alone it would take nothing else.
 */
interface PlainObject {
  valueOf(): unknown;
  readonly [Symbol.hasInstance]?: never;
  readonly [Symbol.iterator]?: never;
  readonly [Symbol.toStringTag]?: never;
  readonly [Symbol.match]?: never;
}

/**
 * A value for JSON, looked at to the last member of its type: what cannot be
 * expressed has to be {@link NotJson}, which nothing is, so that the compiler
 * tells its name.
 */
export type AsJson<T> = T & Checked<T, 'it'>;

declare const notJson: unique symbol;

/** Nothing is this. Its text says which member of a value is what. */
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

// What is JSON already is not walked through: it may have no end.
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

/** Objects that keep what they hold where JSON does not look. */
type Hollow =
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | WeakMap<WeakKey, unknown>
  | WeakSet<WeakKey>
  | PromiseLike<unknown>
  | RegExp
  | ArrayBufferLike
  | ArrayBufferView;
