import { describe, expect, it } from '@jest/globals';
import {
  BrokerUnavailable,
  BrokerUncertain,
} from '../../src/broker/broker-errors.js';
import { DelayedBroker } from '../../src/broker/delayed-broker.js';
import { MemoryBroker } from '../../src/broker/memory/memory-broker.js';
import type { Broker } from '../../src/broker/ports/broker.js';
import type { JsonValue } from '../../src/protocol/json.js';
import { Recorder } from './recorder.js';

describe('DelayedBroker', () => {
  const names = Array.from({ length: 40 }, (_, n) => `t${n}`);

  it('answers requests about different names in another order', async () => {
    const broker = new DelayedBroker(new MemoryBroker(), { seed: 3 });
    const answered: string[] = [];
    await Promise.all(
      names.map(async (name) => {
        await broker.topics.announce(name, 1);
        answered.push(name);
      }),
    );
    expect(answered).not.toEqual(names);
    expect([...answered].sort()).toEqual([...names].sort());
    await broker.close();
  });

  it('answers some within the turn of the event loop, some after timers', async () => {
    const broker = new DelayedBroker(new MemoryBroker(), { seed: 3 });
    let answered = 0;
    const answers = names.map(async (name) => {
      await broker.directory.list(name);
      answered += 1;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(answered).toBeGreaterThan(0);
    expect(answered).toBeLessThan(names.length);
    await Promise.all(answers);
    await broker.close();
  });

  it('applies requests about one name in the order they were made', async () => {
    const inner = new MemoryBroker();
    const broker = new DelayedBroker(inner, { seed: 3 });
    const order: unknown[] = [];
    inner.topics.listen('t', (value) => order.push(value));
    const values = names.map((_, n) => n);
    await Promise.all(values.map((n) => broker.topics.announce('t', n)));
    expect(order).toEqual(values);
    await broker.close();
  });

  it('calls a listener after the inner broker did', async () => {
    const inner = new MemoryBroker();
    const broker = new DelayedBroker(inner);
    const heard = new Recorder<JsonValue>();
    await broker.topics.listen('t', heard.listener);
    inner.topics.announce('t', 1);
    expect(heard.seen).toEqual([]);
    await heard.count(1);
    await broker.close();
  });

  it('sends values as they are at the call', async () => {
    const broker = new DelayedBroker(new MemoryBroker());
    const heard = new Recorder<JsonValue>();
    await broker.topics.listen('t', heard.listener);
    const value = { n: 1, nothing: undefined };
    const published = broker.topics.announce('t', value);
    value.n = 2;
    await published;
    expect(heard.seen[0]).toStrictEqual({ n: 1 });
    await broker.close();
  });

  it('drops what is on its way to a listener that stops', async () => {
    const inner = new MemoryBroker();
    const broker = new DelayedBroker(inner);
    const heard = new Recorder<JsonValue>();
    const stop = await broker.topics.listen('t', heard.listener);
    inner.topics.announce('t', 1);
    stop();
    await broker.topics.announce('t', 2);
    expect(heard.seen).toEqual([]);
    expect((await broker.directory.list('t')).entries).toEqual([]);
    await broker.close();
  });

  it('drops what is on its way to listeners when it is closed', async () => {
    const inner = new MemoryBroker();
    const broker = new DelayedBroker(inner, { seed: 3 });
    const heard = new Recorder<JsonValue>();
    await broker.topics.listen('t', heard.listener);
    // Closing waits for these, which gives the entries time to arrive.
    for (const name of names) void broker.topics.announce(name, 1);
    for (const name of names) inner.topics.announce('t', name);
    await broker.close();
    expect(heard.seen).toEqual([]);
  });

  it('does what was asked before it is closed, and refuses the rest', async () => {
    const inner = new MemoryBroker();
    const broker = new DelayedBroker(inner);
    const before = broker.tokens.put('t', 1, 1_000);
    const closed = broker.close();
    await expect(before).resolves.toBeUndefined();
    await closed;
    await expect(broker.tokens.put('t', 1, 1)).rejects.toThrow('is closed');
    expect(await broker.tokens.remove('t')).toBe(true);
  });

  it('goes on after a request that fails', async () => {
    const broker = new DelayedBroker(new MemoryBroker());
    const refused = broker.tokens.put('t', 1, -1);
    const put = broker.tokens.put('t', 2, 1_000);
    await expect(refused).rejects.toThrow(RangeError);
    await put;
    expect(await broker.tokens.claim('t', 'me')).toMatchObject({ value: 2 });
    await broker.close();
  });

  it('counts and reports what listeners throw', async () => {
    const error = new Error('listener');
    const reported: unknown[] = [];
    const broker = new DelayedBroker(new MemoryBroker(), {
      onError: (...args) => reported.push(args),
    });
    await broker.topics.listen('t', () => {
      throw error;
    });
    await broker.topics.announce('t', 1);
    expect(broker.failures).toBe(1);
    expect(reported).toEqual([[error, { port: 'topics', name: 't' }]]);
    await broker.close();
  });
});

describe('A DelayedBroker that fails', () => {
  it('says whether a question was not done, or perhaps done', async () => {
    const inner = new MemoryBroker();
    const broker = new DelayedBroker(inner, {
      seed: 3,
      maxDelay: 1,
      failures: 0.5,
    });
    const heard = new Recorder<JsonValue>();
    inner.topics.listen('t', heard.listener);
    const numbers = Array.from({ length: 60 }, (_, n) => n);
    const outcomes = await Promise.all(
      numbers.map((n) =>
        broker.topics.announce('t', n).then(
          () => 'done',
          (error: unknown) => error,
        ),
      ),
    );
    const done = numbers.filter(
      (n) => !(outcomes[n] instanceof BrokerUnavailable),
    );
    expect(heard.seen).toEqual(done);
    const lost = outcomes.filter((one) => one instanceof BrokerUncertain);
    expect(lost.length).toBeGreaterThan(5);
    expect(done.length).toBeLessThan(55);
    expect(outcomes.filter((one) => one === 'done').length).toBeGreaterThan(5);
    await broker.close();
  });

  it('cannot lose the logs of a broker that cannot be told to', async () => {
    const { node, shared, state, topics, directory, tokens } =
      new MemoryBroker();
    const close = async (): Promise<void> => {};
    const other: Broker = {
      node,
      shared,
      state,
      topics,
      directory,
      tokens,
      close,
    };
    expect(() => new DelayedBroker(other).forget()).toThrow('MemoryBroker');
  });
});
