import type { JsonValue } from '../../protocol/json.js';
import { MAX_NESTING } from '../../protocol/limits.js';
import { disown } from '../promise-like.js';
import type { ClassRules } from './class-rules.js';
import { NotJson } from './not-json-error.js';
import { PartCount } from './part-count.js';
import { put } from './put-member.js';

/**
 * Copies one value as JSON has it. `path` leads to the part that is being
 * copied; after a failure, to the part that failed.
 */
export class JsonCopying {
  private readonly above = new Set<object>();
  private readonly parts = new PartCount();

  constructor(
    private readonly path: (string | number)[],
    private readonly rules: ClassRules | undefined,
  ) {}

  /** The copy; undefined where JSON leaves the value out. */
  copy(given: unknown, key: string | number): JsonValue | undefined {
    this.parts.next();
    const value = unboxed(replaced(this.leaving(given), key));
    switch (typeof value) {
      case 'string':
      case 'boolean':
      case 'undefined':
        return value;
      case 'number':
        if (Number.isFinite(value)) return value === 0 ? 0 : value;
        throw new NotJson(
          'number',
          `it is ${value}. Use null, or a text, for what is no finite number`,
        );
      case 'object':
        return value === null ? null : this.copyObject(value);
      case 'bigint':
        throw new NotJson(
          'bigint',
          'it is a bigint. Give its text: String(value)',
        );
      case 'symbol':
        throw new NotJson('symbol', 'it is a symbol. Leave it out');
      case 'function':
        throw new NotJson('function', 'it is a function. Leave it out');
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
      throw new NotJson('cycle', 'it contains itself. Leave the reference out');
    }
    if (above.size >= MAX_NESTING) {
      throw new NotJson('depth', `it nests deeper than ${MAX_NESTING} levels`);
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
      copy.push(this.copy(list[i], i) ?? null);
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

/**
 * The result of `toJSON`, called for objects and big integers as JSON.stringify
 * does.
 */
function replaced(value: unknown, key: string | number): unknown {
  if (value === null || value === undefined) return value;
  if (typeof value !== 'object' && typeof value !== 'bigint') return value;
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON !== 'function') return value;
  const instead: unknown = Reflect.apply(toJSON, value, [`${key}`]);
  // An invalid date, of which JSON would make null: an identity would become
  // nobody.
  if (instead === null && value instanceof Date) {
    throw new NotJson('number', 'it is an invalid Date');
  }
  return instead;
}

/** What an object such as `new String('x')` holds. */
function unboxed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return value instanceof String ||
    value instanceof Number ||
    value instanceof Boolean ||
    value instanceof BigInt
    ? value.valueOf()
    : value;
}

/** Refuses objects whose content JSON would not see. */
function checkSubstance(object: object, keys: readonly string[]): void {
  if (object instanceof Map || object instanceof Set) {
    const how = object instanceof Map ? 'Object.fromEntries(map)' : '[...set]';
    throw new NotJson(
      'collection',
      `it is a ${nameOf(object)}. Give its content: ${how}`,
    );
  }
  if (object instanceof Promise) {
    // The caller does not wait for the promise: its rejection would end the
    // process.
    disown(object);
    throw new NotJson('promise', 'it is a promise. Wait for it');
  }
  if (keys.length > 0) return;
  const prototype: unknown = Object.getPrototypeOf(object);
  // A plain object's prototype has none itself, whatever realm the object is
  // from.
  if (prototype === null || Object.getPrototypeOf(prototype) === null) return;
  throw new NotJson(
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
