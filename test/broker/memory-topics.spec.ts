import {
  afterEach,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import { MemoryBroker } from '../../src/broker/memory/memory-broker.js';
import { MemoryStore } from '../../src/broker/memory/memory-store.js';
import type { TopicEntry } from '../../src/broker/ports.js';
import type { JsonValue } from '../../src/protocol/json.js';

const keepAll = { entries: 1000, bytes: 1_000_000, age: 60_000 };

describe('MemoryTopics', () => {
  let store: MemoryStore;
  let broker: MemoryBroker;

  beforeEach(() => {
    jest.useFakeTimers();
    store = new MemoryStore();
    broker = new MemoryBroker({ store });
  });

  afterEach(() => {
    broker.close();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  /** Listens under a name; what all of them hear is in one list. */
  function listen(
    heard: string[],
    name: string,
    act?: (value: JsonValue) => void,
  ): () => void {
    return broker.topics.subscribe('t', ({ value }: TopicEntry) => {
      heard.push(`${name}${JSON.stringify(value)}`);
      act?.(value);
    });
  }

  it('answers at once', () => {
    const heard: string[] = [];
    const stop = listen(heard, 'a');
    const since = broker.topics.position('t');
    const position = broker.topics.publish('t', 1, keepAll);
    expect(heard).toEqual(['a1']);
    expect(broker.topics.replay('t', since)).toEqual({
      covered: true,
      entries: [{ value: 1, position }],
      position,
      more: false,
    });
    expect(stop()).toBeUndefined();
  });

  it('reads no clock and sets no timer without retention', () => {
    const clock = jest.spyOn(performance, 'now');
    const day = jest.spyOn(Date, 'now');
    broker.topics.publish('t', 1);
    broker.topics.subscribe('t', () => undefined);
    broker.topics.publish('t', 1);
    expect(clock).not.toHaveBeenCalled();
    expect(day).not.toHaveBeenCalled();
    expect(jest.getTimerCount()).toBe(0);
    clock.mockRestore();
    day.mockRestore();
  });

  describe('with listeners that act', () => {
    it('delivers what a listener publishes after the current entry', () => {
      const heard: string[] = [];
      listen(heard, 'a', (value) => {
        if (value !== 1) return;
        broker.topics.publish('t', 2);
        broker.topics.publish('t', 3, keepAll);
        heard.push('a is done');
      });
      listen(heard, 'b');
      broker.topics.publish('t', 1);
      expect(heard).toEqual(['a1', 'a is done', 'b1', 'a2', 'b2', 'a3', 'b3']);
    });

    it('delivers at once what a listener publishes elsewhere', () => {
      const heard: string[] = [];
      broker.topics.subscribe('other', () => heard.push('other'));
      listen(heard, 'a', () => {
        broker.topics.publish('other', 1);
        heard.push('a is done');
      });
      broker.topics.publish('t', 1);
      expect(heard).toEqual(['a1', 'other', 'a is done']);
    });

    it('keeps the order when topics publish into each other', () => {
      const heard: string[] = [];
      broker.topics.subscribe('other', ({ value }) => {
        if (value === 1) broker.topics.publish('t', 2);
      });
      listen(heard, 'a', (value) => broker.topics.publish('other', value));
      listen(heard, 'b');
      broker.topics.publish('t', 1);
      expect(heard).toEqual(['a1', 'b1', 'a2', 'b2']);
    });

    it('gives a new listener only what is published after it began', () => {
      const heard: string[] = [];
      listen(heard, 'a', (value) => {
        if (value !== 1) return;
        broker.topics.publish('t', 2);
        listen(heard, 'new');
        broker.topics.publish('t', 3);
      });
      broker.topics.publish('t', 1);
      expect(heard).toEqual(['a1', 'a2', 'a3', 'new3']);
    });

    it('gives a listener nothing after another has stopped it', () => {
      const heard: string[] = [];
      let stopB: (() => void) | undefined;
      listen(heard, 'a', () => stopB?.());
      stopB = listen(heard, 'b');
      broker.topics.publish('t', 1);
      expect(heard).toEqual(['a1']);
    });

    it('skips nobody when a listener stops itself', () => {
      const heard: string[] = [];
      const stop = listen(heard, 'a', () => stop());
      listen(heard, 'b');
      broker.topics.publish('t', 1);
      broker.topics.publish('t', 2);
      expect(heard).toEqual(['a1', 'b1', 'b2']);
    });

    it('serves a topic again whose last listener replaced itself', () => {
      const heard: string[] = [];
      const stop = listen(heard, 'a', () => {
        broker.topics.publish('t', 'waiting');
        stop();
        listen(heard, 'b');
      });
      broker.topics.publish('t', 1);
      broker.topics.publish('t', 2);
      expect(heard).toEqual(['a1', 'b2']);
    });

    it('keeps what a throwing listener has published', () => {
      const heard: string[] = [];
      listen(heard, 'a', (value) => {
        if (value !== 1) return;
        broker.topics.publish('t', 2);
        throw new Error('listener');
      });
      listen(heard, 'b');
      broker.topics.publish('t', 1);
      expect(heard).toEqual(['a1', 'b1', 'a2', 'b2']);
    });

    it('closes in the middle of a delivery', () => {
      const heard: string[] = [];
      listen(heard, 'a', () => broker.close());
      listen(heard, 'b');
      broker.topics.publish('t', 1);
      expect(heard).toEqual(['a1']);
      expect(store.usage().topics).toBe(0);
    });
  });

  it('counts and reports what listeners throw, and survives the reporter', () => {
    const error = new Error('listener');
    const reported: unknown[] = [];
    const other = new MemoryBroker({
      store,
      onError: (...args) => {
        reported.push(args);
        throw new Error('reporter');
      },
    });
    other.topics.subscribe('t', () => {
      throw error;
    });
    broker.topics.publish('t', 1);
    expect(reported).toEqual([[error, { port: 'topics', name: 't' }]]);
    expect([other.failures, broker.failures]).toEqual([1, 0]);
    other.close();
  });

  it('logs nothing when a value is not JSON', () => {
    const since = broker.topics.position('t');
    const circle: { self?: JsonValue } = {};
    circle.self = circle;
    expect(() => broker.topics.publish('t', circle, keepAll)).toThrow(
      TypeError,
    );
    expect(broker.topics.replay('t', since)).toMatchObject({ entries: [] });
    expect(store.usage().topics).toBe(0);
  });

  describe('memory', () => {
    it('holds no topic that nobody listens to or keeps', () => {
      for (let n = 0; n < 100; n += 1) broker.topics.publish(`t${n}`, n);
      const stop = broker.topics.subscribe('t', () => undefined);
      const stopToo = broker.topics.subscribe('t', () => undefined);
      broker.topics.publish('t', 1);
      stop();
      expect(store.usage().topics).toBe(1);
      stopToo();
      broker.topics.position('t');
      broker.topics.replay('t', broker.topics.position('t'));
      broker.topics.publish('t', 1, { ...keepAll, entries: 0 });
      broker.topics.publish('t', 1, { ...keepAll, age: 0 });
      expect(store.usage()).toEqual({
        topics: 0,
        sets: 0,
        tokens: 0,
        alarms: 0,
      });
    });

    it('holds a log until all its entries are too old', () => {
      const since = broker.topics.position('t');
      const age = 10_000;
      const first = broker.topics.publish('t', 1, { ...keepAll, age });
      jest.advanceTimersByTime(6_000);
      broker.topics.publish('t', 2, { ...keepAll, age });
      jest.advanceTimersByTime(3_999);
      expect(broker.topics.replay('t', since)).toMatchObject({ covered: true });
      jest.advanceTimersByTime(1);
      expect(broker.topics.replay('t', since)).toEqual({ covered: false });
      expect(broker.topics.replay('t', first)).toMatchObject({
        entries: [{ value: 2 }],
      });
      jest.advanceTimersByTime(7_000);
      expect(store.usage()).toMatchObject({ topics: 0, alarms: 0 });
      expect(broker.topics.replay('t', first)).toEqual({ covered: false });
    });

    it('holds nothing of a log that an unkept entry has cut off', () => {
      broker.topics.publish('t', 1, keepAll);
      expect(store.usage()).toMatchObject({ topics: 1, alarms: 1 });
      broker.topics.publish('t', 2);
      expect(store.usage()).toMatchObject({ topics: 0, alarms: 0 });
    });

    it('replays nothing too old even when its timer is late', () => {
      const since = broker.topics.position('t');
      broker.topics.publish('t', 1, { ...keepAll, age: 100 });
      const late = performance.now() + 100;
      const clock = jest.spyOn(performance, 'now').mockReturnValue(late);
      expect(broker.topics.replay('t', since)).toEqual({ covered: false });
      clock.mockRestore();
    });

    it('keeps a log for ever whose age is not bounded', () => {
      broker.topics.publish('t', 1, { ...keepAll, age: Infinity });
      expect(jest.getTimerCount()).toBe(0);
      expect(store.usage()).toMatchObject({ topics: 1, alarms: 0 });
    });

    it('shortens its patience with the retention', () => {
      broker.topics.publish('t', 1, { ...keepAll, age: 3_600_000 });
      broker.topics.publish('t', 2, { ...keepAll, age: 5_000 });
      jest.advanceTimersByTime(5_000);
      expect(store.usage().topics).toBe(0);
    });

    it('brings nothing back with a longer retention', () => {
      const short = { ...keepAll, age: 5_000 };
      const first = broker.topics.publish('t', 1, short);
      jest.advanceTimersByTime(500);
      broker.topics.publish('t', 2, short);
      // The timer has rung at 5,000 and does so again at 6,000.
      jest.advanceTimersByTime(5_200);
      broker.topics.publish('t', 3, keepAll);
      expect(broker.topics.replay('t', first)).toEqual({ covered: false });
    });

    it('rings once a second at most for a busy log', () => {
      const wake = jest.spyOn(globalThis, 'setTimeout');
      for (let n = 0; n < 500; n += 1) {
        broker.topics.publish('t', n, { ...keepAll, age: 1_000 });
        jest.advanceTimersByTime(10);
      }
      expect(wake.mock.calls.length).toBeLessThan(8);
      wake.mockRestore();
    });

    it('does not cover what a forgotten topic has lost', () => {
      const since = broker.topics.position('t');
      broker.topics.publish('t', 1, { ...keepAll, age: 5_000 });
      const last = broker.topics.publish('t', 2, { ...keepAll, age: 5_000 });
      jest.advanceTimersByTime(5_000);
      expect(store.usage().topics).toBe(0);
      expect(broker.topics.replay('t', since)).toEqual({ covered: false });
      broker.topics.publish('t', 3, keepAll);
      expect(broker.topics.replay('t', since)).toEqual({ covered: false });
      expect(broker.topics.replay('t', last)).toMatchObject({
        entries: [{ value: 3 }],
      });
    });

    it('still covers a quiet topic when others have lost', () => {
      const since = broker.topics.position('quiet');
      for (let n = 0; n < 50; n += 1) broker.topics.publish(`t${n}`, n);
      broker.topics.publish('quiet', 1, keepAll);
      expect(broker.topics.replay('quiet', since)).toMatchObject({
        entries: [{ value: 1 }],
      });
    });
  });

  it('does not cover a position that lies ahead', () => {
    const [epoch, number] = broker.topics.position('t') as [string, number];
    const ahead = [epoch, number + 1];
    expect(broker.topics.replay('t', ahead)).toEqual({ covered: false });
    for (const odd of [-1, 0.5, `${number}`, null]) {
      const position = [epoch, odd];
      expect(broker.topics.replay('t', position)).toEqual({ covered: false });
    }
    const longer = [epoch, number, number];
    expect(broker.topics.replay('t', longer)).toEqual({ covered: false });
  });

  it('covers for a new node what an earlier one has logged', () => {
    const since = broker.topics.position('t');
    broker.topics.publish('t', 1, keepAll);
    broker.close();
    broker = new MemoryBroker({ store });
    expect(broker.topics.replay('t', since)).toMatchObject({
      entries: [{ value: 1 }],
    });
  });

  it('starts nothing for a closed broker', () => {
    broker.close();
    const listener = (): undefined => undefined;
    const { topics, directory, tokens } = broker;
    const { position } = directory.list('s');
    expect(() => topics.subscribe('t', listener)).toThrow('is closed');
    expect(() => directory.join('s', 'x', 1)).toThrow('is closed');
    expect(() => directory.claim('s', 'x', 1)).toThrow('is closed');
    expect(() => directory.watch('s', position, listener)).toThrow('is closed');
    expect(() => tokens.put('t', 1, 1)).toThrow('is closed');
    expect(() => tokens.onExpired(listener)).toThrow('is closed');
    expect(directory.leave('s', 'x')).toBe(false);
    expect(tokens.remove('t')).toBe(false);
  });
});
