import type { JsonValue } from '../../protocol/json.js';

/**
 * A copy of the value, as another process would read it. Code that goes on
 * changing a value, or that counts on getting the very same object, fails with
 * it.
 */
export function copy<T extends JsonValue>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
