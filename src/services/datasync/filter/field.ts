import { isJsonObject, type JsonValue } from '../../../protocol/json.js';

/**
 * Where a value is in a row: one name, or the names on the way into nested
 * objects. The common single name is kept as the string it is.
 */
export type FieldPath = string | readonly string[];

/** `'a.b'` is the field `b` of the object in field `a`. */
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
  // `constructor` is a name like any other, and on every object.
  return isJsonObject(value) && Object.hasOwn(value, name)
    ? value[name]
    : undefined;
}
