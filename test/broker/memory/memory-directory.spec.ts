import {
  afterEach,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import { BrokerUnavailable } from '../../../src/broker/broker-errors.js';
import { MemoryBroker } from '../../../src/broker/memory/memory-broker.js';
import { MemoryStore } from '../../../src/broker/memory/memory-store.js';
import type { DirectoryEvent } from '../../../src/broker/ports/directory.js';
import type { Stop } from '../../../src/broker/ports/listening.js';
import type { Position } from '../../../src/broker/ports/log.js';

describe('MemoryDirectory', () => {
  let store: MemoryStore;
  let a: MemoryBroker;
  let b: MemoryBroker;

  beforeEach(() => {
    jest.useFakeTimers();
    store = new MemoryStore({ lease: 1_000, directoryEvents: 5 });
    a = new MemoryBroker({ store, node: 'a' });
    b = new MemoryBroker({ store, node: 'b' });
  });

  afterEach(() => {
    void a.close();
    void b.close();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  function watch(
    broker: MemoryBroker,
    heard: string[],
    name: string,
    act?: (event: DirectoryEvent) => void,
    since: Position = broker.directory.list('s').position,
  ): Stop {
    const answer = broker.directory.watch('s', since, (event) => {
      heard.push(`${name}: ${event.kind} ${event.entry.key}`);
      act?.(event);
    });
    if (!answer.covered) throw new Error('not covered');
    return answer.stop;
  }

  it('answers at once', () => {
    const heard: string[] = [];
    watch(b, heard, 'b');
    const position = a.directory.join('s', 'x', 1);
    expect(heard).toEqual(['b: join x']);
    expect(a.directory.list('s')).toEqual({
      entries: [{ key: 'x', value: 1, node: 'a' }],
      position,
    });
    expect(a.directory.claim('s', 'x', 2)).toMatchObject({ claimed: false });
    expect(a.directory.leave('s', 'x')).toBe(true);
  });

  it('needs no timers while nobody is cut off', () => {
    a.directory.join('s', 'x', 1);
    b.directory.join('s', 'y', 1);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('refuses a second node of one name', () => {
    expect(() => new MemoryBroker({ store, node: 'a' })).toThrow(
      'The store has a node "a" already: close its broker first, or choose another name',
    );
    void a.close();
    a = new MemoryBroker({ store, node: 'a' });
  });

  it('knows only its nodes', () => {
    expect(() => store.cutOff('c')).toThrow('The store has no node "c"');
    expect(() => store.restore('c')).toThrow('The store has no node "c"');
  });

  describe('with watchers that act', () => {
    it('keeps the order of the log for every watcher', () => {
      const heard: string[] = [];
      watch(a, heard, '1', ({ kind }) => {
        if (kind === 'join') a.directory.leave('s', 'x');
      });
      watch(b, heard, '2');
      a.directory.join('s', 'x', 1);
      expect(heard).toEqual([
        '1: join x',
        '2: join x',
        '1: leave x',
        '2: leave x',
      ]);
    });

    it('gives the past before what its watcher causes', () => {
      const heard: string[] = [];
      const { position } = a.directory.list('s');
      a.directory.join('s', 'x', 1);
      a.directory.join('s', 'y', 1);
      watch(b, heard, 'early');
      const act = ({ entry }: DirectoryEvent): void => {
        if (entry.key === 'x') a.directory.join('s', 'z', 1);
      };
      watch(a, heard, 'late', act, position);
      expect(heard).toEqual([
        'late: join x',
        'late: join y',
        'early: join z',
        'late: join z',
      ]);
    });

    it('gives each event once to who watches from inside a watcher', () => {
      const heard: string[] = [];
      const { position } = a.directory.list('s');
      watch(a, heard, 'outer', ({ entry }) => {
        if (entry.key !== 'x') return;
        a.directory.join('s', 'y', 1);
        watch(a, heard, 'inner', undefined, position);
        a.directory.join('s', 'z', 1);
      });
      watch(b, heard, 'after');
      a.directory.join('s', 'x', 1);
      expect(heard.filter((line) => line.startsWith('inner'))).toEqual([
        'inner: join x',
        'inner: join y',
        'inner: join z',
      ]);
      expect(heard.filter((line) => line.startsWith('outer'))).toEqual([
        'outer: join x',
        'outer: join y',
        'outer: join z',
      ]);
      expect(heard.filter((line) => line.startsWith('after'))).toEqual([
        'after: join x',
        'after: join y',
        'after: join z',
      ]);
    });

    it('stops a watcher that closes its broker while it catches up', () => {
      const heard: string[] = [];
      const { position } = a.directory.list('s');
      b.directory.join('s', 'x', 1);
      b.directory.join('s', 'y', 1);
      watch(a, heard, 'a', () => void a.close(), position);
      b.directory.join('s', 'z', 1);
      expect(heard).toEqual(['a: join x']);
    });

    it('leaves a key alone that was taken over while others expired', () => {
      a.directory.join('s', 'x', 1);
      a.directory.join('s', 'y', 1);
      const heard: string[] = [];
      watch(b, heard, 'b', ({ kind, entry }) => {
        if (kind === 'expire' && entry.key === 'x') {
          b.directory.join('s', 'y', 2);
        }
      });
      store.cutOff('a');
      jest.advanceTimersByTime(1_000);
      expect(heard).toEqual(['b: expire x', 'b: join y']);
      expect(b.directory.list('s').entries).toEqual([
        { key: 'y', value: 2, node: 'b' },
      ]);
    });
  });

  describe('leases', () => {
    it('last as long as the store says, then expire', () => {
      const heard: string[] = [];
      a.directory.join('s', 'x', 1);
      watch(b, heard, 'b');
      store.cutOff('a');
      store.cutOff('a');
      a.directory.join('s', 'y', 1);
      jest.advanceTimersByTime(999);
      expect(heard).toEqual(['b: join y']);
      jest.advanceTimersByTime(1);
      expect(heard).toEqual(['b: join y', 'b: expire x', 'b: expire y']);
    });

    it('go on when a node comes back in time', () => {
      const lost = jest.fn();
      const heard: string[] = [];
      a.directory.onLost(lost);
      a.directory.join('s', 'x', 1);
      watch(b, heard, 'b');
      store.cutOff('a');
      jest.advanceTimersByTime(999);
      store.restore('a');
      jest.advanceTimersByTime(5_000);
      expect(heard).toEqual([]);
      expect(lost).not.toHaveBeenCalled();
    });

    it('run out once for a node that is cut off twice', () => {
      const lost = jest.fn();
      a.directory.onLost(lost);
      store.cutOff('a');
      jest.advanceTimersByTime(500);
      store.cutOff('a');
      jest.advanceTimersByTime(500);
      store.restore('a');
      a.directory.join('s', 'x', 1);
      jest.advanceTimersByTime(5_000);
      expect(a.directory.list('s').entries).toHaveLength(1);
      expect(lost).toHaveBeenCalledTimes(1);
    });

    it('are told as lost to nobody whom another listener has stopped', () => {
      const stopped = jest.fn();
      a.directory.onLost(() => stop());
      const stop = a.directory.onLost(stopped);
      store.cutOff('a');
      jest.advanceTimersByTime(1_000);
      store.restore('a');
      expect(stopped).not.toHaveBeenCalled();
    });

    it('let a node that has lost them make no entries until it is back', () => {
      store.cutOff('a');
      jest.advanceTimersByTime(1_000);
      expect(() => a.directory.join('s', 'x', 1)).toThrow(BrokerUnavailable);
      expect(() => a.directory.claim('s', 'x', 1)).toThrow(BrokerUnavailable);
      expect(store.usage().sets).toBe(0);
      const heard: string[] = [];
      watch(b, heard, 'b');
      a.directory.onLost(() => a.directory.join('s', 'x', 1));
      store.restore('a');
      store.restore('a');
      expect(heard).toEqual(['b: join x']);
    });
  });

  describe('memory', () => {
    it('holds no set without members and watchers', () => {
      const { position } = a.directory.list('s');
      expect(store.usage().sets).toBe(0);
      a.directory.leave('s', 'x');
      const stop = watch(a, [], 'a');
      a.directory.join('s', 'x', 1);
      stop();
      expect(store.usage().sets).toBe(1);
      a.directory.leave('s', 'x');
      a.directory.watch('s', 'foreign', () => undefined);
      a.directory.watch('s', position, () => undefined);
      expect(store.usage().sets).toBe(0);
    });

    it('misses no event of a set that it has forgotten', () => {
      const { position } = a.directory.list('s');
      a.directory.join('s', 'x', 1);
      a.directory.leave('s', 'x');
      const { position: after } = a.directory.list('s');
      const heard: string[] = [];
      expect(() => watch(a, heard, 'a', undefined, position)).toThrow();
      a.directory.join('s', 'y', 1);
      expect(() => watch(a, heard, 'a', undefined, position)).toThrow();
      watch(a, heard, 'a', undefined, after);
      expect(heard).toEqual(['a: join y']);
    });

    it('bounds what all sets remember together', () => {
      const { position } = a.directory.list('s');
      a.directory.join('s', 'x', 1);
      const joined = a.directory.list('s').position;
      for (const key of ['1', '2', '3', '4']) a.directory.join('o', key, 1);
      const heard: string[] = [];
      watch(a, heard, 'covered', undefined, position)();
      a.directory.join('o', '5', 1);
      expect(() => watch(a, heard, 'lost', undefined, position)).toThrow();
      watch(a, heard, 'still', undefined, joined);
      expect(heard).toEqual(['covered: join x']);
    });
  });
});
