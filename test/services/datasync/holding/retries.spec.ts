import { describe, expect, it } from '@jest/globals';
import { Retries } from '../../../../src/services/datasync/holding/retries.js';

/** What waits, with its delays; time passes when it is told to. */
function setUp() {
  const waiting = new Map<() => void, number>();
  const retries = new Retries({
    after: (delay, act) => {
      waiting.set(act, delay);
      return () => waiting.delete(act);
    },
  });
  const pass = (): void => {
    for (const act of [...waiting.keys()]) {
      waiting.delete(act);
      act();
    }
  };
  return { retries, waiting, pass };
}

describe('What the broker failed at', () => {
  it('is tried again after a delay that doubles, up to half a minute', () => {
    const { retries, waiting, pass } = setUp();
    const delays = [1, 2, 3, 5, 6, 20].map((attempt) => {
      retries.later(attempt, () => {});
      const [delay] = waiting.values();
      pass();
      return delay;
    });
    expect(delays).toEqual([1000, 2000, 4000, 16_000, 30_000, 30_000]);
  });

  it('is tried once for each failure', () => {
    const { retries, pass } = setUp();
    let tries = 0;
    retries.later(1, () => tries++);
    pass();
    pass();
    expect({ tries, size: retries.size }).toEqual({ tries: 1, size: 0 });
  });

  it('is not tried again at the end, nor if it fails after that', () => {
    const { retries, waiting, pass } = setUp();
    let tries = 0;
    retries.later(1, () => tries++);
    retries.stop();
    retries.later(1, () => tries++);
    expect({ waiting: waiting.size, size: retries.size }).toEqual({
      waiting: 0,
      size: 0,
    });
    pass();
    expect(tries).toBe(0);
  });
});
