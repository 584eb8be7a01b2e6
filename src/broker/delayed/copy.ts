import type { JsonValue } from '../../protocol/json.js';

/**
 * The value as another process would read it. Who keeps changing a value, or
 * counts on getting the very same object, is to be found out.
 */
export function copy<T extends JsonValue>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
