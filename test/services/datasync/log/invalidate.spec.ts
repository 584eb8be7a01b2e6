import { describe, expect, it } from '@jest/globals';
import type { JsonObject, JsonValue } from 'snorky';
import { callBackend, type TestClient } from 'snorky/testing';
import { CloseCode } from '../../../../src/protocol/close-codes.js';
import {
  acquire,
  BROKERS,
  DataSyncApp,
  resume,
  rowsIn,
  taken,
  task,
  until,
} from '../../../support/services/datasync.js';

const NONE = { value: 'No such subscription' };
const OTHERS = [{ dealer: 'Sentinels', query: null }];

function invalidate(app: DataSyncApp, models: JsonValue): Promise<JsonValue> {
  return callBackend(app.app, 'datasync_backend', 'invalidate', { models });
}

async function connect(
  app: DataSyncApp,
  ...features: string[]
): Promise<TestClient> {
  const client = await app.connect();
  await client.call('snorky', 'hello', { features });
  return client;
}

function refetches(messages: readonly JsonObject[]): JsonObject[] {
  return messages.filter(({ type }) => type === 'refetch');
}

describe.each(BROKERS)('An invalidation over $over', ({ make }) => {
  it('ends the subscriptions that it concerns, and tells their client once', async () => {
    await using app = await DataSyncApp.start({ broker: make() });
    const client = await connect(app, 'refetch');
    const [one, two, other] = [
      await app.authorize(),
      await app.authorize(),
      await app.authorize(OTHERS),
    ];
    await acquire(client, one);
    await resume(client, two);
    await resume(client, other);
    expect(await invalidate(app, ['Task', 'Nothing'])).toBeNull();
    const [told, ...more] = await taken(client);
    expect(told).toEqual({
      type: 'refetch',
      subscriptions: expect.arrayContaining([one, two]),
      delay: expect.any(Number),
    });
    expect(more).toEqual([]);
    expect(told?.['delay']).toBeLessThanOrEqual(250);
    expect([app.held, app.routed]).toEqual([1, 0]);
    await app.publish(task(1));
    await app.read();
    // It still follows the other one.
    expect((await taken(client)).map(({ type }) => type)).toEqual(['deltas']);
    for (const token of [one, two]) {
      await expect(resume(client, token)).rejects.toMatchObject(NONE);
    }
    expect(client.connected).toBe(true);
  });

  it('closes those who would not understand, silent at once', async () => {
    await using app = await DataSyncApp.start({ broker: make() });
    const [old, apart] = [await connect(app), await connect(app)];
    await acquire(old, await app.authorize());
    await acquire(apart, await app.authorize(OTHERS));
    await invalidate(app, ['Task']);
    expect(await old.closed).toMatchObject({ code: CloseCode.changesLost });
    await until('the end', () => app.held === 1);
    expect(await taken(old)).toEqual([]);
    expect(apart.connected).toBe(true);
  });

  it('ends a replay that comes to it', async () => {
    await using app = await DataSyncApp.start({ broker: make() });
    const client = await connect(app, 'refetch');
    const [one, two, other] = [
      await app.authorize(),
      await app.authorize(),
      await app.authorize(OTHERS),
    ];
    await app.publish(task(1));
    await invalidate(app, ['Task']);
    await app.publish(task(2));
    expect(await resume(client, one)).toEqual({ recovered: false });
    await expect(acquire(client, two)).rejects.toMatchObject({
      value: 'Subscription expired',
    });
    expect((await resume(client, other)).recovered).toBe(true);
    // What came after it must not be applied to rows from before.
    expect(rowsIn(await taken(client))).not.toContain(2);
    await expect(resume(client, one)).rejects.toMatchObject(NONE);
    await resume(client, await app.authorize());
    expect([app.held, refetches(await taken(client))]).toEqual([2, []]);
  });

  it('merges what comes too soon, and tells who fetched in between', async () => {
    await using app = await DataSyncApp.start({ broker: make() });
    const client = await connect(app, 'refetch');
    await resume(client, await app.authorize());
    await invalidate(app, ['Task']);
    expect(refetches(await taken(client))).toHaveLength(1);
    const again = await app.authorize();
    await resume(client, again);
    const [one, two] = [
      invalidate(app, ['Task']),
      app.service.invalidate(['Task']),
    ];
    await app.read();
    expect(await taken(client)).toEqual([]);
    await Promise.all([one, two]);
    await app.read();
    expect(await taken(client)).toMatchObject([
      { type: 'refetch', subscriptions: [again] },
    ]);
    // Both were one entry.
    const last = await app.authorize();
    await resume(client, last);
    await app.read();
    expect(await taken(client)).toEqual([]);
  });
});

describe('An invalidation', () => {
  it.each([['Task'], [7], [null], [[7]], [{}]])(
    'is of a list of names, not of %j',
    async (models) => {
      await using app = await DataSyncApp.start();
      await expect(invalidate(app, models)).rejects.toMatchObject({
        value: 'models should be a list of model names',
      });
    },
  );

  it('says in the log which model nobody follows', async () => {
    await using app = await DataSyncApp.start();
    await invalidate(app, ['Nothing']);
    expect(app.log.with('warn', 'for model "Nothing"')).toHaveLength(1);
  });

  it('spreads fetches and closings over time', async () => {
    await using app = await DataSyncApp.start({
      fetchesPerSecond: 10,
      closesPerSecond: 20,
    });
    const [telling, silent] = [
      await Promise.all(
        Array.from({ length: 30 }, () => connect(app, 'refetch')),
      ),
      await Promise.all(Array.from({ length: 12 }, () => connect(app))),
    ];
    for (const client of [...telling, ...silent]) {
      await acquire(client, await app.authorize());
    }
    const start = performance.now();
    await invalidate(app, ['Task']);
    expect(app.routed).toBe(0);
    const delays = (await Promise.all(telling.map(taken))).map(
      ([told]) => told?.['delay'] as number,
    );
    expect(Math.max(...delays)).toBeGreaterThan(1000);
    // Clients that are closed fetch too, so they count.
    expect(Math.max(...delays)).toBeLessThanOrEqual(4200);
    const gone = (): number => silent.filter((each) => !each.connected).length;
    expect(gone()).toBe(2);
    await Promise.all(silent.map(({ closed }) => closed));
    expect(performance.now() - start).toBeGreaterThan(400);
  });
});

describe('A subscription that another connection takes', () => {
  it.each([true, false])(
    'tells its old one if that asked: %s',
    async (asked) => {
      await using app = await DataSyncApp.start();
      const old = await connect(app, ...(asked ? ['taken'] : []));
      const token = await app.authorize();
      await resume(old, token);
      await resume(await connect(app), token);
      expect(await taken(old)).toEqual(
        asked ? [{ type: 'taken', subscription: token }] : [],
      );
    },
  );

  it('is not told to a connection that takes it from itself', async () => {
    await using app = await DataSyncApp.start();
    const client = await connect(app, 'taken');
    const token = await app.authorize();
    await resume(client, token);
    await resume(client, token);
    expect(await taken(client)).toEqual([]);
    expect([app.held, app.routed]).toEqual([1, 1]);
  });
});
