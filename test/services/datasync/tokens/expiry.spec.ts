import { describe, expect, it } from '@jest/globals';
import type { JsonObject, JsonValue } from 'snorky';
import { callBackend, connectClient, type TestClient } from 'snorky/testing';
import { MemoryBroker } from '../../../../src/broker/memory/memory-broker.js';
import { MemoryStore } from '../../../../src/broker/memory/memory-store.js';
import { CloseCode } from '../../../../src/protocol/close-codes.js';
import { collected } from '../../../support/lifetimes/collected.js';
import {
  acquire,
  ALL,
  BROKERS,
  DataSyncApp,
  range,
  resume,
  rowsIn,
  taken,
  task,
  until,
} from '../../../support/services/datasync.js';

const NONE = { value: 'No such subscription' };
const INVALID = { value: 'Invalid params' };

async function connect(
  app: DataSyncApp,
  ...features: string[]
): Promise<TestClient> {
  const client = await app.connect();
  await client.call('snorky', 'hello', { features });
  return client;
}

function authorize(app: DataSyncApp, params: JsonObject): Promise<JsonValue> {
  const all = { items: ALL as unknown as JsonValue, ...params };
  return callBackend(app.app, 'datasync_backend', 'authorizeSubscription', all);
}

/** Alive so long, then not: tests wait for the end, not for this time. */
function soon(milliseconds = 60): number {
  return Date.now() + milliseconds;
}

describe.each(BROKERS)('A subscription with an end over $over', ({ make }) => {
  it('is over then, and its client told, with and without resume', async () => {
    await using app = await DataSyncApp.start({ broker: make() });
    const client = await connect(app, 'revoked');
    const expiresAt = soon(300);
    const [one, two] = [
      (await authorize(app, { expiresAt })) as string,
      await app.service.authorizeSubscription(ALL, {
        expiresAt: new Date(expiresAt),
      }),
    ];
    const lasting = await app.authorize();
    await acquire(client, one);
    await resume(client, two);
    await resume(client, lasting);
    await app.publish(task(1));
    await app.read();
    expect(rowsIn(await taken(client))).toEqual([1, 1, 1]);
    const ended: JsonValue[] = [];
    while (ended.length < 2) {
      const { message } = await client.next();
      expect(message).toMatchObject({ type: 'revoked' });
      ended.push(...((message as JsonObject)['subscriptions'] as string[]));
    }
    expect(Date.now()).toBeGreaterThanOrEqual(expiresAt);
    expect(ended.toSorted()).toEqual([one, two].toSorted());
    await app.publish(task(2));
    await app.read();
    expect(await taken(client)).toMatchObject([
      { type: 'deltas', subscription: lasting },
    ]);
    expect([app.held, app.routed]).toEqual([1, 1]);
    for (const token of [one, two]) {
      await expect(resume(client, token)).rejects.toMatchObject(NONE);
    }
  });

  it('closes a connection that would not understand that it is over', async () => {
    await using app = await DataSyncApp.start({ broker: make() });
    const client = await connect(app);
    await acquire(
      client,
      (await authorize(app, { expiresAt: soon(200) })) as string,
    );
    expect(await client.closed).toMatchObject({ code: CloseCode.changesLost });
  });

  it('cannot be had afterwards: not at first, and not by coming back', async () => {
    await using app = await DataSyncApp.start({ broker: make() });
    const expiresAt = soon(300);
    const [fresh, away] = [
      (await authorize(app, { expiresAt })) as string,
      (await authorize(app, { expiresAt })) as string,
    ];
    const client = await connect(app);
    const { position } = await resume(client, away);
    client.disconnect();
    await until('the end', () => Date.now() > expiresAt, 1000);
    const later = await connect(app, 'revoked');
    for (const token of [fresh, away]) {
      await expect(acquire(later, token)).rejects.toMatchObject(NONE);
      await expect(resume(later, token, position)).rejects.toMatchObject(NONE);
    }
    expect([app.held, await taken(later)]).toEqual([0, []]);
  });
});

