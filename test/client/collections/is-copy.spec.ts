import { afterEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { isCopy } from '../../../src/client/collections/is-copy.js';

class Point {
  #secret = 1;
  constructor(readonly x: number) {}
  get secret(): number {
    return this.#secret;
  }
}

/** An instance, as it was made before there were classes. */
function plainly(id: number): object {
  return Object.assign(Object.create({ get: () => id }) as object, { id });
}

describe('a copy', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('is what JSON makes of a value a second time', () => {
    fc.assert(
      fc.property(
        fc.json({ maxDepth: 4 }).map((text) => text),
        (text) => {
          const [one, other] = [
            JSON.parse(text),
            JSON.parse(text),
          ] as unknown[];
          expect(isCopy(one, other)).toBe(Object(one) === one);
        },
      ),
    );
  });

  it('is only what JSON says to be the same', () => {
    const small = fc.jsonValue({ maxDepth: 2, depthSize: 'small' });
    fc.assert(
      fc.property(small, small, (one, other) => {
        if (!isCopy(one, other)) return;
        // The order of members is all that may differ.
        expect(other).toEqual(one);
      }),
    );
  });

  it.each([
    ['dates', { at: new Date(5) }, { at: new Date(5) }],
    ['what is not there', { a: undefined }, { a: undefined }],
    ['nested lists', [[1], [[2]]], [[1], [[2]]]],
  ])('may have %s', (_what, before, now) => {
    expect(isCopy(before, now)).toBe(true);
  });

  it.each([
    ['another value', { a: 1 }, { a: 2 }],
    ['another date', { at: new Date(5) }, { at: new Date(6) }],
    ['a member more', { a: 1 }, { a: 1, b: 2 }],
    ['members in another order', { a: 1, b: 2 }, { b: 2, a: 1 }],
    [
      'a prototype as a member',
      JSON.parse('{"__proto__":{},"id":1}'),
      { id: 1, b: 2 },
    ],
    ['a prototype that calls itself plain', plainly(1), plainly(1)],
    ['a member less', { a: 1, b: 2 }, { a: 1 }],
    ['another name for nothing', { a: undefined }, { b: undefined }],
    ['a name that every object has', { valueOf: undefined }, { a: undefined }],
    ['nothing instead of an object', { a: {} }, { a: null }],
    ['a list instead of an object', { a: {} }, { a: [] }],
    ['an instance of a class', new Point(1), new Point(1)],
    ['a map', new Map(), new Map()],
    ['a function', { go: () => 1 }, { go: () => 1 }],
    ['a member called constructor', { constructor: 1 }, { constructor: 1 }],
    ['a number that is none', { a: NaN }, { a: NaN }],
  ])('is not what has %s', (_what, before, now) => {
    expect(isCopy(before, now)).toBe(false);
  });

  it('is another object', () => {
    const row = { a: 1 };
    expect(isCopy(row, row)).toBe(false);
    expect(isCopy(1, 1)).toBe(false);
    expect(isCopy(undefined, undefined)).toBe(false);
  });

  it('is not what has more than 1,000 values, which end the comparison', () => {
    const long = (length: number): number[] => Array.from({ length }, () => 1);
    expect(isCopy({ all: long(900) }, { all: long(900) })).toBe(true);
    let [one, other]: unknown[] = [{}, {}];
    // 2 to the power of 60, if each were looked at.
    for (let level = 0; level < 60; level++) {
      one = [one, one];
      other = [other, other];
    }
    expect(isCopy(one, other)).toBe(false);
    const [loop, same]: unknown[][] = [[], []];
    loop?.push(loop);
    same?.push(same);
    expect(isCopy(loop, same)).toBe(false);
  });

  it('is not what throws when it is looked at', () => {
    const log = jest.spyOn(console, 'error').mockImplementation(() => {});
    const sore = (): object => ({
      get a(): never {
        throw new Error('sore');
      },
    });
    expect(isCopy(sore(), sore())).toBe(false);
    expect(log).toHaveBeenCalledTimes(1);
  });
});
