import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type {
  Broker,
  JsonObject,
  JsonValue,
  MaybePromise,
  TokenClaim,
  TokenClaimOptions,
} from 'snorky';
import { DelayedBroker } from '../../../../src/broker/delayed-broker.js';
import {
  MemoryBroker,
  type MemoryBrokerOptions,
} from '../../../../src/broker/memory/memory-broker.js';
import { MemoryStore } from '../../../../src/broker/memory/memory-store.js';
import {
  acquire,
  cancel,
  DataSyncApp,
  range,
  resume,
  rowsIn,
  taken,
  task,
  until,
} from '../../../support/services/datasync.js';

const NONE = { value: 'No such subscription' };

interface Nodes {
  readonly over: string;
  wrap(broker: Broker, seed: number): Broker;
}

const seed = Date.now() & 0xffff;

const NODES: readonly Nodes[] = [
  { over: 'of one memory', wrap: (broker) => broker },
  {
    over: `far apart (seed ${seed})`,
    wrap: (broker, more) => new DelayedBroker(broker, { seed: seed + more }),
  },
];

function isNull(value: JsonValue): boolean {
  return value === null;
}

describe.each(NODES)('Two nodes $over', ({ wrap }) => {
  let a: DataSyncApp;
  let b: DataSyncApp;

  beforeEach(async () => {
    const store = new MemoryStore();
    const start = (node: string, more: number): Promise<DataSyncApp> => {
      const broker = wrap(new MemoryBroker({ store, node }), more);
      return DataSyncApp.start({ broker });
    };
    [a, b] = await Promise.all([start('a', 1), start('b', 2)]);
  });

  afterEach(async () => {
    await a[Symbol.asyncDispose]();
    await b[Symbol.asyncDispose]();
  });

  /** Settles when both have read all that was published before. */
  async function read(): Promise<void> {
    await a.read();
    await b.read();
  }

  it('deliver what one publishes to the subscribers of both', async () => {
    const [one, other] = [await a.connect(), await b.connect()];
    await acquire(one, await a.authorize());
    await resume(other, await b.authorize());
    await a.publish(task(1), task(2));
    await b.publish(task(3));
    await read();
    expect(rowsIn(await taken(one))).toEqual([1, 2, 3]);
    expect(rowsIn(await taken(other))).toEqual([1, 2, 3]);
  });

  it('deliver what both publish in one order', async () => {
    const [one, other] = [await a.connect(), await b.connect()];
    await resume(one, await a.authorize());
    await resume(other, await a.authorize());
    await Promise.all([a.publishTasks(100), b.publishTasks(100, 100)]);
    await read();
    const heard = await taken(one);
    expect(rowsIn(heard).toSorted((x, y) => Number(x) - Number(y))).toEqual(
      range(0, 200),
    );
    const also = await taken(other);
    expect(rowsIn(also)).toEqual(rowsIn(heard));
    // Positions are places in one log, whoever reads it.
    const positions = (messages: JsonObject[]): JsonValue[] =>
      messages.map(({ position }) => position as JsonValue);
    expect(positions(also)).toEqual(positions(heard));
  });

  it('let a client acquire here what was authorized there', async () => {
    const token = await a.authorize();
    await a.publish(task(1));
    await b.publish(task(2));
    const client = await b.connect();
    await acquire(client, token);
    await a.publish(task(3));
    await read();
    expect(rowsIn(await taken(client))).toEqual([1, 2, 3]);
    const late = await a.connect();
    await expect(acquire(late, token)).rejects.toMatchObject(NONE);
  });

  it('give a token once, though it is shown to both', async () => {
    for (let round = 0; round < 5; round++) {
      const token = await a.authorize();
      const [one, other] = [await a.connect(), await b.connect()];
      const answers = await Promise.allSettled([
        acquire(one, token),
        acquire(other, token),
      ]);
      const got = answers.map(({ status }) => status).toSorted();
      expect(got).toEqual(['fulfilled', 'rejected']);
      expect(a.held + b.held).toBe(1);
      one.disconnect();
      await one.closed;
      other.disconnect();
      await other.closed;
      await until('the end', () => a.held + b.held === 0);
    }
  });

  it('let a client resume on the other', async () => {
    const token = await a.authorize();
    const client = await a.connect();
    await resume(client, token);
    await a.publish(task(0));
    const since = (await taken(client))[0]?.position as JsonValue;
    client.disconnect();
    await client.closed;
    await b.publishTasks(3, 1);
    const again = await b.connect();
    const answer = await resume(again, token, since);
    expect(answer.recovered).toBe(true);
    await a.publish(task(4));
    await read();
    expect(rowsIn(await taken(again))).toEqual([1, 2, 3, 4]);
  });

  it('silence a half-open connection on the other', async () => {
    const token = await a.authorize();
    const old = await a.connect();
    await resume(old, token);
    await a.publish(task(0));
    const since = (await taken(old))[0]?.position as JsonValue;
    const client = await b.connect();
    await resume(client, token, since);
    await until('the old one is let go', () => a.held + a.routed === 0);
    await a.publish(task(1));
    await b.publish(task(2));
    await read();
    expect(rowsIn(await taken(client))).toEqual([1, 2]);
    expect(await taken(old)).toEqual([]);
    // The old connection can do no harm either.
    await expect(cancel(old, token)).rejects.toMatchObject(NONE);
    await expect(acquire(old, token)).rejects.toMatchObject(NONE);
    old.disconnect();
    await old.closed;
    await a.publish(task(3));
    await read();
    expect(rowsIn(await taken(client))).toEqual([3]);
    client.disconnect();
    await client.closed;
    const last = await a.connect();
    expect((await resume(last, token)).recovered).toBe(true);
  });

  it('keep one of connections that take a token over on both at once', async () => {
    for (let round = 0; round < 8; round++) {
      const token = await a.authorize();
      const nodes = [a, b, a, b];
      const clients = await Promise.all(nodes.map((node) => node.connect()));
      const answers = await Promise.allSettled(
        clients.map((client) => resume(client, token)),
      );
      await until('one of them', () => {
        return a.held + b.held === 1 && a.routed + b.routed === 1;
      });
      await read();
      for (const client of clients) await taken(client);
      await a.publish(task(1));
      await b.publish(task(2));
      await read();
      const heard = await Promise.all(clients.map(taken));
      const winner = heard.findIndex((messages) => messages.length > 0);
      expect(heard.map(rowsIn).flat()).toEqual([1, 2]);
      expect(answers[winner]).toMatchObject({ value: { recovered: true } });
      for (const client of clients) client.disconnect();
      await until('the end', () => a.held + b.held === 0);
      // Nobody is left as the holder of the token, once it is given back.
      const next = await b.connect();
      const end = performance.now() + 2000;
      while (!(await acquire(next, token).then(isNull, () => false))) {
        expect(performance.now()).toBeLessThan(end);
      }
      next.disconnect();
      await next.closed;
    }
  });

  it('move a token to and fro, and lose nothing', async () => {
    const token = await a.authorize();
    const heard: JsonValue[] = [];
    let since: JsonValue | undefined;
    for (let round = 0; round < 10; round++) {
      const node = round % 2 === 0 ? a : b;
      const client = await node.connect();
      const publishing = b.publishTasks(5, round * 10);
      const { recovered, position } = await resume(client, token, since);
      expect(recovered).toBe(true);
      since = position;
      await publishing;
      await read();
      for (const message of await taken(client)) {
        heard.push(...rowsIn([message]));
        since = message['position'];
      }
      // Half of the old connections are half-open.
      if (round % 4 < 2) client.disconnect();
      await a.publishTasks(5, round * 10 + 5);
    }
    expect(heard).toEqual(range(0, 95));
    await until('one of them at most', () => a.held + b.held <= 1);
  });

  it('end a token by a cancellation for both', async () => {
    const token = await a.authorize();
    const client = await b.connect();
    await resume(client, token);
    await cancel(client, token);
    for (const node of [a, b]) {
      const other = await node.connect();
      await expect(resume(other, token)).rejects.toMatchObject(NONE);
    }
  });

  it('let the clients of one that shuts down resume on the other', async () => {
    const token = await a.authorize();
    const client = await a.connect();
    const { position } = await resume(client, token);
    await b.publish(task(1));
    await read();
    await a[Symbol.asyncDispose]();
    await b.publish(task(2));
    const again = await b.connect();
    expect((await resume(again, token, position)).recovered).toBe(true);
    expect(rowsIn(await taken(again))).toEqual([1, 2]);
    // A stranger’s position does not help where nobody knows the token.
    await expect(resume(again, 'x'.repeat(32), position)).rejects.toMatchObject(
      NONE,
    );
  });
});

