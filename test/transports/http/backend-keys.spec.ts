import { describe, expect, it } from '@jest/globals';
import { BackendKeys } from '../../../src/transports/http/backend-keys.js';

/** A header as Node gives it: one character per byte. */
const header = (key: string): string => Buffer.from(key).toString('latin1');

describe('BackendKeys', () => {
  it('accepts its key, and nothing near it', () => {
    const keys = new BackendKeys('swordfish');
    expect(keys.accept('swordfish')).toBe(true);
    for (const wrong of [
      'swordfis',
      'swordfish ',
      'Swordfish',
      'swordfish\0',
      '',
      'swordfish, swordfish',
    ]) {
      expect([wrong, keys.accept(wrong)]).toEqual([wrong, false]);
    }
    expect(keys.accept(undefined)).toBe(false);
    expect(keys.accept(['swordfish'])).toBe(false);
  });

  it('accepts each of several', () => {
    const keys = new BackendKeys(['old', 'new']);
    expect(
      ['old', 'new', 'oldnew', 'old,new'].map((key) => keys.accept(key)),
    ).toEqual([true, true, false, false]);
  });

  it('compares bytes, not letters', () => {
    const keys = new BackendKeys('ключ🔑');
    expect(keys.accept(header('ключ🔑'))).toBe(true);
    expect(keys.accept('ключ🔑')).toBe(false);
    // Two spellings of one letter are two keys.
    expect(new BackendKeys('e\u0301').accept(header('é'))).toBe(false);
  });

  it.each([
    ['no list of keys', []],
    ['an empty key', ''],
    ['an empty key among others', ['a', '']],
  ])('is not made of %s', (_what, keys) => {
    expect(() => new BackendKeys(keys)).toThrow(TypeError);
  });
});
