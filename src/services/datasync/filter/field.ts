import { isJsonObject, type JsonValue } from '../../../protocol/json.js';

/**
 * The path to a value in a row: one name, or the names on the way into nested
 * objects. The usual single name is kept as a plain string.
 */
export type FieldPath = string | readonly string[];

/** Parses a field: `'a.b'` is the field `b` of the object in field `a`. */
export function parseField(field: string): FieldPath {
  return field.includes('.') ? field.split('.') : field;
}

/** The value of a field; undefined when it, or an object on the way, is missing. */
export function readField(
  row: JsonValue,
  path: FieldPath,
): JsonValue | undefined {
  if (typeof path === 'string') return ownMember(row, path);
  let value: JsonValue | undefined = row;
  for (const name of path) {
    if (value === undefined) return undefined;
    value = ownMember(value, name);
  }
  return value;
}

function ownMember(value: JsonValue, name: string): JsonValue | undefined {
  // `constructor` is a name like any other, and every object inherits it.
  return isJsonObject(value) && Object.hasOwn(value, name)
    ? value[name]
    : undefined;
}