describe('The end of a subscription', () => {
  it('comes on the node that it has moved to', async () => {
    const store = new MemoryStore();
    const start = (node: string): Promise<DataSyncApp> =>
      DataSyncApp.start({ broker: new MemoryBroker({ store, node }) });
    await using a = await start('a');
    await using b = await start('b');
    const token = await a.service.authorizeSubscription(ALL, {
      expiresAt: soon(200),
    });
    const [one, two] = [
      await connect(a, 'revoked'),
      await connect(b, 'revoked'),
    ];
    await resume(one, token);
    await resume(two, token);
    expect((await two.next()).message).toEqual({
      type: 'revoked',
      subscriptions: [token],
    });
    await until('no token is left', () => store.usage().tokens === 0);
    expect([a.held, b.held, await taken(one)]).toEqual([0, 0, []]);
  });

  it('is the end of a token that a node held when it died', async () => {
    const store = new MemoryStore();
    const a = await DataSyncApp.start({
      broker: new MemoryBroker({ store, node: 'a' }),
      tokenTimeout: 60_000,
    });
    await using b = await DataSyncApp.start({
      broker: new MemoryBroker({ store, node: 'b' }),
    });
    const expiresAt = soon(150);
    const token = await a.service.authorizeSubscription(ALL, { expiresAt });
    await resume(await a.connect(), token);
    await a[Symbol.asyncDispose]();
    await until('the end', () => Date.now() > expiresAt, 1000);
    await expect(resume(await b.connect(), token)).rejects.toMatchObject(NONE);
  });

  it('ends a replay, of which the rest is not sent', async () => {
    await using app = await DataSyncApp.start();
    const items = [{ dealer: 'SlowTasks', query: null }];
    const expiresAt = soon(500);
    const token = await app.service.authorizeSubscription(items, { expiresAt });
    // A replay of a second at least, of few entries: to publish takes no time.
    for (let n = 0; n < 2000; n += 20) {
      await app.service.publishDeltas(range(n, 20).map((each) => task(each)));
    }
    const client = await connect(app, 'revoked');
    await expect(resume(client, token)).rejects.toMatchObject(NONE);
    const sent = rowsIn(await taken(client)).length;
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThan(2000);
    await expect(resume(client, token)).rejects.toMatchObject(NONE);
  });

  it.each([null, '2030-01-01', 0, -1, true, [], {}, 1_700_000_000])(
    'is no %j to a backend',
    async (expiresAt) => {
      await using app = await DataSyncApp.start();
      await expect(authorize(app, { expiresAt })).rejects.toMatchObject(
        INVALID,
      );
    },
  );

  it.each([
    undefined,
    null,
    NaN,
    Infinity,
    0,
    '2030-01-01',
    new Date(NaN),
    new Date(1),
  ])('is no %s in process', async (never) => {
    await using app = await DataSyncApp.start();
    const options = { expiresAt: never as number };
    expect(() => app.service.authorizeSubscription(ALL, options)).toThrow(
      /expiresAt.*still to come.*Leave it out/,
    );
    await expect(app.service.snapshot(ALL, () => [], options)).rejects.toThrow(
      TypeError,
    );
  });

  it('may be later than any timer reaches', async () => {
    await using app = await DataSyncApp.start();
    const client = await connect(app, 'revoked');
    for (const expiresAt of [
      Date.now() + 2 ** 31,
      Date.now() + 2 ** 40,
      1e300,
    ]) {
      await resume(client, (await authorize(app, { expiresAt })) as string);
    }
    await app.publish(task(1));
    await app.read();
    expect(rowsIn(await taken(client))).toEqual([1, 1, 1]);
  });

  it('keeps nobody who has gone before it', async () => {
    await using app = await DataSyncApp.start();
    const come = async (): Promise<WeakRef<object>> => {
      const client = await connectClient(app.app);
      for (let n = 0; n < 20; n++) {
        const token = await authorize(app, { expiresAt: soon(1e9) });
        const take = n % 2 === 0 ? acquire : resume;
        await take(client, token as string);
      }
      client.disconnect();
      return new WeakRef(client);
    };
    const client = await come();
    await until('the end', () => app.held === 0);
    expect(await collected(client)).toBe(true);
  });
});
