/** Any value that JSON can express. */
export type JsonValue =
  null | boolean | number | string | readonly JsonValue[] | JsonObject;

/** A JSON object. Keys may be absent, so reading one may give `undefined`. */
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined;
}

/** Whether a parsed JSON value is an object: neither `null` nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The text under which a JSON value is stored in maps. Two values have the same
 * key exactly when the protocol takes them for the same value.
 *
 * The order of an object's keys does not matter, the order of a list does.
 * Numbers compare by value (`1.0` is `1`, `-0` is `0`). Values of different
 * types are never equal, so `1`, `"1"` and `true` are three channels.
 *
 * {@link MAX_NESTING} bounds the nesting of values that came over the wire, and
 * so the recursion of this function.
 */
export function canonicalKey(value: JsonValue): string {
  // A top-level string is the most common channel name. No other key starts
  // with a quote, so it stays distinct without escaping and without a closing
  // quote.
  if (typeof value === 'string') return `"${value}`;
  return canonicalJson(value);
}

function canonicalJson(value: JsonValue): string {
  // `1e400` is read as Infinity, for which JSON has no text: it would get the
  // key of null.
  if (typeof value === 'number') return `${value}`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (isJsonArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members: string[] = [];
  for (const key of Object.keys(value).sort()) {
    const member = value[key];
    if (member !== undefined) {
      members.push(`${JSON.stringify(key)}:${canonicalJson(member)}`);
    }
  }
  return `{${members.join(',')}}`;
}

function isJsonArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
