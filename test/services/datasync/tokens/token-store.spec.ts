import {
  afterEach,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import { MemoryBroker } from '../../../../src/broker/memory/memory-broker.js';
import { TokenStore } from '../../../../src/services/datasync/tokens/token-store.js';

const FREE = {
  items: [{ dealer: 'All', query: null }],
  position: 1,
  revocations: 2,
};
const BOUND = { ...FREE, binding: '"ann"' };
const TIMEOUT = 1000;

function open() {
  const broker = new MemoryBroker();
  const store = new TokenStore(broker, 'tasks', TIMEOUT, 1);
  const claim = (holder: string, identity?: string) =>
    store.claim('t', { holder, mode: 'resumable', identity });
  return { broker, store, claim };
}

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('The tokens of a service', () => {
  it('answer what is known under them to whoever takes them over', () => {
    const { store, claim } = open();
    void store.put('t', FREE);
    for (const holder of ['a', 'b']) {
      expect(claim(holder)).toEqual({
        type: 'claimed',
        authorization: expect.objectContaining(FREE),
      });
    }
    expect(store.isHeldBy('t', 'a', undefined)).toBe('lost');
    expect(store.isHeldBy('t', 'b', undefined)).toBe('kept');
    expect(store.isHeldBy('x', 'b', undefined)).toBe('forgotten');
  });

  it('are gone once they were acquired for good', () => {
    const { store } = open();
    void store.put('t', FREE);
    const once = { holder: 'a', mode: 'once', identity: undefined } as const;
    expect(store.claim('t', once)).toMatchObject({ type: 'claimed' });
    expect(store.claim('t', once)).toEqual({
      type: 'refused',
      reason: 'unknown',
    });
    expect(store.isHeldBy('t', 'a', undefined)).toBe('forgotten');
  });

  it('are refused to another identity than theirs', () => {
    const { store, claim } = open();
    void store.put('t', BOUND);
    const refused = { type: 'refused', reason: 'binding' };
    expect(claim('a')).toEqual(refused);
    expect(claim('a', '"bob"')).toEqual(refused);
    expect(claim('a', '"ann"')).toMatchObject({ type: 'claimed' });
    expect(store.isHeldBy('t', 'a', '"bob"')).toBe('lost');
    expect(store.isHeldBy('t', 'a', '"ann"')).toBe('kept');
  });

  it('stay with who has them when somebody gives them up who had them before', () => {
    const { store, claim } = open();
    void store.put('t', FREE);
    claim('a');
    claim('b');
    expect(store.removeHeld('t', 'a')).toBe(false);
    expect(store.update('t', 'a', FREE)).toBe(false);
    expect(store.release('t', 'a', undefined, undefined)).toBe(false);
    // An earlier holder cannot end it by an expiry that has passed either.
    expect(store.release('t', 'a', Date.now() - 1, undefined)).toBe(false);
    expect(store.isHeldBy('t', 'b', undefined)).toBe('kept');
    expect(store.removeHeld('t', 'b')).toBe(true);
    expect(store.isHeldBy('t', 'b', undefined)).toBe('forgotten');
  });

  it('say from then on what was written or given back with them', () => {
    const { store, claim } = open();
    void store.put('t', FREE);
    claim('a');
    const moved = { ...FREE, position: 7 };
    expect(store.update('t', 'a', moved)).toBe(true);
    expect(claim('a')).toMatchObject({ authorization: moved });
    expect(store.release('t', 'a', undefined, undefined)).toBe(true);
    expect(claim('b')).toMatchObject({ authorization: moved });
    expect(store.release('t', 'b', undefined, FREE)).toBe(true);
    expect(claim('c')).toMatchObject({ authorization: FREE });
  });

  it('wait as long as they may, and no longer than what was authorized lasts', () => {
    const { store, claim } = open();
    const now = Date.now();
    for (const [expiresAt, left] of [
      [undefined, TIMEOUT],
      [now + 10 * TIMEOUT, TIMEOUT],
      [now + 400, 400],
    ] as const) {
      jest.setSystemTime(now);
      void store.put('t', {
        ...FREE,
        ...(expiresAt === undefined ? {} : { expiresAt }),
      });
      claim('a');
      void store.release('t', 'a', expiresAt, undefined);
      jest.advanceTimersByTime(left - 1);
      expect(claim('a')).toMatchObject({ type: 'claimed' });
      void store.release('t', 'a', now + 1e9, undefined);
      jest.advanceTimersByTime(TIMEOUT + 1);
      expect(claim('a')).toMatchObject({ type: 'refused' });
    }
  });

  it('are removed when they are given back after their time', () => {
    const { store, claim } = open();
    void store.put('t', FREE);
    claim('a');
    expect(store.release('t', 'a', Date.now(), undefined)).toBe(true);
    expect(claim('a')).toMatchObject({ reason: 'unknown' });
  });

  it('are claimed as spent once their time has come', () => {
    const { store, claim } = open();
    void store.put('t', { ...FREE, expiresAt: Date.now() + 100 });
    expect(claim('a')).not.toHaveProperty('fit');
    // Who holds one keeps it from running out.
    jest.advanceTimersByTime(100);
    expect(claim('b')).toMatchObject({ type: 'claimed', fit: 'spent' });
  });

  it.each([
    ['of another version', { v: 2, ...FREE }],
    ['without items', { v: 1, position: 1, revocations: 2 }],
    ['that is none of ours', 'x'],
  ])('are claimed as unreadable with a value %s', (_what, value) => {
    const { broker, claim } = open();
    broker.tokens.put('tasks:t', value, TIMEOUT);
    expect(claim('a')).toMatchObject({ type: 'claimed', fit: 'unreadable' });
  });

  it('wait for a client until one comes or they are gone, and not before they are given back', () => {
    const { store, claim } = open();
    const waits = (): boolean => store.waiting.full;
    store.waiting.add('t');
    void store.put('t', FREE);
    expect(waits()).toBe(true);
    claim('a');
    expect(waits()).toBe(false);
    expect(store.release('t', 'a', undefined, undefined)).toBe(true);
    expect(waits()).toBe(true);
    // It was not removed: nobody but its holder can.
    expect(store.removeHeld('t', 'b')).toBe(false);
    expect(waits()).toBe(true);
    claim('a');
    claim('b');
    expect(store.release('t', 'a', undefined, undefined)).toBe(false);
    expect(waits()).toBe(false);
    expect(store.release('t', 'b', undefined, undefined)).toBe(true);
    expect(store.withdraw('t')).toBe(true);
    expect(waits()).toBe(false);
    expect(claim('a')).toMatchObject({ reason: 'unknown' });
  });

  it('are of one service', () => {
    const { broker, store, claim } = open();
    const other = new TokenStore(broker, 'notes', TIMEOUT, 1);
    void store.put('t', FREE);
    expect(
      other.claim('t', { holder: 'a', mode: 'once', identity: undefined }),
    ).toMatchObject({ reason: 'unknown' });
    expect(claim('a')).toMatchObject({ type: 'claimed' });
  });
});

describe('What nodes say of tokens that were taken over', () => {
  it('comes to all who listen, of their service alone, until they stop', () => {
    const { broker, store } = open();
    const other = new TokenStore(broker, 'notes', TIMEOUT, 1);
    const heard: unknown[] = [];
    const stop = store.onTaken(
      (token, holder) => heard.push([token, holder]),
      () => heard.push('gap'),
    ) as () => void;
    void store.announce('t', 'a');
    void other.announce('t', 'b');
    expect(heard).toEqual([['t', 'a']]);
    stop();
    void store.announce('t', 'c');
    expect(heard).toHaveLength(1);
  });

  it.each([
    { v: 2, token: 't', holder: 'a' },
    { v: 1, token: 't' },
    { v: 1, holder: 'a' },
    'x',
  ])('is a gap where it cannot be understood: %j', (said) => {
    const { broker, store } = open();
    const heard: unknown[] = [];
    void store.onTaken(
      (token) => heard.push(token),
      () => heard.push('gap'),
    );
    broker.topics.announce('taken:tasks', said);
    expect(heard).toEqual(['gap']);
  });
});
