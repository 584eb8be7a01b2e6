import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { backoff } from '../../../src/transports/webhook/backoff.js';

afterEach(() => {
  jest.restoreAllMocks();
});

describe('The pause between two attempts', () => {
  it.each([
    ['half of the longest', 0, [250, 500, 1000, 2000, 4000, 8000, 15_000]],
    ['the longest', 1, [500, 1000, 2000, 4000, 8000, 16_000, 30_000]],
  ])('is doubled up to half a minute, from %s on', (_what, random, pauses) => {
    jest.spyOn(Math, 'random').mockReturnValue(random);
    expect(pauses.map((_, attempt) => backoff(attempt))).toEqual(pauses);
    expect(backoff(1000)).toBe(pauses.at(-1));
  });
});
