import { describe, expect, it } from '@jest/globals';
import type { JsonObject, JsonValue } from 'snorky';
import type { TestClient } from 'snorky/testing';
import { MemoryBroker } from '../../../../src/broker/memory/memory-broker.js';
import { MemoryStore } from '../../../../src/broker/memory/memory-store.js';
import {
  acquire,
  ALL,
  BROKERS,
  connectAs,
  DataSyncApp,
  resume,
  rowsIn,
  taken,
  task,
  until,
} from '../../../support/services/datasync.js';

const NONE = { value: 'No such subscription' };
const INVALID = { value: 'Invalid params' };
const OTHERS = [{ dealer: 'Sentinels', query: null }];

function connect(
  app: DataSyncApp,
  identity: JsonValue = null,
  features: readonly string[] = ['replaces', 'revoked', 'taken', 'refetch'],
): Promise<TestClient> {
  return connectAs(app, identity, ...features);
}

function renew(
  client: TestClient,
  token: JsonValue,
  replaces: JsonValue,
  more: JsonObject = {},
): Promise<JsonValue> {
  return acquire(client, token, { resume: true, replaces, ...more });
}

function mine(n: number): readonly { dealer: string; query: JsonValue }[] {
  return [
    { dealer: 'TasksByOwner', query: { owner: 'ann', n } },
    { dealer: 'AllTasks', query: null },
  ];
}

describe.each(BROKERS)('A renewed subscription over $over', ({ make }) => {
  it('goes on at the place of the old one, which is gone', async () => {
    await using app = await DataSyncApp.start({ broker: make() });
    const client = await connect(app);
    const old = await app.authorize();
    await resume(client, old);
    await app.publish(task(1));
    await app.read();
    expect(rowsIn(await taken(client))).toEqual([1]);
    const next = await app.authorize();
    await app.publish(task(2));
    await app.read();
    const answer = (await renew(client, next, old)) as JsonObject;
    expect(answer).toEqual({ recovered: true, position: expect.anything() });
    await app.publish(task(3));
    await app.read();
    const messages = await taken(client);
    expect(rowsIn(messages)).toEqual([2, 3]);
    expect(messages.map(({ subscription }) => subscription)).toEqual([
      old,
      next,
    ]);
    expect([app.held, app.routed]).toEqual([1, 1]);
    await expect(resume(client, old)).rejects.toMatchObject(NONE);
    // And its position is a place to come back to.
    client.disconnect();
    await until('grace', () => app.held === 0);
    const again = await connect(app);
    const position = answer['position'] as JsonValue;
    expect((await resume(again, next, position)).recovered).toBe(true);
    expect(rowsIn(await taken(again))).toEqual([3]);
  });

  it('is resumed where its answer was lost, from where the old one was', async () => {
    await using app = await DataSyncApp.start({ broker: make() });
    const client = await connect(app);
    const old = await app.authorize();
    const { position } = await resume(client, old);
    await app.publish(task(1));
    await app.read();
    await taken(client);
    // Authorized later than what the client has.
    const next = await app.authorize();
    await renew(client, next, old);
    client.disconnect();
    await until('grace', () => app.held === 0);
    await app.publish(task(2));
    const again = await connect(app);
    const answer = await renew(again, next, old, {
      since: position as JsonValue,
    });
    expect(answer).toMatchObject({ recovered: true });
    expect(rowsIn(await taken(again))).toEqual([1, 2]);
    // Half-open: the old connection has it still.
    const third = await connect(app);
    await renew(third, next, old, { since: position as JsonValue });
    expect(rowsIn(await taken(third))).toEqual([1, 2]);
    await app.read();
    await app.read();
    expect(await taken(again)).toMatchObject([{ type: 'taken' }]);
    expect([app.held, app.routed]).toEqual([1, 1]);
  });

  it('has to be to the same items, for the same identity, of this connection', async () => {
    await using app = await DataSyncApp.start({ broker: make() });
    const client = await connect(app, 'ann');
    const bound = { for: 'ann' };
    const old = await app.service.authorizeSubscription(mine(1), bound);
    const bearer = await app.authorize(mine(1));
    const once = await app.service.authorizeSubscription(mine(1), bound);
    await resume(client, old);
    await resume(client, bearer);
    await acquire(client, once);
    const apart = await connect(app, 'ann');
    const elsewhere = await app.service.authorizeSubscription(mine(1), bound);
    await resume(apart, elsewhere);
    const token = (
      items: readonly { dealer: string; query: JsonValue }[],
    ): Promise<string> =>
      Promise.resolve(app.service.authorizeSubscription(items, bound));
    const wrong = [
      [await token(mine(2)), old],
      [await token(mine(1).slice(0, 1)), old],
      [await token([...mine(1), ...OTHERS]), old],
      [await app.authorize(mine(1)), old],
      [await token(mine(1)), bearer],
      [await token(mine(1)), once],
      [await token(mine(1)), elsewhere],
      [await token(mine(1)), 'x'.repeat(32)],
      [await token(mine(1)), 'no token'],
    ] as const;
    for (const [next, replaces] of wrong) {
      await expect(renew(client, next, replaces)).rejects.toMatchObject(NONE);
    }
    await expect(renew(client, old, old)).rejects.toMatchObject(NONE);
    expect(app.held).toBe(4);
    // All are as they were, the new ones too.
    await app.publish(task(1));
    await app.read();
    const messages = await taken(client);
    expect(rowsIn(messages)).toEqual([1, 1, 1]);
    for (const [next] of wrong.slice(0, 6)) {
      expect((await resume(client, next)).recovered).toBe(true);
    }
    // In any order, and however often.
    const same = [...mine(1).toReversed(), ...mine(1)];
    expect(await renew(client, await token(same), old)).toMatchObject({
      recovered: true,
    });
  });

  it('does not come about where either one is revoked or has ended', async () => {
    await using app = await DataSyncApp.start({ broker: make() });
    const client = await connect(app, 'ann');
    const [old, next] = [await app.authorize(), await app.authorize()];
    await resume(client, old);
    await app.service.revoke({ token: next });
    await expect(renew(client, next, old)).rejects.toMatchObject(NONE);
    await app.publish(task(1));
    await app.read();
    expect(rowsIn(await taken(client))).toEqual([1]);
    const third = await app.authorize();
    const renewed = renew(client, third, old);
    renewed.catch(() => {});
    await app.service.revoke({ token: old });
    const [outcome] = await Promise.allSettled([renewed]);
    const wasFirst = outcome?.status === 'fulfilled';
    expect([app.held, app.routed]).toEqual(wasFirst ? [1, 1] : [0, 0]);
    await expect(resume(client, old)).rejects.toMatchObject(NONE);
    if (!wasFirst) expect((await resume(client, third)).recovered).toBe(true);
  });
});

