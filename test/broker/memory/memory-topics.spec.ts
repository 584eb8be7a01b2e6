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
import type { MemoryLog } from '../../../src/broker/memory/memory-topics.js';
import type { Retention, TopicEntry } from '../../../src/broker/ports/log.js';
import type { JsonValue } from '../../../src/protocol/json.js';

const keepAll = { entries: 1000, size: 1_000_000, age: 60_000 };
const keepNone = { ...keepAll, entries: 0 };

describe('MemoryTopics', () => {
  let store: MemoryStore;
  let broker: MemoryBroker;

  beforeEach(() => {
    jest.useFakeTimers();
    store = new MemoryStore();
    broker = new MemoryBroker({ store });
  });

  const log = (retention: Retention = keepAll, name = 't'): MemoryLog =>
    broker.topics.log(name, retention);

  afterEach(() => {
    void broker.close();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  /** Listens under a name; what all of them hear is in one list. */
  function listen(
    heard: string[],
    name: string,
    act?: (value: JsonValue) => void,
  ): () => void {
    return log().subscribe(({ value }: TopicEntry) => {
      heard.push(`${name}${JSON.stringify(value)}`);
      act?.(value);
    });
  }

  it('answers at once', () => {
    const heard: string[] = [];
    const stop = listen(heard, 'a');
    const since = log().position();
    const position = log().publish(1);
    expect(heard).toEqual(['a1']);
    expect(log().replay(since)).toEqual({
      covered: true,
      entries: [{ value: 1, position }],
      position,
      more: false,
    });
    expect(stop()).toBeUndefined();
  });

  it('reads no clock, sets no timer and counts nothing for an announcement', () => {
    const heard: JsonValue[] = [];
    const clock = jest.spyOn(performance, 'now');
    const day = jest.spyOn(Date, 'now');
    const before = log().position();
    broker.topics.announce('t', 1);
    const stop = broker.topics.listen('t', (value) => heard.push(value));
    broker.topics.announce('t', 2);
    expect(heard).toEqual([2]);
    expect(clock).not.toHaveBeenCalled();
    expect(day).not.toHaveBeenCalled();
    expect(jest.getTimerCount()).toBe(0);
    expect(log().position()).toEqual(before);
    expect(store.usage().topics).toBe(1);
    stop();
    expect(store.usage().topics).toBe(0);
    clock.mockRestore();
    day.mockRestore();
  });

  describe('with listeners that act', () => {
    it('delivers what a listener publishes after the current entry', () => {
      const heard: string[] = [];
      listen(heard, 'a', (value) => {
        if (value !== 1) return;
        log().publish(2);
        log().publish(3);
        heard.push('a is done');
      });
      listen(heard, 'b');
      log().publish(1);
      expect(heard).toEqual(['a1', 'a is done', 'b1', 'a2', 'b2', 'a3', 'b3']);
    });

    it('delivers at once what a listener publishes elsewhere', () => {
      const heard: string[] = [];
      log(keepAll, 'other').subscribe(() => heard.push('other'));
      listen(heard, 'a', () => {
        log(keepAll, 'other').publish(1);
        heard.push('a is done');
      });
      log().publish(1);
      expect(heard).toEqual(['a1', 'other', 'a is done']);
    });

    it('keeps the order when topics publish into each other', () => {
      const heard: string[] = [];
      log(keepAll, 'other').subscribe(({ value }) => {
        if (value === 1) log().publish(2);
      });
      listen(heard, 'a', (value) => log(keepAll, 'other').publish(value));
      listen(heard, 'b');
      log().publish(1);
      expect(heard).toEqual(['a1', 'b1', 'a2', 'b2']);
    });

    it('gives a new listener only what is published after it began', () => {
      const heard: string[] = [];
      listen(heard, 'a', (value) => {
        if (value !== 1) return;
        log().publish(2);
        listen(heard, 'new');
        log().publish(3);
      });
      log().publish(1);
      expect(heard).toEqual(['a1', 'a2', 'a3', 'new3']);
    });

    it('gives a listener nothing after another has stopped it', () => {
      const heard: string[] = [];
      let stopB: (() => void) | undefined;
      listen(heard, 'a', () => stopB?.());
      stopB = listen(heard, 'b');
      log().publish(1);
      expect(heard).toEqual(['a1']);
    });

    it('skips nobody when a listener stops itself', () => {
      const heard: string[] = [];
      const stop = listen(heard, 'a', () => stop());
      listen(heard, 'b');
      log().publish(1);
      log().publish(2);
      expect(heard).toEqual(['a1', 'b1', 'b2']);
    });

    it('serves a topic again whose last listener replaced itself', () => {
      const heard: string[] = [];
      const stop = listen(heard, 'a', () => {
        log().publish('waiting');
        stop();
        listen(heard, 'b');
      });
      log().publish(1);
      log().publish(2);
      expect(heard).toEqual(['a1', 'b2']);
    });

    it('keeps what a throwing listener has published', () => {
      const heard: string[] = [];
      listen(heard, 'a', (value) => {
        if (value !== 1) return;
        log().publish(2);
        throw new Error('listener');
      });
      listen(heard, 'b');
      log().publish(1);
      expect(heard).toEqual(['a1', 'b1', 'a2', 'b2']);
    });

    it('closes in the middle of a delivery', () => {
      const heard: string[] = [];
      listen(heard, 'a', () => void broker.close());
      listen(heard, 'b');
      log(keepNone).publish(1);
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
    other.topics.log('t', keepAll).subscribe(() => {
      throw error;
    });
    log().publish(1);
    expect(reported).toEqual([[error, { port: 'topics', name: 't' }]]);
    expect([other.failures, broker.failures]).toEqual([1, 0]);
    void other.close();
  });

  it('logs nothing when a value is not JSON', () => {
    const since = log().position();
    const circle: { self?: JsonValue } = {};
    circle.self = circle;
    expect(() => log().publish(circle)).toThrow(TypeError);
    expect(log().replay(since)).toMatchObject({ entries: [] });
    expect(store.usage().topics).toBe(0);
  });

  describe('memory', () => {
    it('holds no topic that nobody listens to or keeps', () => {
      for (let n = 0; n < 100; n += 1) log(keepNone, `t${n}`).publish(n);
      const stop = log().subscribe(() => undefined);
      const stopToo = log().subscribe(() => undefined);
      log().publish(1);
      stop();
      expect(store.usage().topics).toBe(1);
      stopToo();
      log().position();
      log().replay(log().position());
      log({ ...keepAll, entries: 0 }).publish(1);
      log({ ...keepAll, age: 0 }).publish(1);
      expect(store.usage()).toEqual({
        topics: 0,
        sets: 0,
        tokens: 0,
        alarms: 0,
      });
    });

    it('holds a log until all its entries are too old', () => {
      const since = log().position();
      const age = 10_000;
      const first = log({ ...keepAll, age }).publish(1);
      jest.advanceTimersByTime(6_000);
      log({ ...keepAll, age }).publish(2);
      jest.advanceTimersByTime(3_999);
      expect(log().replay(since)).toMatchObject({ covered: true });
      jest.advanceTimersByTime(1);
      expect(log().replay(since)).toEqual({ covered: false });
      expect(log().replay(first)).toMatchObject({
        entries: [{ value: 2 }],
      });
      jest.advanceTimersByTime(7_000);
      expect(store.usage()).toMatchObject({ topics: 0, alarms: 0 });
      expect(log().replay(first)).toEqual({ covered: false });
    });

    it('holds nothing of logs that were lost', () => {
      log().publish(1);
      expect(store.usage()).toMatchObject({ topics: 1, alarms: 1 });
      store.forget();
      expect(store.usage()).toMatchObject({ topics: 0, alarms: 0 });
    });

    it('replays nothing too old even when its timer is late', () => {
      const since = log().position();
      log({ ...keepAll, age: 100 }).publish(1);
      const late = performance.now() + 100;
      const clock = jest.spyOn(performance, 'now').mockReturnValue(late);
      expect(log().replay(since)).toEqual({ covered: false });
      clock.mockRestore();
    });

    it('keeps a log for ever whose age is not bounded', () => {
      log({ ...keepAll, age: Infinity }).publish(1);
      expect(jest.getTimerCount()).toBe(0);
      expect(store.usage()).toMatchObject({ topics: 1, alarms: 0 });
    });

    it('shortens its patience with the retention', () => {
      log({ ...keepAll, age: 3_600_000 }).publish(1);
      log({ ...keepAll, age: 5_000 }).publish(2);
      jest.advanceTimersByTime(5_000);
      expect(store.usage().topics).toBe(0);
    });

    it('brings nothing back with a longer retention', () => {
      const short = { ...keepAll, age: 5_000 };
      const first = log(short).publish(1);
      jest.advanceTimersByTime(500);
      log(short).publish(2);
      // The timer has rung at 5,000 and does so again at 6,000.
      jest.advanceTimersByTime(5_200);
      log().publish(3);
      expect(log().replay(first)).toEqual({ covered: false });
    });

    it('rings once a second at most for a busy log', () => {
      const wake = jest.spyOn(globalThis, 'setTimeout');
      for (let n = 0; n < 500; n += 1) {
        log({ ...keepAll, age: 1_000 }).publish(n);
        jest.advanceTimersByTime(10);
      }
      expect(wake.mock.calls.length).toBeLessThan(8);
      wake.mockRestore();
    });

    it('does not cover what a forgotten topic has lost', () => {
      const since = log().position();
      log({ ...keepAll, age: 5_000 }).publish(1);
      const last = log({ ...keepAll, age: 5_000 }).publish(2);
      jest.advanceTimersByTime(5_000);
      expect(store.usage().topics).toBe(0);
      expect(log().replay(since)).toEqual({ covered: false });
      log().publish(3);
      expect(log().replay(since)).toEqual({ covered: false });
      expect(log().replay(last)).toMatchObject({
        entries: [{ value: 3 }],
      });
    });

    it('still covers a quiet topic when others have lost', () => {
      const since = log(keepAll, 'quiet').position();
      for (let n = 0; n < 50; n += 1) log(keepNone, `t${n}`).publish(n);
      log(keepAll, 'quiet').publish(1);
      expect(log(keepAll, 'quiet').replay(since)).toMatchObject({
        entries: [{ value: 1 }],
      });
    });
  });

  it('does not cover a position that lies ahead', () => {
    const [epoch, number] = log().position() as [string, number];
    const ahead = [epoch, number + 1];
    expect(log().replay(ahead)).toEqual({ covered: false });
    for (const odd of [-1, 0.5, `${number}`, null]) {
      const position = [epoch, odd];
      expect(log().replay(position)).toEqual({ covered: false });
    }
    const longer = [epoch, number, number];
    expect(log().replay(longer)).toEqual({ covered: false });
  });

  it('covers for a new node what an earlier one has logged', () => {
    const since = log().position();
    log().publish(1);
    void broker.close();
    broker = new MemoryBroker({ store });
    expect(log().replay(since)).toMatchObject({
      entries: [{ value: 1 }],
    });
  });

  it('starts nothing for a closed broker', () => {
    void broker.close();
    const listener = (): undefined => undefined;
    const { topics, directory, tokens } = broker;
    const { position } = directory.list('s');
    expect(() => topics.listen('t', listener)).toThrow('is closed');
    expect(() => directory.join('s', 'x', 1)).toThrow('is closed');
    expect(() => directory.claim('s', 'x', 1)).toThrow('is closed');
    expect(() => directory.watch('s', position, listener)).toThrow('is closed');
    expect(() => tokens.put('t', 1, 1)).toThrow('is closed');
    expect(() => log().subscribe(listener)).toThrow('is closed');
    expect(directory.leave('s', 'x')).toBe(false);
    expect(tokens.remove('t')).toBe(false);
  });
});
