import type { JsonValue } from '../protocol/json.js';
import { MAX_NESTING } from '../protocol/limits.js';
import type { ClassRules } from './class-rules.js';
import { isInstance } from './is-instance.js';
import { disown } from './promise-like.js';

/** What of a value JSON cannot express. */
export type NotJsonKind =
  | 'bigint'
  | 'function'
  | 'symbol'
  /** `NaN`, `Infinity`, or an invalid `Date`. */
  | 'number'
  | 'promise'
  | 'collection'
  /** An instance of which nothing would be left. */
  | 'empty'
  | 'undefined'
  | 'cycle'
  | 'depth'
  /** A getter, a proxy or a `toJSON` throws. */
  | 'unreadable';

/**
 * A value that an application gave is none that JSON can express. Nothing was
 * done with it.
 */
export class NotJsonError extends TypeError {
  readonly code = 'SNORKY_NOT_JSON';

  constructor(
    /**
     * Which part of it: `identity.roles[2]`, or `identity.sessions[...].id` where
     * a key is none that a program would call a member. At most 200 characters.
     */
    readonly path: string,
    readonly kind: NotJsonKind,
    /** What is there, and what to do. */
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`JSON cannot express ${path}: ${problem}.`, options);
    this.name = 'NotJsonError';
  }
}

/**
 * The door for values that are kept - identities, rows, queries, channels, keys:
 * a copy as JSON would have it, frozen at every level, so that nobody's later
 * change of an object reaches what was indexed by it.
 *
 * `toJSON` is asked, so that a `Date` becomes a text; members that are undefined
 * are left out, and in lists they become null. Where JSON would be silent and lose
 * what is there - `NaN`, functions, a `Map`, an instance that would become `{}` -
 * this refuses: two users, or two rows, would become one.
 *
 * @param name How the error calls the value.
 * @param rules What classes say about it comes first, where it is for others.
 * @throws NotJsonError naming the part that cannot be.
 */
export function frozenJson(
  value: unknown,
  name: string,
  rules?: ClassRules,
): JsonValue {
  // Most are a number or a text.
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (value === null) return null;
  const path: (string | number)[] = [];
  try {
    const copy = new Copying(path, rules).copy(value, '');
    if (copy === undefined) throw new Refusal('undefined', missing(value));
    return copy;
  } catch (error) {
    const at = pathText(name, path);
    // Whatever else was thrown comes from code of the value: a getter, a trap.
    throw isInstance(error, Refusal)
      ? new NotJsonError(at, error.kind, error.message)
      : new NotJsonError(at, 'unreadable', 'it throws when it is read', {
          cause: error,
        });
  }
}

/**
 * Freezes JSON that is nobody else's, as it came over a wire, instead of a copy. Its
 * nesting is bounded already.
 */
export function freezeJson(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) {
    return value;
  }
  for (const member of Object.values(value)) freezeJson(member as JsonValue);
  return Object.freeze(value);
}

/** A copy of JSON for others to change. Its nesting is bounded already. */
export function thawed<T extends JsonValue>(value: T): T;
export function thawed(value: JsonValue | undefined): JsonValue | undefined {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: JsonValue) => thawed(item));
  const copy: Record<string, JsonValue> = {};
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) put(copy, key, thawed(member as JsonValue));
  }
  return copy;
}

/** One copying; `path` leads to where it is, and where it failed. */
class Copying {
  private readonly above = new Set<object>();

  constructor(
    private readonly path: (string | number)[],
    private readonly rules: ClassRules | undefined,
  ) {}

  /** Undefined: there is no value. */
  copy(given: unknown, key: string): JsonValue | undefined {
    const value = unboxed(replaced(this.leaving(given), key));
    switch (typeof value) {
      case 'string':
      case 'boolean':
      case 'undefined':
        return value;
      case 'number':
        if (Number.isFinite(value)) return value === 0 ? 0 : value;
        throw new Refusal(
          'number',
          `it is ${value}. Use null, or a text, for what is no finite number`,
        );
      case 'object':
        return value === null ? null : this.copyObject(value);
      case 'bigint':
        throw new Refusal(
          'bigint',
          'it is a bigint. Give its text: String(value)',
        );
      case 'symbol':
        throw new Refusal('symbol', 'it is a symbol. Leave it out');
      case 'function':
        throw new Refusal('function', 'it is a function. Leave it out');
    }
  }

  private leaving(value: unknown): unknown {
    return this.rules === undefined ||
      typeof value !== 'object' ||
      value === null
      ? value
      : this.rules.apply(value);
  }

