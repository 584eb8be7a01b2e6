import { describe, expect, it, jest } from '@jest/globals';
import { WaitingTokens } from '../../../../src/services/datasync/tokens/waiting-tokens.js';

const LONG = 60_000;

describe('Waiting tokens', () => {
  it('are full with as many as may wait', () => {
    const waiting = new WaitingTokens(2, LONG);
    waiting.add('a');
    expect(waiting.full).toBe(false);
    waiting.add('b');
    expect(waiting.full).toBe(true);
    waiting.forget('a');
    expect(waiting.full).toBe(false);
    waiting.forget('nobody');
    expect(waiting.full).toBe(false);
  });

  it('count one that waits anew once, and as long as all others', () => {
    jest.useFakeTimers();
    try {
      const waiting = new WaitingTokens(2, 100);
      waiting.add('a');
      waiting.add('b');
      jest.advanceTimersByTime(60);
      waiting.add('a');
      expect(waiting.full).toBe(true);
      jest.advanceTimersByTime(60);
      // Now `b` has run out, and `a` has not.
      expect(waiting.full).toBe(false);
      waiting.add('c');
      expect(waiting.full).toBe(true);
      jest.advanceTimersByTime(60);
      expect(waiting.full).toBe(false);
    } finally {
      jest.useRealTimers();
    }
  });

  it('count one from before it is stored, unless that fails', async () => {
    const waiting = new WaitingTokens(1, LONG);
    const error = new Error('No');
    const failing = waiting.addIf('a', () => Promise.reject(error));
    expect(waiting.full).toBe(true);
    await expect(failing).rejects.toBe(error);
    expect(waiting.full).toBe(false);
    expect(() =>
      waiting.addIf('a', () => {
        throw error;
      }),
    ).toThrow(error);
    expect(waiting.full).toBe(false);
    expect(waiting.addIf('a', () => 7)).toBe(7);
    expect(waiting.full).toBe(true);
    waiting.forget('a');
    expect(await waiting.addIf('a', () => Promise.resolve(7))).toBe(7);
    expect(waiting.full).toBe(true);
  });
});
