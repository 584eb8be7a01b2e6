import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../protocol/json.js';

/**
 * Marks what services give to the broker with the version of its form. During a
 * deploy, two versions of an application read what the other one has written.
 *
 * Members may be added to a form without a new version. Any other change needs
 * a higher version; readers of the lower one then say that they cannot read the
 * value. They must never take it for nothing.
 */
export function versioned(version: number, value: JsonObject): JsonObject {
  return { v: version, ...value };
}

/**
 * A value of this form; undefined for a value of another version, and for any
 * other value.
 */
export function ofVersion(
  version: number,
  value: JsonValue,
): JsonObject | undefined {
  return isJsonObject(value) && value['v'] === version ? value : undefined;
}
