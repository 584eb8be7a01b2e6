import type { JsonValue } from '../../protocol/json.js';

/**
 * Sets a member whose name may be `__proto__`: JSON has members of any name.
 */
export function put(
  object: Record<string, JsonValue>,
  key: string,
  value: JsonValue,
): void {
  if (key !== '__proto__') object[key] = value;
  else
    Object.defineProperty(object, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
}
