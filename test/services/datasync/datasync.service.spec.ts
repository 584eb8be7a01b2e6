import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  BroadcastDealer,
  Dealer,
  RpcError,
  type Delta,
  type JsonObject,
  type JsonValue,
} from 'snorky';
import { callBackend } from 'snorky/testing';
import { MemoryBroker } from '../../../src/broker/memory/memory-broker.js';
import {
  ALL,
  acquire,
  BROKERS,
  cancel,
  DataSyncApp,
  range,
  rowsIn,
  taken,
  task,
  until,
  type DataSyncAppOptions,
} from '../../support/services/datasync.js';
import { deferred } from '../../support/waiting/deferred.js';
import { unchanging } from '../../support/waiting/turns.js';

const NONE = { value: 'No such subscription' };
const FULL = { value: 'Too many tokens' };

describe.each(BROKERS)('DataSync over $over', ({ make }) => {
  let node: DataSyncApp;

  async function restart(options: DataSyncAppOptions): Promise<void> {
    await node[Symbol.asyncDispose]();
    node = await DataSyncApp.start({ broker: make(), ...options });
  }

  beforeEach(async () => {
    node = await DataSyncApp.start({ broker: make() });
  });

  afterEach(() => node[Symbol.asyncDispose]());

  describe('authorizeSubscription', () => {
    it('gives a token of 32 letters and digits, each time another', async () => {
      const tokens = await Promise.all(
        range(0, 20).map(() => node.authorize()),
      );
      expect(new Set(tokens).size).toBe(20);
      for (const token of tokens) expect(token).toMatch(/^[a-z0-9]{32}$/);
    });

    it('takes no items at all, and items with more fields', async () => {
      const items = [[], [{ ...ALL[0], more: 1 }]] as JsonValue[];
      for (const some of items) {
        const client = await node.connect();
        expect(await acquire(client, await node.authorize(some))).toBeNull();
      }
    });

    it.each<[items: JsonValue, error: string]>([
      ['', 'items should be a list'],
      [{}, 'items should be a list'],
      [null, 'items should be a list'],
      [[7], 'An item should be an object'],
      [[{ query: 1 }], "Missing field 'dealer'"],
      [[{ dealer: 7, query: 1 }], 'dealer should be a dealer name'],
      [[{ dealer: 'alltasks', query: 1 }], 'No such dealer'],
      [[{ dealer: 'AllTasks' }], "Missing field 'query'"],
      [
        [{ dealer: 'FilteredTasks', query: ['and', ['=', 'a', 1]] }],
        'Invalid filter at [1][0]: unknown operator',
      ],
    ])('of %j fails: %s', async (items, value) => {
      await expect(node.authorize(items)).rejects.toMatchObject({ value });
      expect(node.routed).toBe(0);
    });

    it('needs its items', async () => {
      await expect(
        callBackend(node.app, 'datasync_backend', 'authorizeSubscription', {}),
      ).rejects.toMatchObject({ value: 'Invalid params' });
    });

    it('takes as many items as `maxItems` allows', async () => {
      await restart({ maxItems: 3 });
      const items = (count: number): JsonValue =>
        range(0, count).map(() => ({ dealer: 'AllTasks', query: null }));
      expect(await node.authorize(items(3))).toHaveLength(32);
      await expect(node.authorize(items(4))).rejects.toMatchObject({
        value: 'Too many items',
      });
    });

    it('gives out as many tokens as `maxTokens` lets wait, also at once', async () => {
      await restart({ maxTokens: 3 });
      const asked = range(0, 9).map(() => node.authorize());
      const results = await Promise.allSettled(asked);
      const refused = results.filter(({ status }) => status === 'rejected');
      expect(refused).toHaveLength(6);
      for (const { reason } of refused as PromiseRejectedResult[]) {
        expect(reason).toMatchObject(FULL);
      }
      expect(node.log.with('warn', 'raise the option')[0]?.text).toMatch(
        /^"datasync" authorizes nothing: .* the option `maxTokens` allows/,
      );
      // Whatever else is wrong with a call comes first.
      await expect(node.authorize([{ dealer: 'x' }])).rejects.toMatchObject({
        value: 'No such dealer',
      });
    });

    it('gives out more when a client came, but not for an unknown token', async () => {
      await restart({ maxTokens: 1 });
      const token = await node.authorize();
      const client = await node.connect();
      await expect(acquire(client, 'x'.repeat(32))).rejects.toMatchObject(NONE);
      await expect(node.authorize()).rejects.toMatchObject(FULL);
      await acquire(client, token);
      await node.authorize();
      await expect(node.authorize()).rejects.toMatchObject(FULL);
    });

    it('gives out more when one was withdrawn', async () => {
      await restart({ maxTokens: 1 });
      const failing = node.service.snapshot(ALL, () => {
        throw new Error('No rows');
      });
      await expect(failing).rejects.toThrow('No rows');
      await node.authorize();
      await expect(node.authorize()).rejects.toMatchObject(FULL);
    });

    it('gives out more when one has run out', async () => {
      await restart({ maxTokens: 1, tokenTimeout: 50 });
      await node.authorize();
      await expect(node.authorize()).rejects.toMatchObject(FULL);
      await node.authorizeLater();
    });
  });

  describe('publishDeltas', () => {
    it.each<[deltas: JsonValue, error: string]>([
      ['', 'deltas should be a list'],
      [{}, 'deltas should be a list'],
      [null, 'deltas should be a list'],
      [[null], 'A delta should be an object'],
      [['insert'], 'A delta should be an object'],
      [[[]], 'A delta should be an object'],
      [[{ model: 'Task', data: 1 }], 'Missing field'],
      [[{ type: 'insert', data: 1 }], 'Missing field'],
      [[{ type: 'insert', model: 7, data: 1 }], 'model must be string'],
      [[{ type: 'upsert', model: 7 }], 'model must be string'],
      [[{ type: 'upsert', model: 'Task' }], 'Invalid delta type'],
      [[{ type: null, model: 'Task' }], 'Invalid delta type'],
      [[{ type: 'insert', model: 'Task' }], 'Missing field'],
      [[{ type: 'delete', model: 'Task', newData: 1 }], 'Missing field'],
      [[{ type: 'update', model: 'Task', data: 1 }], 'Missing field'],
      [[{ type: 'update', model: 'Task', newData: 1 }], 'Missing field'],
      [[{ type: 'update', model: 'Task', oldData: 1 }], 'Missing field'],
    ])('of %j fails: %s', async (deltas, value) => {
      const client = await node.connect();
      await acquire(client, await node.authorize());
      const backend = 'datasync_backend';
      const all = Array.isArray(deltas) ? [task(1), ...deltas] : deltas;
      await expect(
        callBackend(node.app, backend, 'publishDeltas', {
          deltas: all as JsonValue,
        }),
      ).rejects.toMatchObject({ value });
      // All of the batch or nothing.
      await node.read();
      expect(await taken(client)).toEqual([]);
    });

    it('answers null, whoever listens', async () => {
      expect(await node.publish()).toBeNull();
      expect(await node.publish(task(1))).toBeNull();
      expect(await node.publish(task(1), task(2))).toBeNull();
    });

    it('takes data of any kind, null included', async () => {
      const client = await node.connect();
      await acquire(client, await node.authorize());
      for (const data of [null, 0, '', [], {}, false]) {
        const delta = { type: 'insert', model: 'Task', data } as const;
        await node.publish(delta);
        expect(await taken(client)).toEqual([{ type: 'delta', delta }]);
      }
    });

    it('has the deltas queued before it answers', async () => {
      const client = await node.connect();
      await acquire(client, await node.authorize());
      await node.publish(task(1), task(2));
      expect(rowsIn(await taken(client))).toEqual([1, 2]);
    });

    it('ignores and logs deltas of a model without a dealer', async () => {
      const client = await node.connect();
      await acquire(client, await node.authorize());
      const unknown = { type: 'insert', model: 'Nothing', data: 1 } as const;
      expect(await node.publish(task(1), unknown, task(2))).toBeNull();
      expect(await node.publish(unknown)).toBeNull();
      expect(rowsIn(await taken(client))).toEqual([1, 2]);
      // Once: it is the same mistake.
      expect(node.log.with('warn', 'Ignored a delta')).toHaveLength(1);
      expect(node.log.with('warn', '"Nothing"')[0]?.text).toBe(
        'Ignored a delta: no dealer of "datasync" is for model "Nothing"',
      );
    });

    it('goes round a dealer that throws, and logs that', async () => {
      class Failing extends Dealer {
        readonly model = 'Task';
        matches(): boolean {
          throw new Error('No idea');
        }
      }
      await restart({ dealers: [Failing] });
      const [one, other] = [await node.connect(), await node.connect()];
      await acquire(one, await node.authorize());
      const item = { dealer: 'Failing', query: 1 };
      await acquire(other, await node.authorize([item]));
      expect(await node.publish(task(1), task(2))).toBeNull();
      expect(rowsIn(await taken(one))).toEqual([1, 2]);
      expect(await taken(other)).toEqual([]);
      expect(node.log.with('error', 'Dealer "Failing"')).toHaveLength(2);
    });
  });

  describe('a notification', () => {
    it('has a type and the delta, which has nothing of the publisher’s own', async () => {
      const client = await node.connect();
      await acquire(client, await node.authorize());
      await node.publish(
        { type: 'insert', model: 'Task', data: 1, tag: 'x', newData: 7 },
        { type: 'update', model: 'Task', newData: 2, oldData: 1, data: 9 },
        { type: 'delete', model: 'Task', data: 2, version: 3, callId: 1 },
      );
      expect(await taken(client)).toStrictEqual([
        { type: 'delta', delta: { type: 'insert', model: 'Task', data: 1 } },
        {
          type: 'delta',
          delta: { type: 'update', model: 'Task', newData: 2, oldData: 1 },
        },
        { type: 'delta', delta: { type: 'delete', model: 'Task', data: 2 } },
      ]);
    });

    it('comes as an insert, an update or a delete, as the row goes', async () => {
      const client = await node.connect();
      const item = { dealer: 'TasksByOwner', query: 'bob' };
      const filter = ['==', 'owner', 'bob'];
      const token = await node.authorize([item]);
      const both = [item, { dealer: 'FilteredTasks', query: filter }];
      const other = await node.connect();
      await acquire(client, token);
      await acquire(other, await node.authorize(both));
      const move = (from: string, to: string): Delta => ({
        type: 'update',
        model: 'Task',
        oldData: { n: 1, owner: from },
        newData: { n: 1, owner: to },
      });
      await node.publish(
        move('ann', 'bob'),
        move('bob', 'bob'),
        move('bob', 'ann'),
        move('ann', 'ann'),
      );
      const expected = [
        {
          type: 'delta',
          delta: {
            type: 'insert',
            model: 'Task',
            data: { n: 1, owner: 'bob' },
          },
        },
        { type: 'delta', delta: move('bob', 'bob') },
        {
          type: 'delta',
          delta: {
            type: 'delete',
            model: 'Task',
            data: { n: 1, owner: 'bob' },
          },
        },
      ];
      expect(await taken(client)).toStrictEqual(expected);
      expect(await taken(other)).toStrictEqual(expected);
    });

    it('comes once per subscription, of two twice', async () => {
      const client = await node.connect();
      const items = [...ALL, ...ALL, { dealer: 'TasksByOwner', query: 'ann' }];
      await acquire(client, await node.authorize(items));
      await node.publish(task(1));
      expect(rowsIn(await taken(client))).toEqual([1]);
      await acquire(client, await node.authorize(items));
      await node.publish(task(2));
      expect(rowsIn(await taken(client))).toEqual([2, 2]);
    });
  });

  describe('acquireSubscription', () => {
    it.each<[JsonValue]>([[7], [null], [true], [['x']], [{}]])(
      'refuses %j for a token',
      async (token) => {
        const client = await node.connect();
        const value = 'token must be string';
        await expect(acquire(client, token)).rejects.toMatchObject({ value });
        await expect(cancel(client, token as string)).rejects.toMatchObject({
          value,
        });
      },
    );

    it.each(['', 'x', 'constructor', 'a'.repeat(32), 'ü\0'])(
      'does not know the token %j',
      async (token) => {
        const client = await node.connect();
        await expect(acquire(client, token)).rejects.toMatchObject(NONE);
        await expect(cancel(client, token)).rejects.toMatchObject(NONE);
      },
    );

    it.each<[JsonObject]>([
      [{ resume: 1 }],
      [{ resume: 'true' }],
      [{ since: [] }],
      [{ resume: false, since: 0 }],
      [{ more: 1 }],
    ])('refuses the params %j', async (more) => {
      const client = await node.connect();
      const token = await node.authorize();
      await expect(acquire(client, token, more)).rejects.toMatchObject({
        value: 'Invalid params',
      });
      // It was no acquisition.
      expect(await acquire(client, token, { resume: false })).toBeNull();
    });

    it('is for connections', async () => {
      await using other = await DataSyncApp.start({
        broker: make(),
        registry: 'backend',
        name: 'here',
      });
      await expect(
        callBackend(other.app, 'here', 'acquireSubscription', { token: 'x' }),
      ).rejects.toMatchObject({ value: 'Connection required' });
    });

    it('sends what was published since the authorization, before it answers', async () => {
      await node.publishTasks(3);
      const token = await node.authorize();
      await node.publish(task(3), task(4));
      await node.publishTasks(3, 5);
      const client = await node.connect();
      const answer = acquire(client, token).then(() => client.unread.length);
      expect(await answer).toBe(5);
      await node.publishTasks(2, 8);
      expect(rowsIn(await taken(client))).toEqual(range(3, 7));
    });

    it('loses nothing of what is published at the same time', async () => {
      const token = await node.authorize();
      const client = await node.connect();
      const publishing = node.publishTasks(150);
      await acquire(client, token);
      await publishing;
      expect(rowsIn(await taken(client))).toEqual(range(0, 150));
    });

    it('takes a token once, whoever comes', async () => {
      const token = await node.authorize();
      const [one, other] = [await node.connect(), await node.connect()];
      await acquire(one, token);
      for (const client of [one, other]) {
        await expect(acquire(client, token)).rejects.toMatchObject(NONE);
        await expect(
          acquire(client, token, { resume: true }),
        ).rejects.toMatchObject(NONE);
      }
      await node.publish(task(1));
      expect(rowsIn(await taken(one))).toEqual([1]);
      expect(await taken(other)).toEqual([]);
    });

    it('gives a token to one of those who come together', async () => {
      const token = await node.authorize();
      const clients = await Promise.all(range(0, 5).map(() => node.connect()));
      const answers = await Promise.allSettled(
        clients.map((client) => acquire(client, token)),
      );
      const winners = answers.filter(({ status }) => status === 'fulfilled');
      expect(winners).toHaveLength(1);
      await node.publish(task(1));
      const heard = await Promise.all(clients.map(taken));
      expect(heard.flat()).toHaveLength(1);
      expect(node.held).toBe(1);
    });

    it('gives up to `maxSubscriptions` to one connection', async () => {
      await restart({ maxSubscriptions: 2 });
      const client = await node.connect();
      const tokens = [await node.authorize(), await node.authorize()];
      for (const token of tokens) await acquire(client, token);
      const third = await node.authorize();
      const value = 'Too many subscriptions';
      await expect(acquire(client, third)).rejects.toMatchObject({ value });
      // The token is as good as before.
      await cancel(client, tokens[0] as string);
      expect(await acquire(client, third)).toBeNull();
      await expect(
        acquire(client, await node.authorize(), { resume: true }),
      ).rejects.toMatchObject({ value });
    });

    it('of a token that waited too long fails', async () => {
      await restart({ tokenTimeout: 40 });
      const token = await node.authorize();
      await new Promise((resolve) => setTimeout(resolve, 80));
      const client = await node.connect();
      await expect(acquire(client, token)).rejects.toMatchObject(NONE);
    });

    it('fails before anything is sent when the log does not reach back', async () => {
      await restart({ log: { entries: 3 } });
      const token = await node.authorize();
      await node.publishTasks(4);
      const client = await node.connect();
      await expect(acquire(client, token)).rejects.toMatchObject({
        value: 'Subscription expired',
      });
      expect(await taken(client)).toEqual([]);
      expect([node.held, node.routed]).toEqual([0, 0]);
      const told = 'The log of "datasync" no longer reaches back';
      expect(node.log.with('warn', told)).toHaveLength(1);
      // It is gone, not to be tried again.
      await expect(acquire(client, token)).rejects.toMatchObject(NONE);
    });

    it('reaches back exactly as far as the log does', async () => {
      await restart({ log: { entries: 3 } });
      const token = await node.authorize();
      await node.publishTasks(3);
      const client = await node.connect();
      await acquire(client, token);
      expect(rowsIn(await taken(client))).toEqual([0, 1, 2]);
    });

    it('leaves nothing behind when a dealer refuses the registration', async () => {
      class Picky extends BroadcastDealer {
        readonly model = 'Task';
        override addSubscriptionItem(): void {
          throw new Error('Not you');
        }
      }
      await restart({ dealers: [Picky] });
      const items = [...ALL, { dealer: 'Picky', query: 1 }];
      const failure = { value: 'Internal error' };
      for (const more of [{}, { resume: true }]) {
        for (const missed of [0, 1, 40]) {
          const token = await node.authorize(items);
          await node.publishTasks(missed);
          const client = await node.connect();
          await expect(acquire(client, token, more)).rejects.toMatchObject(
            failure,
          );
          expect([node.held, node.routed]).toEqual([0, 0]);
          await expect(acquire(client, token, more)).rejects.toMatchObject(
            NONE,
          );
          await taken(client);
          await node.publish(task(1));
          expect(await taken(client)).toEqual([]);
        }
      }
    });

    it('of a dealer that fails late, in a replay of several turns, fails alike', async () => {
      class Picky extends BroadcastDealer {
        readonly model = 'Task';
        override addSubscriptionItem(): void {
          throw new Error('Not you');
        }
      }
      await restart({ dealers: [Picky] });
      const slow = { dealer: 'SlowTasks', query: null };
      const items = [slow, { dealer: 'Picky', query: 1 }];
      const token = await node.authorize(items);
      await node.publishTasks(400);
      const client = await node.connect();
      await expect(acquire(client, token)).rejects.toMatchObject({
        value: 'Internal error',
      });
      expect([node.held, node.routed]).toEqual([0, 0]);
    });
  });

  describe('cancelSubscription', () => {
    it('ends the deltas, and the token', async () => {
      const client = await node.connect();
      const token = await node.authorize();
      await acquire(client, token);
      expect(await cancel(client, token)).toBeNull();
      await node.publish(task(1));
      expect(await taken(client)).toEqual([]);
      expect([node.held, node.routed]).toEqual([0, 0]);
      await expect(cancel(client, token)).rejects.toMatchObject(NONE);
      await expect(acquire(client, token)).rejects.toMatchObject(NONE);
    });

    it('is refused before the acquisition, and to others', async () => {
      const [one, other] = [await node.connect(), await node.connect()];
      const token = await node.authorize();
      await expect(cancel(one, token)).rejects.toMatchObject(NONE);
      await acquire(one, token);
      await expect(cancel(other, token)).rejects.toMatchObject(NONE);
      await node.publish(task(1));
      expect(rowsIn(await taken(one))).toEqual([1]);
    });

    it('sent right after the acquisition takes back what that gave', async () => {
      const client = await node.connect();
      for (const more of [{}, { resume: true }]) {
        const token = await node.authorize();
        const [acquired, cancelled] = await Promise.allSettled([
          acquire(client, token, more),
          cancel(client, token),
        ]);
        expect(acquired.status).toBe('fulfilled');
        expect(cancelled.status).toBe('fulfilled');
        await node.publish(task(1));
        expect(await taken(client)).toEqual([]);
        expect([node.held, node.routed]).toEqual([0, 0]);
      }
    });

    it('leaves the client’s other subscriptions alone', async () => {
      const client = await node.connect();
      const tokens = [await node.authorize(), await node.authorize()];
      for (const token of tokens) await acquire(client, token);
      await cancel(client, tokens[0] as string);
      await node.publish(task(1));
      expect(rowsIn(await taken(client))).toEqual([1]);
    });
  });

  describe('a client that leaves', () => {
    it('takes its subscriptions along', async () => {
      const client = await node.connect();
      const tokens = [await node.authorize(), await node.authorize()];
      for (const token of tokens) await acquire(client, token);
      client.disconnect();
      await client.closed;
      await node.publish(task(1));
      expect([node.held, node.routed]).toEqual([0, 0]);
      const other = await node.connect();
      for (const token of tokens) {
        await expect(acquire(other, token)).rejects.toMatchObject(NONE);
      }
    });

    it('while it acquires leaves nothing behind', async () => {
      for (const more of [{}, { resume: true }]) {
        const token = await node.authorize();
        await node.publishTasks(10);
        const client = await node.connect();
        const answer = acquire(client, token, more);
        answer.catch(() => {});
        client.disconnect();
        await client.closed;
        await node.read();
        await until('the end', () => node.held + node.routed === 0);
        await node.read();
        expect([node.held, node.routed]).toEqual([0, 0]);
      }
    });
  });

  describe('in the application itself', () => {
    it('publishes as over the wire: dates as text, and a copy', async () => {
      const client = await node.connect();
      const token = await node.authorize();
      const at = new Date(0);
      const data = { n: 1, at, tags: ['a'], gone: undefined };
      await node.service.publishDeltas([
        { type: 'insert', model: 'Task', data },
      ]);
      data.n = 2;
      data.tags.push('b');
      at.setTime(1);
      await acquire(client, token);
      expect(await taken(client)).toStrictEqual([
        {
          type: 'delta',
          delta: {
            type: 'insert',
            model: 'Task',
            data: { n: 1, at: '1970-01-01T00:00:00.000Z', tags: ['a'] },
          },
        },
      ]);
    });

    it('shows dealers rows that they cannot change, whoever published', async () => {
      class Meddler extends Dealer<{ n: number }> {
        readonly model = 'Task';

        matches(_query: JsonValue, row: { n: number }): boolean {
          row.n = 99;
          return true;
        }
      }
      await restart({ dealers: [Meddler] });
      const client = await node.connect();
      await acquire(
        client,
        await node.authorize([{ dealer: 'Meddler', query: 1 }, ...ALL]),
      );
      const delta = { type: 'insert', model: 'Task', data: { n: 1 } } as const;
      await node.service.publishDeltas([delta]);
      await callBackend(node.app, 'datasync_backend', 'publishDeltas', {
        deltas: [delta],
      });
      const told = { type: 'delta', delta };
      expect(await taken(client)).toStrictEqual([told, told]);
    });

    it('throws for what is no delta', async () => {
      const publish = async (): Promise<void> => {
        await node.service.publishDeltas([{ type: 'insert' } as Delta]);
      };
      await expect(publish()).rejects.toThrow(RpcError);
      await expect(publish()).rejects.toMatchObject({ value: 'Missing field' });
    });

    it('authorizes, with the same checks and a copy of the items', async () => {
      const query = ['==', 'tag', 'a'];
      const items = [{ dealer: 'FilteredTasks', query }];
      const token = await node.service.authorizeSubscription(items);
      query[2] = 'b';
      items.length = 0;
      const client = await node.connect();
      await acquire(client, token);
      await node.publish(task(1, { tag: 'a' }), task(2, { tag: 'b' }));
      expect(rowsIn(await taken(client))).toEqual([1]);
      query[2] = 'c';
      await cancel(client, token);
      await node.publish(task(3, { tag: 'a' }));
      expect(await taken(client)).toEqual([]);
      expect([node.held, node.routed]).toEqual([0, 0]);
      const bad = async (): Promise<string> =>
        node.service.authorizeSubscription([{ dealer: 'No', query: 1 }]);
      await expect(bad()).rejects.toMatchObject({ value: 'No such dealer' });
    });

    it('takes a snapshot that no change falls out of', async () => {
      const client = await node.connect();
      const { token, data } = await node.service.snapshot(ALL, async () => {
        await node.publish(task(1));
        return ['rows'];
      });
      await node.publish(task(2));
      expect(data).toEqual(['rows']);
      await acquire(client, token);
      expect(rowsIn(await taken(client))).toEqual([1, 2]);
    });

    it('does not run the query of a snapshot that is not allowed', async () => {
      let ran = false;
      const snapshot = node.service.snapshot(
        [{ dealer: 'No', query: 1 }],
        () => (ran = true),
      );
      await expect(snapshot).rejects.toMatchObject({ value: 'No such dealer' });
      expect(ran).toBe(false);
    });

    it('fails a snapshot once its token is withdrawn, and not before', async () => {
      const broker = new MemoryBroker();
      const asked = deferred();
      const removal = deferred<boolean>();
      const remove = (): Promise<boolean> => {
        asked.resolve();
        return removal.promise;
      };
      Object.assign(broker.tokens, { remove });
      await using app = await DataSyncApp.start({ broker });
      let isOver = false;
      const failed = app.service
        .snapshot(ALL, () => {
          throw new Error('The database is down');
        })
        .catch((error: unknown) => {
          isOver = true;
          return error;
        });
      await asked.promise;
      expect(await unchanging(() => Number(isOver))).toBe(0);
      removal.resolve(true);
      expect(await failed).toEqual(new Error('The database is down'));
    });

    it('fails a snapshot as its query fails', async () => {
      const snapshot = node.service.snapshot(ALL, () => {
        throw new Error('The database is down');
      });
      await expect(snapshot).rejects.toThrow('The database is down');
    });
  });
});
