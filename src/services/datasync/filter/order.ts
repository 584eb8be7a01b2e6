import type { JsonValue } from '../../../protocol/json.js';

/**
 * Whether two JSON values are equal: numbers by value, lists in order, objects
 * in any order of their keys. Values of different types never are.
 */
export function jsonEquals(left: JsonValue, right: JsonValue): boolean {
  if (left === right) return true;
  if (
    typeof left !== 'object' ||
    typeof right !== 'object' ||
    left === null ||
    right === null
  ) {
    return false;
  }
  if (Array.isArray(left) || Array.isArray(right)) {
    return (
      Array.isArray(left) &&
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((item: JsonValue, index) =>
        jsonEquals(item, right[index] as JsonValue),
      )
    );
  }
  const a = left as Readonly<Record<string, JsonValue>>;
  const b = right as Readonly<Record<string, JsonValue>>;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every(
      (key) =>
        Object.hasOwn(b, key) &&
        jsonEquals(a[key] as JsonValue, b[key] as JsonValue),
    )
  );
}

/** The types of values that can be ordered, each by itself. */
export type Orderable = number | string;

/** Whether a value can be ordered. */
export function isOrderable(value: JsonValue | undefined): value is Orderable {
  return typeof value === 'number' || typeof value === 'string';
}

/**
 * Compares two values of one type: less than, equal to or greater than 0.
 * Strings compare by code point, as the protocol prescribes. JavaScript's own
 * operators compare UTF-16 units, which puts astral characters before U+E000 to
 * U+FFFF.
 */
export function compare(left: Orderable, right: Orderable): number {
  if (typeof left === 'string') return compareCodePoints(left, right as string);
  const other = right as number;
  // No subtraction: JSON can contain 1e999, and Infinity - Infinity is NaN.
  return Number(left > other) - Number(left < other);
}

function compareCodePoints(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let i = 0; i < length; i++) {
    const a = left.charCodeAt(i);
    const b = right.charCodeAt(i);
    if (a !== b) return byCodePoint(a) - byCodePoint(b);
  }
  return left.length - right.length;
}

/**
 * Moves surrogates above all other units, and the units above them down into
 * their place.
 */
function byCodePoint(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}
