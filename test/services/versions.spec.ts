import { Test } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import {
  PubSubModule,
  PubSubService,
  SnorkyModule,
  type JsonObject,
  type JsonValue,
} from 'snorky';
import { connectClient } from 'snorky/testing';
import { MemoryBroker } from '../../src/broker/memory/memory-broker.js';
import { MemoryStore } from '../../src/broker/memory/memory-store.js';
import { PubSubEngine } from '../../src/services/pubsub/pubsub.engine.js';
import {
  acquire,
  connectAs,
  DataSyncApp,
  resume,
  rowsIn,
  taken,
  task,
} from '../support/services/datasync.js';
import { RecordedLog } from '../support/servers/log.js';

const NONE = { value: 'No such subscription' };
const SCOPE = 'datasync:frontend/datasync';
const keepAll = { entries: 1000, size: 1_000_000, age: 60_000 };

/** What a later version may write; nothing of it is known here. */
const LATER: readonly JsonValue[] = [
  { v: 2, deltas: [{ type: 'insert', model: 'Task', data: { n: 7 } }] },
  { v: 2, patch: [['+', 'Task', 7]] },
  { v: 1, rename: ['Task', 'Job'] },
  { deltas: [] },
  [{ type: 'insert', model: 'Task', data: { n: 7 } }],
  'patch',
  null,
];

/** A node of this version, and the broker of one of another. */
async function start(): Promise<{ app: DataSyncApp; other: MemoryBroker }> {
  const store = new MemoryStore();
  const broker = new MemoryBroker({ store, node: 'this' });
  const other = new MemoryBroker({ store, node: 'other' });
  return { app: await DataSyncApp.start({ broker }), other };
}

describe.each([
  ['changes', SCOPE],
  ['revocations', `revoked:${SCOPE}`],
])('Beside another version that logs %s', (_what, name) => {
  it.each(LATER)('what it does not understand is a gap: %j', async (value) => {
    const { app, other } = await start();
    await using _app = app;
    const client = await connectAs(app, null, 'refetch');
    const token = await app.authorize();
    await resume(client, token);
    await app.publish(task(1));
    other.topics.log(name, keepAll).publish(value);
    await app.publish(task(2));
    const told = await taken(client);
    expect(rowsIn(told)).toEqual([1]);
    expect(told.at(-1)).toMatchObject({
      type: 'refetch',
      subscriptions: [token],
    });
    expect([app.held, app.routed]).toEqual([0, 0]);
    expect(app.service.registry.counters.gaps).toBe(1);
    expect(app.log.with('warn', 'Another version')).toHaveLength(1);
    // What is fetched after it is followed as ever.
    await resume(client, await app.authorize());
    await app.publish(task(3));
    expect(rowsIn(await taken(client))).toEqual([3]);
  });

  it.each(LATER)('no replay goes past it: %j', async (value) => {
    const { app, other } = await start();
    await using _app = app;
    const client = await connectAs(app, null, 'refetch');
    const [one, two] = [await app.authorize(), await app.authorize()];
    await app.publish(task(1));
    other.topics.log(name, keepAll).publish(value);
    await app.publish(task(2));
    expect(await resume(client, one)).toEqual({ recovered: false });
    await expect(acquire(client, two)).rejects.toMatchObject({
      value: 'Subscription expired',
    });
    expect(rowsIn(await taken(client))).not.toContain(2);
    expect([app.held, app.routed]).toEqual([0, 0]);
  });
});

describe('Beside another version that authorizes', () => {
  it.each([
    { v: 2, items: [{ dealer: 'AllTasks', query: null }], position: 0 },
    { v: 1, dealers: ['AllTasks'] },
    { items: [], position: 0, revocations: 0 },
    null,
  ])('a token that it gave is unknown: %j', async (value) => {
    const { app, other } = await start();
    await using _app = app;
    const client = await app.connect();
    for (const how of [{}, { resume: true }]) {
      const token = `${'a'.repeat(31)}${Object.keys(how).length}`;
      other.tokens.put(`${SCOPE}:${token}`, value, 60_000);
      await expect(acquire(client, token, how)).rejects.toMatchObject(NONE);
      // It is gone: nobody holds what nobody knows of.
      expect(other.tokens.claim(`${SCOPE}:${token}`, 'x')).toMatchObject({
        reason: 'unknown',
      });
    }
    expect(app.held).toBe(0);
    expect(app.log.with('warn', 'another version')).toHaveLength(2);
  });

  it('a take-over that it tells of has tokens asked for', async () => {
    const { app, other } = await start();
    await using _app = app;
    const client = await connectAs(app, null, 'taken', 'refetch');
    const [kept, gone] = [await app.authorize(), await app.authorize()];
    await resume(client, kept);
    await resume(client, gone);
    other.tokens.claim(`${SCOPE}:${gone}`, 'x', { takeOver: true });
    other.topics.announce(`taken:${SCOPE}`, { v: 2, moved: gone });
    // Nobody can say who has it, and whether that is where this client is now.
    expect(await taken(client)).toMatchObject([
      { type: 'refetch', subscriptions: [gone] },
    ]);
    await app.publish(task(1));
    const [deltas, ...more] = await taken(client);
    expect(deltas).toMatchObject({ type: 'deltas', subscription: kept });
    expect(more).toEqual([]);
  });
});

describe('Beside another version that publishes', () => {
  it('a publication that is not understood is missed, and counted', async () => {
    const store = new MemoryStore();
    const other = new MemoryBroker({ store, node: 'other' });
    const log = new RecordedLog();
    const testing = await Test.createTestingModule({
      imports: [
        SnorkyModule.forRoot({
          broker: new MemoryBroker({ store, node: 'this' }),
          registries: { frontend: { websocket: { path: '/ws' } }, backend: {} },
        }),
        PubSubModule.register(),
      ],
    })
      .setLogger(log)
      .compile();
    const app = await testing.init();
    const client = await connectClient(app);
    await client.call('pubsub', 'subscribe', { channel: 'a' });
    const { counters } = app.get(PubSubService).registry;
    const values: JsonValue[] = [{ v: 2, text: 'x' }, { channel: 'a' }, null];
    for (const value of values) {
      const name = `pubsub:frontend/pubsub:${PubSubEngine.key('a')}`;
      other.topics.announce(name, value);
    }
    await app.get(PubSubService).broadcast('a', 'known');
    const { message } = await client.next();
    expect((message as JsonObject)['message']).toBe('known');
    expect(client.unread).toEqual([]);
    expect(counters.gaps).toBe(3);
    expect(log.with('warn', 'another version').length).toBeGreaterThan(0);
    client.disconnect();
    await app.close();
  });
});
