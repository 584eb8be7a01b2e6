import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonValue } from 'snorky';
import {
  compare,
  jsonEquals,
} from '../../../../src/services/datasync/filter/order.js';
import { identity, naiveOrder } from './naive-filter.js';

const NUMBERS = [
  0,
  -0,
  1,
  -1,
  0.1,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  Number.MIN_VALUE,
  // What 1e999 is after JSON.parse
  Infinity,
  -Infinity,
];

const number = fc.oneof(
  fc.constantFrom(...NUMBERS),
  fc.double({ noNaN: true }),
  fc.integer(),
);
const text = fc.string({
  unit: fc.constantFrom('a', 'b', '\ud7ff', '\ue000', '\uffff', '\u{1f600}'),
  maxLength: 4,
});
const alike = fc.oneof(fc.tuple(number, number), fc.tuple(text, text));
const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<JsonValue>;

/** -1, 0 or 1: neither -0 nor NaN is an answer. */
function sign(order: number): number {
  if (Number.isNaN(order)) return NaN;
  return Number(order > 0) - Number(order < 0);
}

describe('compare', () => {
  it.each(NUMBERS)('finds %d equal to itself', (value) => {
    expect(sign(compare(value, value))).toBe(0);
  });

  it('agrees with the order of numbers and of code points', () => {
    fc.assert(
      fc.property(alike, ([left, right]) => {
        expect(sign(compare(left, right))).toBe(
          sign(naiveOrder(left, right) as number),
        );
      }),
      { numRuns: 2000 },
    );
  });

  it('turns round with its operands, and is transitive', () => {
    const three = fc.oneof(
      fc.tuple(number, number, number),
      fc.tuple(text, text, text),
    );
    fc.assert(
      fc.property(three, ([a, b, c]) => {
        expect(sign(compare(a, b))).toBe(sign(-compare(b, a)));
        if (compare(a, b) <= 0 && compare(b, c) <= 0) {
          expect(compare(a, c)).toBeLessThanOrEqual(0);
        }
        expect(compare(a, b) === 0).toBe(a === b);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('jsonEquals', () => {
  /** The same value with the members of objects the other way round. */
  function turned(value: JsonValue): JsonValue {
    if (Array.isArray(value)) {
      return (value as readonly JsonValue[]).map(turned);
    }
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .toReversed()
        .map(([name, member]) => [name, turned(member as JsonValue)]),
    );
  }

  it('is reflexive, whatever the order of keys', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(jsonEquals(value, value)).toBe(true);
        expect(jsonEquals(value, turned(value))).toBe(true);
        expect(jsonEquals(turned(value), value)).toBe(true);
      }),
    );
  });

  it('is symmetric, and the identity of the wire', () => {
    const small = fc.oneof(
      json,
      fc.constantFrom<JsonValue>(0, false, '', null, [], {}, [[]], [{}], '0'),
    );
    fc.assert(
      fc.property(small, small, (left, right) => {
        const equal = identity(left) === identity(right);
        expect(jsonEquals(left, right)).toBe(equal);
        expect(jsonEquals(right, left)).toBe(equal);
      }),
      { numRuns: 2000 },
    );
  });

  it('does not take an inherited name for a member', () => {
    expect(jsonEquals({ toString: null }, { x: null })).toBe(false);
    const own = JSON.parse('{"__proto__": 1}') as JsonValue;
    expect(jsonEquals(own, { x: 1 })).toBe(false);
    expect(jsonEquals(own, JSON.parse('{"__proto__": 1}') as JsonValue)).toBe(
      true,
    );
  });
});
