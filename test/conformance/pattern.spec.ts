import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from '../../src/protocol/json.js';
import { match } from './runner/pattern.js';
import { fill } from './runner/variables.js';

const TOKEN = 'abcdefghijklmnopqrstuvwxyz012345';

function matches(pattern: JsonValue, value: JsonValue): boolean {
  return match(pattern, value).matches;
}

describe('match', () => {
  it.each<[JsonValue, JsonValue]>([
    [null, null],
    [1, 1.0],
    [0, -0],
    ['x', 'x'],
    ['', ''],
    [[], []],
    [
      [1, [2]],
      [1, [2]],
    ],
    [{}, {}],
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    ['$$any', '$any'],
    ['$$', '$'],
    ['a$any', 'a$any'],
    [{ $any: 1 }, { $any: 1 }],
  ])('takes %j literally and finds %j', (pattern, value) => {
    expect(matches(pattern, value)).toBe(true);
  });

  it.each<[JsonValue, JsonValue]>([
    [null, 0],
    [null, {}],
    [1, true],
    [0, false],
    [1, '1'],
    [true, 1],
    ['x', 'X'],
    ['', null],
    [[], {}],
    [{}, []],
    [{}, null],
    [[1], [1, 2]],
    [[1, 2], [1]],
    [
      [1, 2],
      [2, 1],
    ],
    [{ a: 1 }, {}],
    [{}, { a: 1 }],
    [{ a: null }, {}],
    [{ a: { b: 1 } }, { a: { b: 2 } }],
    [{ toString: 1 }, {}],
    ['$$any', '$$any'],
  ])('does not take %j for %j', (pattern, value) => {
    expect(matches(pattern, value)).toBe(false);
  });

  it('tells apart objects that differ in __proto__', () => {
    const value = JSON.parse('{"__proto__": 1}') as JsonValue;

    expect(matches({}, value)).toBe(false);
    expect(matches(value, {})).toBe(false);
    expect(matches(value, value)).toBe(true);
  });

  it.each<[string, JsonValue[], JsonValue[]]>([
    ['$any', [null, 0, '', [], {}], []],
    ['$int', [0, -1, 2.0, 1e9], [1.5, '1', true, null]],
    ['$number', [0, 1.5], ['1', false, null]],
    ['$string', ['', 'x'], [1, null, ['x']]],
    ['$bool', [true, false], [0, 1, 'true', null]],
    ['$object', [{}, { a: 1 }], [[], null, 'x']],
    ['$array', [[], [1]], [{}, null, 'x']],
    ['$token', [TOKEN], [`${TOKEN}x`, 'abc', TOKEN.toUpperCase(), 1, null]],
    [
      '$timestamp',
      ['2026-11-20T09:08:36.828634+00:00', '2026-11-20T09:08:36-05:30'],
      [
        '2026-11-20T09:08:36.828634',
        '2026-11-20T09:08:36.828Z',
        '2026-11-20 09:08:36.828634+00:00',
        '2026-13-20T09:08:36.828634+00:00',
        1_700_000_000,
      ],
    ],
    ['$handle', [0, 65_535], [-1, 65_536, 1.5, '1', null]],
    ['$explicit', ['', 'No such dealer'], ['Internal error', null, 1, {}]],
  ])('lets %s stand for what it names only', (wildcard, good, bad) => {
    expect(good.filter((value) => !matches(wildcard, value))).toEqual([]);
    expect(bad.filter((value) => matches(wildcard, value))).toEqual([]);
  });

  it('refuses wildcards that do not exist', () => {
    expect(() => match('$sting', 'x')).toThrow('No wildcard is called $sting');
    expect(() => match({ $unorderd: [] }, [])).not.toThrow();
    expect(() => match({ $contains: [], x: 1 }, [])).toThrow('Bad list');
    expect(() => match({ $unordered: 'x' }, [])).toThrow('Bad list');
  });

  it('says where the first difference is', () => {
    expect(match({ a: [1, { b: 2 }] }, { a: [1, { b: 3 }] })).toEqual({
      matches: false,
      why: 'at $.a[1].b: expected 2, got 3',
    });
    expect(match({ a: 1 }, { a: 1, b: 2 })).toEqual({
      matches: false,
      why: 'at $: "b" too much in {"a":1,"b":2}',
    });
    expect(match({ a: 1 }, {})).toEqual({
      matches: false,
      why: 'at $: no "a" in {}',
    });
  });
});

