import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from 'snorky';
import { parseFilter } from '../../../../src/services/datasync/filter/parse.js';
import { Random } from '../../../../harness/random.js';
import { naiveMatch, randomFilter, randomRow } from './naive-filter.js';

const EMOJI = '\u{1f600}';
const LAST_OF_BMP = '\uffff';

/** As it comes over the wire: `__proto__` is a member like any other. */
const hostile = JSON.parse(
  '{"__proto__": {"x": 1}, "constructor": {"name": "c"}}',
) as JsonValue;

describe('A filter', () => {
  it.each<[filter: JsonValue, row: JsonValue, matches: boolean]>([
    // Equality
    [['==', 'a', 1], { a: 1 }, true],
    [['==', 'a', 1], { a: 2 }, false],
    [['==', 'a', 1], { a: '1' }, false],
    [['==', 'a', 1], { a: true }, false],
    [['==', 'a', 0], { a: false }, false],
    [['==', 'a', 0], { a: -0 }, true],
    [['==', 'a', null], { a: null }, true],
    [['==', 'a', null], {}, false],
    [['==', 'a', null], { a: 0 }, false],
    [['==', 'a', ''], { a: null }, false],
    [['==', 'a', []], { a: [] }, true],
    [['==', 'a', []], { a: {} }, false],
    [['==', 'a', { x: 1, y: [2] }], { a: { y: [2], x: 1 } }, true],
    [['==', 'a', { x: 1 }], { a: { x: 1, y: 1 } }, false],
    [['==', 'a', { x: 1, y: 1 }], { a: { x: 1 } }, false],
    [['==', 'a', { x: 1 }], { a: { y: 1 } }, false],
    [['==', 'a', [1, 2]], { a: [2, 1] }, false],
    [['==', 'a', [1, 2]], { a: [1, 2, 3] }, false],
    [['==', 'a', { toString: 1 }], { a: { x: 1 } }, false],
    // Order
    [['<', 'a', 2], { a: 1 }, true],
    [['<', 'a', 2], { a: 2 }, false],
    [['<=', 'a', 2], { a: 2 }, true],
    [['>', 'a', 2], { a: 2 }, false],
    [['>', 'a', 2], { a: 2.5 }, true],
    [['>=', 'a', 2], { a: 2 }, true],
    [['<', 'a', 'b'], { a: 'a' }, true],
    [['<', 'a', 'a'], { a: '' }, true],
    [['>', 'a', 'a'], { a: 'aa' }, true],
    [['<', 'a', '2'], { a: 1 }, false],
    [['>', 'a', 1], { a: '2' }, false],
    [['<', 'a', true], { a: false }, false],
    [['<', 'a', 2], { a: true }, false],
    [['<', 'a', [2]], { a: [1] }, false],
    [['>=', 'a', null], { a: null }, false],
    [['<=', 'a', {}], { a: {} }, false],
    [['>', 'a', 0], {}, false],
    [['<=', 'a', 0], {}, false],
    // Strings by code point
    [['>', 'a', LAST_OF_BMP], { a: EMOJI }, true],
    [['<', 'a', EMOJI], { a: LAST_OF_BMP }, true],
    [['<', 'a', LAST_OF_BMP], { a: EMOJI }, false],
    [['>', 'a', `x${LAST_OF_BMP}`], { a: `x${EMOJI}` }, true],
    [['<', 'a', '\u{1f601}'], { a: EMOJI }, true],
    [['>', 'a', '\ue000'], { a: '\u{10000}' }, true],
    [['>', 'a', '\ud7ff'], { a: '\ue000' }, true],
    // Choices
    [['in', 'a', [1, 'x', null]], { a: null }, true],
    [['in', 'a', [1, 'x', { k: [] }]], { a: { k: [] } }, true],
    [['in', 'a', [1, 'x']], { a: '1' }, false],
    [['in', 'a', []], { a: 1 }, false],
    [['in', 'a', [null]], {}, false],
    // Connectives
    [['and'], {}, true],
    [['or'], {}, false],
    [['and', ['==', 'a', 1], ['==', 'b', 2]], { a: 1, b: 2 }, true],
    [['and', ['==', 'a', 1], ['==', 'b', 2]], { a: 1 }, false],
    [['or', ['==', 'a', 1], ['==', 'b', 2]], { b: 2 }, true],
    [['not', ['==', 'a', 1]], { a: 2 }, true],
    [['not', ['==', 'a', 1]], {}, true],
    [['not', ['<', 'a', 1]], { a: 'text' }, true],
    [['not', ['not', ['==', 'a', 1]]], { a: 1 }, true],
    [['not', ['not', ['==', 'a', 1]]], {}, false],
    // Fields
    [['==', 'a.b', 1], { a: { b: 1 } }, true],
    [['==', 'a.b', 1], { a: 1, b: 1 }, false],
    [['==', 'a.b', 1], { b: 1 }, false],
    [['==', 'a.b', 1], { a: null }, false],
    [['==', 'a.b', 1], { a: 'b' }, false],
    [['==', 'a.b', 1], { 'a.b': 1 }, false],
    [['==', 'a.b.c', null], { a: { b: {} } }, false],
    [['==', 'a.0', 1], { a: [1] }, false],
    [['==', 'a.length', 1], { a: [1] }, false],
    [['==', 'a.length', 1], { a: 'x' }, false],
    [['==', '', 1], { '': 1 }, true],
    [['==', '.', 1], { '': { '': 1 } }, true],
    // Rows that are none
    [['==', 'a', 1], null, false],
    [['==', 'a', 1], 5, false],
    [['==', 'a', 1], 'a', false],
    [['==', 'length', 1], ['x'], false],
    [['==', '0', 'x'], ['x'], false],
    [['not', ['==', 'a', 1]], null, true],
    // Names that every object has
    [['==', 'constructor', 1], {}, false],
    [['not', ['==', 'constructor', 1]], {}, true],
    [['==', 'constructor.name', 'Object'], {}, false],
    [['==', 'constructor.name', 'c'], hostile, true],
    [['==', '__proto__', {}], {}, false],
    [['==', '__proto__.x', 1], hostile, true],
    [['==', 'x', 1], hostile, false],
    [['==', 'toString.length', 0], {}, false],
  ])('%j on %j is %s', (filter, row, matches) => {
    expect(parseFilter(filter).matches(row)).toBe(matches);
    // The table is right about itself.
    expect(naiveMatch(filter, row)).toBe(matches);
  });

  it('agrees with the wire’s table on 100,000 random rows', () => {
    const seed = Date.now() >>> 0;
    const random = new Random(seed);
    let positive = 0;
    for (let i = 0; i < 10_000; i++) {
      const filter = randomFilter(random);
      const predicate = parseFilter(filter);
      for (let j = 0; j < 10; j++) {
        const row = randomRow(random);
        const expected = naiveMatch(filter, row);
        if (expected) positive++;
        if (predicate.matches(row) !== expected) {
          throw new Error(
            `Seed ${seed}: ${JSON.stringify(filter)} on ` +
              `${JSON.stringify(row)} is not ${expected}`,
          );
        }
      }
    }
    // A generator that hardly ever matches would prove nothing.
    expect(positive).toBeGreaterThan(10_000);
    expect(positive).toBeLessThan(90_000);
  });
});
