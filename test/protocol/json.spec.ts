import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  canonicalKey,
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../../src/protocol/json.js';

/** JSON identity, as section 2 of the wire says it. */
function identical(a: JsonValue, b: JsonValue): boolean {
  if (typeof a !== typeof b) return false;
  if (typeof a !== 'object' || a === null) return a === b;
  if (b === null || Array.isArray(a) !== Array.isArray(b)) return false;
  if (Array.isArray(a)) {
    const [left, right] = [a, b] as JsonValue[][] as [JsonValue[], JsonValue[]];
    return (
      left.length === right.length &&
      left.every((item, i) => identical(item, right[i] as JsonValue))
    );
  }
  const [left, right] = [a as JsonObject, b as JsonObject];
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every(
      (key) =>
        Object.hasOwn(right, key) &&
        identical(left[key] as JsonValue, right[key] as JsonValue),
    )
  );
}

// Few leaves and keys, and those that look alike, so that equal and nearly
// equal values are common.
const leaf = fc.oneof(
  fc.constantFrom<JsonValue>(
    null,
    true,
    false,
    0,
    -0,
    1,
    -1,
    1.5,
    1e21,
    '',
    '0',
    '1',
    'true',
    'null',
    '"',
    '\\',
    '\\"',
    '[]',
    '{}',
    '"a"',
    ',',
    'a',
    'b',
    'a,b',
    '\ud800',
    '\u{1f600}',
  ),
  fc.string({ maxLength: 3 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const key = fc.constantFrom('a', 'b', '"', '__proto__', 'constructor', '', '1');
const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc
      .array(fc.tuple(key, tie('value')), { maxLength: 3 })
      .map((members) => objectOf(members)),
  ),
}));

/** As JSON.parse makes it: `__proto__` is a key like any other. */
function objectOf(
  members: readonly (readonly [string, JsonValue])[],
): JsonValue {
  return Object.fromEntries(members) as JsonObject;
}

/** The same value with its keys in another order. */
function reversed(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return (value as JsonValue[]).map(reversed);
  if (!isJsonObject(value)) return value;
  return objectOf(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, reversed(member as JsonValue)]),
  );
}

describe('canonicalKey', () => {
  it('is equal exactly for values that the wire calls one', () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        expect(canonicalKey(a) === canonicalKey(b)).toBe(identical(a, b));
      }),
      { numRuns: 5_000 },
    );
  });

  it('ignores the order of keys at any depth', () => {
    fc.assert(
      fc.property(value, (a) => {
        expect(canonicalKey(reversed(a))).toBe(canonicalKey(a));
      }),
    );
  });

  it('is the same after a way over the wire', () => {
    fc.assert(
      fc.property(value, (a) => {
        const received = JSON.parse(JSON.stringify(a)) as JsonValue;
        expect(canonicalKey(received)).toBe(canonicalKey(a));
      }),
    );
  });

  it.each<[string, JsonValue, JsonValue]>([
    ['1 and true', 1, true],
    ['1e400 and null', JSON.parse('1e400') as number, null],
    ['[1e400] and [null]', [JSON.parse('1e400') as number], [null]],
    ['0 and false', 0, false],
    ['1 and "1"', 1, '1'],
    ['[1] and [true]', [1], [true]],
    ['null and ""', null, ''],
    ['[] and {}', [], {}],
    ['[] and null', [], null],
    ['[1, 2] and [2, 1]', [1, 2], [2, 1]],
    ['{} and {a: null}', {}, { a: null }],
    ['an array and its text', ['a'], '["a"]'],
    ['a text and its JSON', 'a', '"a"'],
  ])('tells %s apart', (_what, a, b) => {
    expect(canonicalKey(a)).not.toBe(canonicalKey(b));
  });

  it.each<[string, string, string]>([
    ['1 and 1.0', '1', '1.0'],
    ['100 and 1e2', '100', '1e2'],
    ['0 and -0', '0', '-0'],
    [
      'keys in any order',
      '{"a":1,"b":[{"c":2,"d":3}]}',
      '{"b":[{"d":3,"c":2}],"a":1}',
    ],
    ['a text and its escapes', '"\\u0061\\/"', '"a/"'],
  ])('takes %s for one', (_what, a, b) => {
    expect(canonicalKey(JSON.parse(a) as JsonValue)).toBe(
      canonicalKey(JSON.parse(b) as JsonValue),
    );
  });

  it('ignores members that are undefined, as JSON does', () => {
    expect(canonicalKey({ a: 1, b: undefined })).toBe(canonicalKey({ a: 1 }));
  });
});

describe('isJsonObject', () => {
  it.each([[null], [[]], ['{}'], [1], [true], [undefined]])(
    'refuses the value %j',
    (given) => {
      expect(isJsonObject(given)).toBe(false);
    },
  );

  it('accepts an object', () => {
    expect(isJsonObject({})).toBe(true);
  });
});
