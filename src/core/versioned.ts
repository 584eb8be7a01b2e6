import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../protocol/json.js';

/**
 * What services give to the broker, with the version of its form: during a deploy,
 * two versions of an application read what the other one has written.
 *
 * A form may get further members. Where that is not enough, its version grows, and
 * readers of the one before say that they cannot read it: a later version must
 * never be taken for nothing.
 */
export function versioned(version: number, value: JsonObject): JsonObject {
  return { v: version, ...value };
}

/**
 * A value of this form; undefined for a value of another version, and for
 * anything else.
 */
export function ofVersion(
  version: number,
  value: JsonValue,
): JsonObject | undefined {
  return isJsonObject(value) && value['v'] === version ? value : undefined;
}
