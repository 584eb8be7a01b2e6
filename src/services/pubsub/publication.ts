import { ofVersion } from '../../core/versioned.js';
import type { JsonObject, JsonValue } from '../../protocol/json.js';

/** The version of publications, see `versioned`. */
const VERSION = 1;

/** A publication, as nodes tell each other of it. */
export interface Publication {
  readonly [member: string]: JsonValue;
  /** The channel as the publisher wrote it. */
  readonly channel: JsonValue;
  readonly message: JsonValue;
}

/** The value of a publication for the broker. */
export function publicationValue(
  channel: JsonValue,
  message: JsonValue,
): JsonObject {
  return { v: VERSION, channel, message };
}

/**
 * Reads a publication; undefined if a node of another version has written it.
 */
export function publicationOf(value: JsonValue): Publication | undefined {
  return ofVersion(VERSION, value) as Publication | undefined;
}