/** Asks who holds a token only when a test lets it. */
class HesitantBroker extends MemoryBroker {
  readonly questions: (() => void)[] = [];

  constructor(options: MemoryBrokerOptions) {
    super(options);
    const claim = this.tokens.claim.bind(this.tokens);
    Object.assign(this.tokens, {
      claim: (
        token: string,
        holder: string,
        how?: TokenClaimOptions,
      ): MaybePromise<TokenClaim> => {
        if (how?.takeOver === true) return claim(token, holder, how);
        return new Promise((resolve) => {
          this.questions.push(() => resolve(claim(token, holder, how)));
        });
      },
    });
  }
}

describe('A node that asks too late who holds a token', () => {
  it('does not become its holder without a client', async () => {
    const store = new MemoryStore();
    const broker = new HesitantBroker({ store, node: 'a' });
    await using a = await DataSyncApp.start({ broker });
    await using b = await DataSyncApp.start({
      broker: new MemoryBroker({ store, node: 'b' }),
    });
    const token = await a.authorize();
    const [old, client] = [await a.connect(), await b.connect()];
    await resume(old, token);
    await resume(client, token);
    await resume(client, token);
    // One for each take-over that it hears of.
    expect(broker.questions).toHaveLength(2);
    broker.questions[0]?.();
    await until('the old one is let go', () => a.held === 0);
    client.disconnect();
    await client.closed;
    broker.questions[1]?.();
    await a.read();
    const next = await b.connect();
    expect(await acquire(next, token)).toBeNull();
  });
});