describe('A renewal', () => {
  it('is for those who have agreed on it, and resume', async () => {
    await using app = await DataSyncApp.start();
    const [old, next] = [await app.authorize(), await app.authorize()];
    const stranger = await connect(app, null, []);
    await resume(stranger, old);
    await expect(renew(stranger, next, old)).rejects.toMatchObject(INVALID);
    const client = await connect(app);
    for (const more of [
      { replaces: old },
      { replaces: null, resume: true },
      { replaces: 7, resume: true },
      { replaces: old, resume: false },
    ]) {
      await expect(acquire(client, next, more)).rejects.toMatchObject(INVALID);
    }
  });

  it('is possible with as many subscriptions as there may be', async () => {
    await using app = await DataSyncApp.start({ maxSubscriptions: 1 });
    const client = await connect(app);
    let token = await app.authorize();
    await resume(client, token);
    for (let n = 0; n < 3; n++) {
      const next = await app.authorize();
      await renew(client, next, token);
      token = next;
    }
    expect([app.held, app.routed]).toEqual([1, 1]);
    await expect(
      renew(client, await app.authorize(), 'x'.repeat(32)),
    ).rejects.toMatchObject({ value: 'Too many subscriptions' });
  });

  it('gives it the end of the new one', async () => {
    await using app = await DataSyncApp.start();
    const client = await connect(app);
    const [first, second] = [Date.now() + 150, Date.now() + 400];
    const at = (expiresAt: number): Promise<string> =>
      Promise.resolve(app.service.authorizeSubscription(ALL, { expiresAt }));
    const [old, next] = [await at(first), await at(second)];
    await resume(client, old);
    await renew(client, next, old);
    const { message } = await client.next();
    expect(message).toEqual({ type: 'revoked', subscriptions: [next] });
    expect(Date.now()).toBeGreaterThanOrEqual(second);
  });

  it.each(['failed', 'failedThoughDone'])(
    'leaves all as it was where the broker fails half way: %s',
    async (how) => {
      const store = new MemoryStore();
      let fails = true;
      const broker = new MemoryBroker({ store });
      const update = broker.tokens.update.bind(broker.tokens);
      Object.assign(broker.tokens, {
        update: (...args: Parameters<typeof update>): boolean => {
          if (!fails) return update(...args);
          if (how === 'failedThoughDone') update(...args);
          throw new Error('The broker cannot be reached');
        },
      });
      await using app = await DataSyncApp.start({ broker });
      const client = await connect(app);
      const [old, next] = [await app.authorize(), await app.authorize()];
      const { position } = await resume(client, old);
      await expect(renew(client, next, old)).rejects.toMatchObject({
        value: 'Internal error',
      });
      fails = false;
      // It never happened, and is not taken for a resumption.
      const since = position as JsonValue;
      await expect(
        renew(await connect(app), next, old, { since }),
      ).rejects.toMatchObject(NONE);
      await app.publish(task(1));
      expect(rowsIn(await taken(client))).toEqual([1]);
      expect([app.held, app.routed]).toEqual([1, 1]);
      // The new token waits as before.
      expect(await renew(client, next, old)).toMatchObject({ recovered: true });
      expect([app.held, app.routed]).toEqual([1, 1]);
      expect(store.usage().tokens).toBe(1);
    },
  );
});
