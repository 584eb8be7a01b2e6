import { ofVersion } from '../../core/versioned.js';
import type { JsonObject, JsonValue } from '../../protocol/json.js';

/** The version of publications, see `versioned`. */
const VERSION = 1;

/** What the nodes tell each other of a publication. */
export interface Publication {
  readonly [member: string]: JsonValue;
  /** As the publisher wrote it. */
  readonly channel: JsonValue;
  readonly message: JsonValue;
}

/** A publication as the broker gets it. */
export function publicationValue(
  channel: JsonValue,
  message: JsonValue,
): JsonObject {
  return { v: VERSION, channel, message };
}

/** Undefined where a node of another version has written it. */
export function publicationOf(value: JsonValue): Publication | undefined {
  return ofVersion(VERSION, value) as Publication | undefined;
}
