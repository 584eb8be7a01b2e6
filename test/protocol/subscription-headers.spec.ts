import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  decodePart,
  encodePart,
  tellsPart,
} from '../../src/protocol/subscription-headers.js';

describe('the header of a part', () => {
  it('names fields, encoded', () => {
    expect(encodePart(['createdAt', 'id'])).toBe('ordered-by=createdAt,id');
    expect(encodePart(['a,b', 'größe', ' '])).toBe(
      'ordered-by=a%2Cb,gr%C3%B6%C3%9Fe,%20',
    );
  });

  it('brings any names in ASCII, within its length', () => {
    const names = fc.array(fc.string({ unit: 'binary' }), { maxLength: 20 });
    fc.assert(
      fc.property(names, (fields) => {
        const value = encodePart(fields);
        expect(value).toMatch(/^[!-~]{1,1024}$/);
        expect(decodePart(value)).toEqual(tellsPart(fields) ? fields : []);
      }),
    );
  });

  it.each([
    ['no list', undefined],
    ['a text', 'createdAt'],
    ['no names', []],
    ['names that are none', [undefined]],
    ['an empty name', ['id', '']],
    ['half a character', ['\ud800']],
    ['too many names', Array(17).fill('a')],
    ['too long names', ['a'.repeat(1100)]],
    ['names that are too long when encoded', ['ß'.repeat(200)]],
  ])('does not tell an order of %s', (_what, fields) => {
    expect(encodePart(fields)).toBe('order-unknown');
  });

  it.each([
    'order-unknown',
    'ordered-by=',
    'ordered-by=%',
    'ordered-by=%FF',
    'Ordered-By=id',
    'true',
    'something new; ordered-by=id',
  ])('tells no order by "%s"', (value) => {
    expect(decodePart(value)).toEqual([]);
  });
});
