import { describe, expect, it } from '@jest/globals';
import type { JsonObject, JsonValue } from 'snorky';
import { MemoryBroker } from '../../../../src/broker/memory/memory-broker.js';
import type { ServiceRegistry } from '../../../../src/core/registry/service-registry.js';
import { registryOf } from '../../../../src/testing/application.js';
import {
  acquire,
  DataSyncApp,
  range,
  resume,
  rowsIn,
  taken,
  task,
  until,
} from '../../../support/services/datasync.js';
import { LocalClient } from '../../../support/servers/local-client.js';
import { wrapLogs } from '../../../support/services/wrapped-logs.js';

const SLOW = [{ dealer: 'SlowTasks', query: null }];
const BOBS = [{ dealer: 'TasksByOwner', query: 'bob' }];

/** Takes what it is sent only when a test says so. */
class LazyClient extends LocalClient {
  private held = 0;
  private readonly drained: (() => void)[] = [];

  override get waiting(): number {
    return this.held;
  }

  override sendText(text: string): void {
    this.held += text.length;
    super.sendText(text);
  }

  override whenDrained(act: () => void): void {
    this.drained.push(act);
  }

  get isAwaited(): boolean {
    return this.drained.length > 0;
  }

  drain(): void {
    this.held = 0;
    for (const act of this.drained.splice(0)) act();
  }

  ask(registry: ServiceRegistry, token: string, resumes: boolean): void {
    registry.connect(this);
    this.tell(registry, 'datasync', {
      command: 'acquireSubscription',
      params: { token, ...(resumes ? { resume: true } : {}) },
      callId: 1,
    });
  }

  get answers(): JsonObject[] {
    return (this.messages as JsonObject[]).filter(({ type }) => {
      return type === 'response' || type === 'error';
    });
  }
}

/** Has a node read its topics only when a test lets it. */
class LaggingBroker extends MemoryBroker {
  private readonly unread: (() => void)[] = [];
  private lags = false;

  constructor() {
    super();
    wrapLogs(this, (log) => ({
      subscribe: (listener, options) =>
        log.subscribe((entry) => {
          if (this.lags) this.unread.push(() => listener(entry));
          else listener(entry);
        }, options),
    }));
  }

  lag(): void {
    this.lags = true;
  }

  /** Reads the next entries. */
  read(count: number): void {
    for (const act of this.unread.splice(0, count)) act();
  }

  catchUp(): void {
    this.lags = false;
    this.read(Infinity);
  }
}

