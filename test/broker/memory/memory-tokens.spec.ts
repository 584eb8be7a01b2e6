import {
  afterEach,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import { MemoryBroker } from '../../../src/broker/memory/memory-broker.js';
import { MemoryStore } from '../../../src/broker/memory/memory-store.js';

describe('MemoryTokens', () => {
  let store: MemoryStore;
  let a: MemoryBroker;
  let b: MemoryBroker;

  beforeEach(() => {
    jest.useFakeTimers();
    store = new MemoryStore({ lease: 1_000 });
    a = new MemoryBroker({ store, node: 'a' });
    b = new MemoryBroker({ store, node: 'b' });
  });

  afterEach(() => {
    void a.close();
    void b.close();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  /** Tokens that are there still. */
  const left = (): number => store.usage().tokens;

  it('answers at once', () => {
    expect(a.tokens.put('t', 1, 100)).toBeUndefined();
    expect(a.tokens.claim('t', 'me')).toMatchObject({ value: 1 });
    expect(a.tokens.release('t', 'me', 100)).toBe(true);
    expect(a.tokens.remove('t')).toBe(true);
  });

  it('expires in the order of time on one timer that lets go', () => {
    a.tokens.put('2', 1, 200);
    a.tokens.put('1', 1, 100);
    a.tokens.put('3', 1, 300);
    a.tokens.put('1 too', 1, 100);
    expect(jest.getTimerCount()).toBe(1);
    jest.advanceTimersByTime(99);
    expect(left()).toBe(4);
    jest.advanceTimersByTime(1);
    expect(left()).toBe(2);
    jest.advanceTimersByTime(100);
    expect(left()).toBe(1);
    expect(a.tokens.claim('3', 'me')).toMatchObject({ claimed: true });
    a.tokens.release('3', 'me', 100);
    jest.advanceTimersByTime(100);
    expect(store.usage()).toMatchObject({ tokens: 0, alarms: 0 });
    expect(jest.getTimerCount()).toBe(0);
  });

  it('holds no alarm for what is held or removed', () => {
    a.tokens.put('held', 1, 100);
    a.tokens.put('removed', 1, 100);
    a.tokens.claim('held', 'me');
    a.tokens.remove('removed');
    expect(store.usage()).toMatchObject({ tokens: 1, alarms: 0 });
    expect(jest.getTimerCount()).toBe(0);
  });

  it('counts the time to live from the release', () => {
    a.tokens.put('t', 1, 100);
    jest.advanceTimersByTime(99);
    a.tokens.claim('t', 'me');
    jest.advanceTimersByTime(1_000);
    a.tokens.release('t', 'me', 50);
    jest.advanceTimersByTime(49);
    expect(left()).toBe(1);
    jest.advanceTimersByTime(1);
    expect(left()).toBe(0);
  });

  it('lets a put replace a token with its time and its holder', () => {
    a.tokens.put('t', 1, 100);
    a.tokens.put('t', 2, 500);
    jest.advanceTimersByTime(100);
    expect(a.tokens.claim('t', 'me')).toMatchObject({ value: 2 });
    a.tokens.put('t', 3, 500);
    expect(a.tokens.claim('t', 'you')).toMatchObject({ value: 3 });
  });

  it('gives nobody a token whose time has come though the timer is late', () => {
    a.tokens.put('t', 1, 100);
    const late = performance.now() + 100;
    const clock = jest.spyOn(performance, 'now').mockReturnValue(late);
    expect(a.tokens.claim('t', 'me')).toMatchObject({ claimed: false });
    expect(a.tokens.remove('t')).toBe(false);
    clock.mockRestore();
    jest.advanceTimersByTime(100);
    expect(left()).toBe(0);
  });

  it('keeps a token for ever whose time is not bounded', () => {
    a.tokens.put('t', 1, Infinity);
    jest.advanceTimersByTime(2 ** 40);
    expect(a.tokens.claim('t', 'me')).toMatchObject({ value: 1 });
  });

  it('keeps a token for longer than a timer can last', () => {
    a.tokens.put('t', 1, 2 ** 32);
    jest.advanceTimersByTime(2 ** 32 - 1);
    expect(left()).toBe(1);
    jest.advanceTimersByTime(1);
    expect(left()).toBe(0);
  });

  it.each([NaN, -1])('refuses %p as a time to live', (ttl) => {
    expect(() => a.tokens.put('t', 1, ttl)).toThrow(RangeError);
    expect(() => a.tokens.release('t', 'me', ttl)).toThrow(RangeError);
    expect(store.usage().tokens).toBe(0);
  });

  describe('frees what was held through a node', () => {
    it('that has lost its leases', () => {
      a.tokens.put('t', 1, 100);
      a.tokens.claim('t', 'me');
      store.cutOff('a');
      jest.advanceTimersByTime(1_099);
      expect(left()).toBe(1);
      jest.advanceTimersByTime(1);
      expect(left()).toBe(0);
    });

    it('that is closed', () => {
      a.tokens.put('t', 1, 100);
      a.tokens.claim('t', 'me');
      void a.close();
      expect(b.tokens.claim('t', 'you')).toMatchObject({ value: 1 });
    });

    it('but not what another node has taken over', () => {
      a.tokens.put('t', 1, 100);
      a.tokens.claim('t', 'me');
      b.tokens.claim('t', 'you', { takeOver: true });
      void a.close();
      expect(b.tokens.claim('t', 'me')).toMatchObject({ claimed: false });
      expect(b.tokens.claim('t', 'you')).toMatchObject({ value: 1 });
    });
  });

  it('expires in real time too, without keeping the process alive', async () => {
    jest.useRealTimers();
    const broker = new MemoryBroker();
    const timers = activeTimers();
    const begin = performance.now();
    broker.tokens.put('t', 1, 20, { binding: 'ann' });
    expect(activeTimers()).toBe(timers);
    // A claim that is refused changes nothing.
    const isThere = (): boolean => {
      const claim = broker.tokens.claim('t', 'me', { binding: 'nobody' });
      return !claim.claimed && claim.reason === 'binding';
    };
    while (isThere()) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(performance.now() - begin).toBeGreaterThanOrEqual(20);
    void broker.close();
    jest.useFakeTimers();
  });
});

/** Timers that keep the process alive; the test runner has some. */
function activeTimers(): number {
  const resources = process.getActiveResourcesInfo();
  return resources.filter((name) => name === 'Timeout').length;
}
