import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from 'snorky';
import {
  InvalidFilter,
  parseFilter,
} from '../../../../src/services/datasync/filter/parse.js';

/** `not` around `["==", "a", 1]`, so many levels in all. */
function nested(levels: number): JsonValue {
  let filter: JsonValue = ['==', 'a', 1];
  for (let i = 1; i < levels; i++) filter = ['not', filter];
  return filter;
}

function problemOf(filter: JsonValue): string {
  try {
    parseFilter(filter);
  } catch (error) {
    if (error instanceof InvalidFilter) return error.message;
    throw error;
  }
  throw new Error(`${JSON.stringify(filter)} is taken as a filter`);
}

describe('parseFilter', () => {
  it.each<[JsonValue]>([
    [['==', 'a', 1]],
    [['==', 'a', null]],
    [['==', 'a', { deep: [1, { x: null }] }]],
    [['==', '', 1]],
    [['==', 'a.b.c', 1]],
    [['<', 'a', 1]],
    [['<=', 'a', 'text']],
    [['>', 'a', true]],
    [['>=', 'a', [1]]],
    [['in', 'a', []]],
    [['in', 'a', [1, 'x', null, [], {}]]],
    [['and']],
    [['or']],
    [['and', ['==', 'a', 1]]],
    [['or', ['==', 'a', 1], ['not', ['and']]]],
    [['not', ['or']]],
  ])('takes the filter %j', (filter) => {
    expect(parseFilter(filter).matches({})).toEqual(expect.any(Boolean));
  });

  it.each<[JsonValue, string]>([
    // No list where a filter has to be
    [null, 'Invalid filter: a filter is a list'],
    [true, 'Invalid filter: a filter is a list'],
    [7, 'Invalid filter: a filter is a list'],
    ['', 'Invalid filter: a filter is a list'],
    ['==', 'Invalid filter: a filter is a list'],
    [{}, 'Invalid filter: a filter is a list'],
    [{ 0: '==', length: 3 }, 'Invalid filter: a filter is a list'],
    [['and', 'x'], 'Invalid filter at [1]: a filter is a list'],
    [['and', ['and'], null], 'Invalid filter at [2]: a filter is a list'],
    [['or', {}], 'Invalid filter at [1]: a filter is a list'],
    [['not', true], 'Invalid filter at [1]: a filter is a list'],
    [
      ['and', ['or', ['not', 5]]],
      'Invalid filter at [1][1][1]: a filter is a list',
    ],
    // Empty lists
    [[], 'Invalid filter: the list is empty'],
    [['and', []], 'Invalid filter at [1]: the list is empty'],
    [
      ['and', ['and'], ['not', []]],
      'Invalid filter at [2][1]: the list is empty',
    ],
    // Operators
    [['=', 'a', 1], 'Invalid filter at [0]: unknown operator'],
    [['!=', 'a', 1], 'Invalid filter at [0]: unknown operator'],
    [['AND'], 'Invalid filter at [0]: unknown operator'],
    [['', 'a', 1], 'Invalid filter at [0]: unknown operator'],
    [['constructor'], 'Invalid filter at [0]: unknown operator'],
    [['__proto__', 'a', 1], 'Invalid filter at [0]: unknown operator'],
    [[null, 'a', 1], 'Invalid filter at [0]: unknown operator'],
    [[['=='], 'a', 1], 'Invalid filter at [0]: unknown operator'],
    [[1], 'Invalid filter at [0]: unknown operator'],
    [
      ['or', ['and'], ['~', 'a', 1]],
      'Invalid filter at [2][0]: unknown operator',
    ],
    // Operands
    [['=='], 'Invalid filter: a comparison takes a field and a value'],
    [['==', 'a'], 'Invalid filter: a comparison takes a field and a value'],
    [
      ['==', 'a', 1, 2],
      'Invalid filter: a comparison takes a field and a value',
    ],
    [['<', 'a'], 'Invalid filter: a comparison takes a field and a value'],
    [['<=', 'a'], 'Invalid filter: a comparison takes a field and a value'],
    [['>'], 'Invalid filter: a comparison takes a field and a value'],
    [
      ['>=', 'a', 1, 1],
      'Invalid filter: a comparison takes a field and a value',
    ],
    [['in', 'a'], 'Invalid filter: a comparison takes a field and a value'],
    [
      ['not', ['<', 'a']],
      'Invalid filter at [1]: a comparison takes a field and a value',
    ],
    // Fields
    [['==', 1, 1], 'Invalid filter at [1]: the field is not a string'],
    [['==', null, 1], 'Invalid filter at [1]: the field is not a string'],
    [['<', ['a'], 1], 'Invalid filter at [1]: the field is not a string'],
    [['>=', {}, 1], 'Invalid filter at [1]: the field is not a string'],
    [['in', false, []], 'Invalid filter at [1]: the field is not a string'],
    [
      ['and', ['and'], ['==', 0, 1]],
      'Invalid filter at [2][1]: the field is not a string',
    ],
    // Values of `in`
    [['in', 'a', 1], 'Invalid filter at [2]: "in" takes a list of values'],
    [['in', 'a', null], 'Invalid filter at [2]: "in" takes a list of values'],
    [['in', 'a', 'abc'], 'Invalid filter at [2]: "in" takes a list of values'],
    [
      ['not', ['in', 'a', {}]],
      'Invalid filter at [1][2]: "in" takes a list of values',
    ],
    // `not`
    [['not'], 'Invalid filter: "not" takes one filter'],
    [['not', ['and'], ['and']], 'Invalid filter: "not" takes one filter'],
    [['or', ['not']], 'Invalid filter at [1]: "not" takes one filter'],
  ])('refuses %j: %s', (filter, problem) => {
    expect(problemOf(filter)).toBe(problem);
  });

  it('takes a filter of 32 levels, and names the part that is the 33rd', () => {
    expect(parseFilter(nested(32)).matches({ a: 1 })).toBe(false);
    expect(problemOf(nested(33))).toBe(
      `Invalid filter at ${'[1]'.repeat(32)}: more than 32 levels`,
    );
  });

  it('refuses 10,000 nested "not" instead of running out of stack', () => {
    expect(problemOf(nested(10_000))).toMatch(/: more than 32 levels$/);
  });

  it('takes 1,000 parts, and names the one that is too many', () => {
    const parts = Array.from({ length: 999 }, (_, i) => ['==', 'a', i]);
    expect(parseFilter(['or', ...parts]).matches({ a: 998 })).toBe(true);
    expect(problemOf(['or', ...parts, ['and'], ['and']])).toBe(
      'Invalid filter at [1000]: more than 1000 parts',
    );
  });

  it('counts the values of "in" as parts', () => {
    const values = Array.from({ length: 999 }, (_, i) => i);
    expect(parseFilter(['in', 'a', values]).matches({ a: 998 })).toBe(true);
    expect(problemOf(['in', 'a', [...values, 999]])).toBe(
      'Invalid filter at [2]: more than 1000 parts',
    );
  });

  it('stops at the first part too many of a million', () => {
    const wide = Array.from({ length: 1_000_000 }, () => ['and']);
    expect(problemOf(['or', ...wide])).toBe(
      'Invalid filter at [1000]: more than 1000 parts',
    );
  });

  it('has limits of one’s own', () => {
    const limits = { depth: 2, size: 3 };
    const fits = ['and', ['==', 'a', 1], ['==', 'b', 1]];
    expect(parseFilter(fits, limits).matches({ a: 1, b: 1 })).toBe(true);
    expect(() => parseFilter(nested(3), limits)).toThrow('more than 2 levels');
    expect(() => parseFilter([...fits, ['and']], limits)).toThrow(
      'Invalid filter at [3]: more than 3 parts',
    );
  });

  it('says where the fault is, apart from the text too', () => {
    const parse = (): unknown => parseFilter(['and', ['==', 5, 1]]);
    expect(parse).toThrow(expect.objectContaining({ at: '[1][1]' }));
  });
});