  private copyObject(value: object): JsonValue {
    const { above } = this;
    if (above.has(value)) {
      throw new Refusal('cycle', 'it contains itself. Leave the reference out');
    }
    if (above.size >= MAX_NESTING) {
      throw new Refusal('depth', `it nests deeper than ${MAX_NESTING} levels`);
    }
    above.add(value);
    const copy = Array.isArray(value)
      ? this.copyList(value)
      : this.copyMembers(value);
    above.delete(value);
    return Object.freeze(copy);
  }

  private copyList(list: readonly unknown[]): JsonValue[] {
    const { path } = this;
    const copy: JsonValue[] = [];
    const { length } = list;
    for (let i = 0; i < length; i++) {
      path.push(i);
      copy.push(this.copy(list[i], `${i}`) ?? null);
      path.pop();
    }
    return copy;
  }

  private copyMembers(object: object): Record<string, JsonValue> {
    const { path } = this;
    const keys = Object.keys(object);
    checkSubstance(object, keys);
    const copy: Record<string, JsonValue> = {};
    for (const key of keys) {
      path.push(key);
      const member = this.copy((object as Record<string, unknown>)[key], key);
      path.pop();
      if (member !== undefined) put(copy, key, member);
    }
    return copy;
  }
}

/** Why a value cannot be; where it is, whoever catches it knows. */
class Refusal extends Error {
  constructor(
    readonly kind: NotJsonKind,
    problem: string,
  ) {
    super(problem);
  }
}

/** What `toJSON` says, as JSON.stringify asks: of objects and big integers. */
function replaced(value: unknown, key: string): unknown {
  if (value === null || value === undefined) return value;
  if (typeof value !== 'object' && typeof value !== 'bigint') return value;
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON !== 'function') return value;
  const instead: unknown = Reflect.apply(toJSON, value, [key]);
  // JSON would make null of it: for an identity that is nobody.
  if (instead === null && value instanceof Date) {
    throw new Refusal('number', 'it is an invalid Date');
  }
  return instead;
}

/** `new String('x')` and the like are what they hold. */
function unboxed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return value instanceof String ||
    value instanceof Number ||
    value instanceof Boolean ||
    value instanceof BigInt
    ? value.valueOf()
    : value;
}

/** Refuses objects that keep what they hold where JSON does not look. */
function checkSubstance(object: object, keys: readonly string[]): void {
  if (object instanceof Map || object instanceof Set) {
    const how = object instanceof Map ? 'Object.fromEntries(map)' : '[...set]';
    throw new Refusal(
      'collection',
      `it is a ${nameOf(object)}. Give its content: ${how}`,
    );
  }
  if (object instanceof Promise) {
    // Whoever forgot to wait for it does not wait for its failure either.
    disown(object);
    throw new Refusal('promise', 'it is a promise. Wait for it');
  }
  if (keys.length > 0) return;
  const prototype: unknown = Object.getPrototypeOf(object);
  // Whatever realm it is from, a plain object's prototype has none.
  if (prototype === null || Object.getPrototypeOf(prototype) === null) return;
  throw new Refusal(
    'empty',
    `it is a ${nameOf(object)} without members of its own, of which "{}" would ` +
      'be left. Give its class a toJSON(), or give what identifies it',
  );
}

function nameOf({ constructor }: object): string {
  const name: unknown = (constructor as { name?: unknown } | undefined)?.name;
  return typeof name === 'string' && name !== ''
    ? name.slice(0, 50)
    : 'class instance';
}

function missing(value: unknown): string {
  return value === undefined
    ? 'it is undefined. Give null where there is none'
    : 'its toJSON() gives nothing';
}

/** JSON has members of any name, also of the one that would be the prototype. */
function put(
  object: Record<string, JsonValue>,
  key: string,
  value: JsonValue,
): void {
  if (key !== '__proto__') object[key] = value;
  else
    Object.defineProperty(object, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
}

const LONGEST_PATH = 200;
/**
 * What members of a program are called. Other keys are data - tokens, addresses,
 * names of people - and errors end up in logs.
 */
const MEMBER = /^[\p{L}$_]{1,40}\d{0,2}$/u;

function pathText(name: string, path: readonly (string | number)[]): string {
  let text = name;
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += MEMBER.test(step) ? `.${step}` : '[...]';
    if (text.length > LONGEST_PATH)
      return `${text.slice(0, LONGEST_PATH - 3)}...`;
  }
  return text;
}