describe('A long replay', () => {
  it.each([false, true])(
    'waits for a client that reads slowly (resume: %s)',
    async (resumes) => {
      await using node = await DataSyncApp.start();
      const registry = registryOf(node.app, 'frontend');
      const token = await node.authorize();
      const text = 'x'.repeat(10_000);
      for (let n = 0; n < 300; n++) await node.publish(task(n, { text }));
      const client = new LazyClient();
      client.ask(registry, token, resumes);
      let rounds = 0;
      while (client.answers.length === 0) {
        await until(
          'more',
          () => client.isAwaited || client.answers.length > 0,
        );
        // A quarter of a megabyte, and what one step may add.
        expect(client.waiting).toBeLessThan(650_000);
        const before = client.texts.length;
        await node.read();
        expect(client.texts).toHaveLength(before);
        rounds++;
        client.drain();
      }
      expect(rounds).toBeGreaterThan(4);
      const rows = rowsIn(client.messages as JsonObject[]);
      expect(rows).toEqual(range(0, 300));
      await node.publish(task(300));
      expect(rowsIn(client.messages as JsonObject[])).toEqual(range(0, 301));
      registry.disconnect(client);
      expect([node.held, node.routed]).toEqual([0, 0]);
    },
  );

  it('has what was published while it waited, once', async () => {
    await using node = await DataSyncApp.start();
    const registry = registryOf(node.app, 'frontend');
    const token = await node.authorize();
    const text = 'x'.repeat(10_000);
    for (let n = 0; n < 100; n++) await node.publish(task(n, { text }));
    const client = new LazyClient();
    client.ask(registry, token, true);
    await until('the client to be awaited', () => client.isAwaited);
    await node.publishTasks(50, 100);
    while (client.answers.length === 0) {
      client.drain();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await node.publishTasks(5, 150);
    expect(rowsIn(client.messages as JsonObject[])).toEqual(range(0, 155));
    registry.disconnect(client);
  });

  it('ends with a client that vanishes while it is awaited', async () => {
    await using node = await DataSyncApp.start();
    const registry = registryOf(node.app, 'frontend');
    const token = await node.authorize();
    const text = 'x'.repeat(10_000);
    for (let n = 0; n < 100; n++) await node.publish(task(n, { text }));
    const client = new LazyClient();
    client.ask(registry, token, true);
    await until('the client to be awaited', () => client.isAwaited);
    client.connected = false;
    registry.disconnect(client);
    expect([node.held, node.routed]).toEqual([0, 0]);
    const sent = client.texts.length;
    client.drain();
    await node.publish(task(100));
    expect(client.texts.slice(sent).join()).not.toContain('"deltas"');
    const again = await node.connect();
    expect((await resume(again, token)).recovered).toBe(true);
    expect(rowsIn(await taken(again))).toEqual(range(0, 101));
  });

  it('is told uncovered when the log forgets what it has not sent yet', async () => {
    await using node = await DataSyncApp.start({ log: { entries: 1000 } });
    const registry = registryOf(node.app, 'frontend');
    const token = await node.authorize();
    const text = 'x'.repeat(10_000);
    // More than one page of the log.
    for (let n = 0; n < 400; n++) await node.publish(task(n, { text }));
    const client = new LazyClient();
    client.ask(registry, token, true);
    await until('the client to be awaited', () => client.isAwaited);
    await node.publishTasks(1000, 400);
    const end = performance.now() + 3000;
    while (client.answers.length === 0) {
      expect(performance.now()).toBeLessThan(end);
      client.drain();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(client.answers).toEqual([
      { type: 'response', callId: 1, data: { recovered: false } },
    ]);
    // No hole in what came before.
    const rows = rowsIn(client.messages as JsonObject[]);
    expect(rows).toEqual(range(0, rows.length));
    expect([node.held, node.routed]).toEqual([0, 0]);
    registry.disconnect(client);
  });

  it('does not keep other clients from theirs', async () => {
    await using node = await DataSyncApp.start();
    const token = await node.authorize(SLOW);
    await node.publishTasks(400);
    const [slow, quick] = [await node.connect(), await node.connect()];
    const answer = resume(slow, token);
    answer.catch(() => {});
    await until('the replay', () => slow.unread.length > 0);
    await acquire(quick, await node.authorize());
    await node.publish(task(400));
    expect(rowsIn(await taken(quick))).toEqual([400]);
    expect(slow.unread.length).toBeLessThan(400);
    await answer;
    expect(rowsIn(await taken(slow))).toEqual(range(0, 401));
  });

  it('is told no position but its own', async () => {
    await using node = await DataSyncApp.start({ log: { entries: 2000 } });
    const token = await node.authorize(SLOW);
    await node.publishTasks(400);
    const client = await node.connect();
    const answer = resume(client, token);
    await until('the replay', () => client.unread.length > 0);
    // More than a quarter of the memory, of others.
    for (let n = 0; n < 600; n++) await node.read();
    expect(client.unread.length).toBeLessThan(400);
    const { position } = await answer;
    const messages = await taken(client);
    expect(rowsIn(messages)).toEqual(range(0, 400));
    const numbers = [...messages, { position }].map((message) => {
      return (message.position as number[])[1];
    });
    expect(numbers).toEqual(
      numbers.toSorted((left, right) => Number(left) - Number(right)),
    );
    expect(new Set(messages.map(({ type }) => type))).toEqual(
      new Set(['deltas']),
    );
  });
});

describe('A node whose reading lags behind the log', () => {
  it('sends nothing twice, and goes back to no position', async () => {
    const broker = new LaggingBroker();
    await using node = await DataSyncApp.start({
      broker,
      log: { entries: 40 },
    });
    const [plain, resumed, quiet] = [
      await node.connect(),
      await node.connect(),
      await node.connect(),
    ];
    const tokens = [
      await node.authorize(),
      await node.authorize(),
      await node.authorize(BOBS),
    ] as const;
    broker.lag();
    await node.publishTasks(30);
    await acquire(plain, tokens[0]);
    const { position } = await resume(resumed, tokens[1]);
    const told: JsonValue[] = [
      (await resume(quiet, tokens[2])).position ?? null,
    ];
    for (const client of [plain, resumed]) {
      expect(rowsIn(await taken(client))).toEqual(range(0, 30));
    }
    // What they were sent comes by, and must not go out again.
    for (let n = 0; n < 30; n++) broker.read(1);
    expect(await taken(plain)).toEqual([]);
    expect(await taken(resumed)).toEqual([]);
    expect(await taken(quiet)).toEqual([]);
    await node.publishTasks(15, 30);
    broker.catchUp();
    expect(rowsIn(await taken(plain))).toEqual(range(30, 15));
    const messages = await taken(resumed);
    expect(rowsIn(messages)).toEqual(range(30, 15));
    const { compare } = broker.topics;
    const order = compare.bind(broker.topics);
    expect(
      order(messages[0]?.position as JsonValue, position ?? null),
    ).toBeGreaterThan(0);
    told.push(...(await taken(quiet)).map((m) => m['position'] as JsonValue));
    expect(told.length).toBeGreaterThan(1);
    for (let i = 1; i < told.length; i++) {
      expect(order(told[i] ?? null, told[i - 1] ?? null)).toBeGreaterThan(0);
    }
  });
});
