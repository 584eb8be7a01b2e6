import type { JsonValue } from '../../protocol/json.js';
import { isInstance } from '../is-instance.js';
import type { ClassRules } from './class-rules.js';
import { JsonCopying } from './json-copying.js';
import { NotJson, NotJsonError, pathText } from './not-json-error.js';
import { put } from './put-member.js';

/**
 * Takes in a value that is kept: an identity, row, query, channel or key. It
 * answers a copy as JSON would have it, frozen at every level, so that a later
 * change of the object cannot reach what was indexed by it.
 *
 * `toJSON` is called, so that a `Date` becomes a text. Members that are
 * undefined are left out; in lists they become null. JSON would silently lose
 * `NaN`, functions, a `Map`, or an instance that would become `{}`. Those are
 * refused here: two users, or two rows, would become one.
 *
 * @param name How the error calls the value.
 * @param rules The rules of classes, for a value that clients will see. They
 *   are applied first.
 * @throws NotJsonError naming the part that JSON cannot express.
 */
export function frozenJson(
  value: unknown,
  name: string,
  rules?: ClassRules,
): JsonValue {
  // Most values are a number or a text.
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (value === null) return null;
  const path: (string | number)[] = [];
  try {
    const copy = new JsonCopying(path, rules).copy(value, '');
    if (copy === undefined) throw new NotJson('undefined', missing(value));
    return copy;
  } catch (error) {
    if (isInstance(error, NotJson)) {
      // The count ends at an arbitrary part of a value that is too large: its
      // path would say nothing.
      const at = pathText(name, error.kind === 'size' ? [] : path);
      throw new NotJsonError(at, error.kind, error.message);
    }
    // Any other error comes from code of the value: a getter, or a trap of a
    // proxy.
    throw new NotJsonError(
      pathText(name, path),
      'unreadable',
      'it throws when it is read',
      {
        cause: error,
      },
    );
  }
}

/**
 * Freezes JSON without a copy. The JSON must be nobody else's, as when it came
 * over a wire. Its nesting is bounded already.
 */
export function freezeJson(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) {
    return value;
  }
  for (const member of Object.values(value)) freezeJson(member as JsonValue);
  return Object.freeze(value);
}

/**
 * A copy of JSON that may be changed. The nesting of the JSON is bounded
 * already.
 */
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

function missing(value: unknown): string {
  return value === undefined
    ? 'it is undefined. Give null where there is none'
    : 'its toJSON() gives nothing';
}
