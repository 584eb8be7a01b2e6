import type { JsonValue } from '../../../src/protocol/json.js';

/** `Array.isArray` makes `any[]` of what may be a read-only array. */
export function isJsonArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
