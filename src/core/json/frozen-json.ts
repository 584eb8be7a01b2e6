import type { JsonValue } from '../../protocol/json.js';
import { isInstance } from '../is-instance.js';
import type { ClassRules } from './class-rules.js';
import { JsonCopying } from './json-copying.js';
import { NotJson, NotJsonError, pathText } from './not-json-error.js';
import { put } from './put-member.js';

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
    const copy = new JsonCopying(path, rules).copy(value, '');
    if (copy === undefined) throw new NotJson('undefined', missing(value));
    return copy;
  } catch (error) {
    if (isInstance(error, NotJson)) {
      // The count ends at some part of a value that is too large: the part says
      // nothing.
      const at = pathText(name, error.kind === 'size' ? [] : path);
      throw new NotJsonError(at, error.kind, error.message);
    }
    // Whatever else was thrown comes from code of the value: a getter, a trap.
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

function missing(value: unknown): string {
  return value === undefined
    ? 'it is undefined. Give null where there is none'
    : 'its toJSON() gives nothing';
}
