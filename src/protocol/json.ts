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
 * The text under which a JSON value is stored in maps: two values have the same
 * key exactly when the wire calls them one value.
 *
 * Object key order is irrelevant and array order matters; numbers compare by
 * value (`1.0` is `1`, `-0` is `0`); values of different types are never equal,
 * so `1`, `"1"` and `true` are three channels.
 *
 * The nesting of values that came over the wire is bounded by
 * {@link MAX_NESTING}, which also bounds this recursion.
 */
export function canonicalKey(value: JsonValue): string {
  // A top-level string is the common channel name. Nothing else starts with a
  // quote, so it needs neither escaping nor a closing one to stay distinct.
  if (typeof value === 'string') return `"${value}`;
  return canonicalJson(value);
}

function canonicalJson(value: JsonValue): string {
  // JSON has no text for what `1e400` is read as: it would be null's.
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