describe('list patterns', () => {
  it.each<[JsonValue, JsonValue]>([
    [{ $unordered: [] }, []],
    [{ $unordered: [1, 2] }, [2, 1]],
    [{ $unordered: ['$any', 1] }, [1, 2]],
    [{ $unordered: ['$int', '$any', 'x'] }, ['x', 'y', 1]],
    [{ $contains: [1] }, [3, 2, 1]],
    [{ $contains: [] }, []],
    [{ $excludes: [4] }, [3, 2, 1]],
    [{ $contains: [1], $excludes: [4] }, [1, 2]],
    [{ $subsequence: [1, 3] }, [1, 2, 3]],
    [{ $subsequence: ['$string', 1] }, ['x', 1]],
    [{ $subsequence: [] }, [1]],
    [{ a: { $unordered: [null, {}] } }, { a: [{}, null] }],
  ])('%j accepts %j', (pattern, value) => {
    expect(matches(pattern, value)).toBe(true);
  });

  it.each<[JsonValue, JsonValue]>([
    [{ $unordered: [1, 1] }, [1, 2]],
    [{ $unordered: [1, 2] }, [1, 2, 2]],
    [{ $unordered: [1, 2, 2] }, [1, 2]],
    [{ $unordered: [1] }, { 0: 1 }],
    [{ $unordered: [true] }, [1]],
    [{ $contains: [1, 4] }, [1, 2]],
    [{ $excludes: [2] }, [1, 2]],
    [{ $contains: [1], $excludes: [2] }, [1, 2]],
    [{ $subsequence: [3, 1] }, [1, 2, 3]],
    [{ $subsequence: [1, 1] }, [1]],
    [{ $subsequence: [1] }, 'x'],
  ])('%j refuses %j', (pattern, value) => {
    expect(matches(pattern, value)).toBe(false);
  });
});

describe('captures', () => {
  function capture(pattern: JsonValue, value: JsonValue): unknown {
    const found = match(pattern, value);
    return found.matches ? Object.fromEntries(found.variables) : found.why;
  }

  it('keep the value with its type', () => {
    expect(capture({ t: '$token=t' }, { t: TOKEN })).toEqual({ t: TOKEN });
    expect(capture(['$handle=h', '$any=x'], [7, [1]])).toEqual({
      h: 7,
      x: [1],
    });
  });

  it('check the kind', () => {
    expect(capture('$token=t', 'short')).toMatch('expected "$token=t"');
  });

  it('are known to the rest of the pattern', () => {
    expect(matches(['$int=n', '{{n}}'], [1, 1])).toBe(true);
    expect(matches(['$int=n', '{{n}}'], [1, '1'])).toBe(false);
    expect(matches(['$string=s', 'a{{s}}'], ['b', 'ab'])).toBe(true);
  });

  it('try another way through an unordered list', () => {
    const pattern = { $unordered: ['$int=n', '$int=m', 2] };

    expect(capture(pattern, [2, 1, 3])).toEqual({ n: 1, m: 3 });
  });

  it('are compared as they are, wildcards or not', () => {
    expect(matches(['$any=v', '{{v}}'], ['$int', 5])).toBe(false);
    expect(matches(['$any=v', '{{v}}'], ['$int', '$int'])).toBe(true);
    expect(matches(['$any=v', '{{v}}'], [{ a: [1] }, { a: [1] }])).toBe(true);
    expect(matches(['$any=v', '{{v}}'], [{ a: [1] }, { a: [2] }])).toBe(false);
  });
});

describe('fill', () => {
  const variables = new Map<string, JsonValue>([
    ['n', 5],
    ['s', 'x'],
    ['o', { a: 1 }],
  ]);

  it('keeps the type of a variable that stands alone', () => {
    expect(fill(['{{n}}', '{{o}}', '{{s}}'], variables)).toEqual([
      5,
      { a: 1 },
      'x',
    ]);
  });

  it('makes text of a variable inside a text', () => {
    expect(fill({ 'k-{{s}}': 'n={{n}} {{o}}' }, variables)).toEqual({
      'k-x': 'n=5 {"a":1}',
    });
  });

  it('leaves dollars and other braces alone', () => {
    expect(fill(['$any', '{n}', '{"a":{}}'], variables)).toEqual([
      '$any',
      '{n}',
      '{"a":{}}',
    ]);
  });

  it('tells the time in so many milliseconds', () => {
    const before = Date.now();
    const { at } = fill({ at: '{{in1500}}' }, new Map()) as { at: number };
    expect(at).toBeGreaterThanOrEqual(before + 1500);
    expect(at).toBeLessThanOrEqual(Date.now() + 1500);
  });

  it('refuses variables that nobody captured', () => {
    expect(() => fill('{{who}}', variables)).toThrow('{{who}}');
  });
});
