import type { JsonValue } from '../../protocol/json.js';

/** JSON has members of any name, also of the one that would be the prototype. */
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
