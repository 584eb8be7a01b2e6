import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { JsonObject, JsonValue } from 'snorky';
import {
  ALL,
  acquire,
  BROKERS,
  cancel,
  DataSyncApp,
  range,
  resume,
  rowsIn,
  taken,
  task,
  until,
  type DataSyncAppOptions,
} from '../../../support/services/datasync.js';

const NONE = { value: 'No such subscription' };
const SLOW = [{ dealer: 'SlowTasks', query: null }];

/** The position of the last notification that has one. */
function lastPosition(messages: readonly JsonObject[]): JsonValue {
  return messages.findLast(({ position }) => position !== undefined)
    ?.position as JsonValue;
}

describe.each(BROKERS)('Resuming over $over', ({ make }) => {
  let node: DataSyncApp;

  async function restart(options: DataSyncAppOptions): Promise<void> {
    await node[Symbol.asyncDispose]();
    node = await DataSyncApp.start({ broker: make(), ...options });
  }

  beforeEach(async () => {
    node = await DataSyncApp.start({ broker: make() });
  });

  afterEach(async () => {
    await node[Symbol.asyncDispose]();
    expect(node.log.with('warn', 'second resolution')).toEqual([]);
    const errors = node.log.with('error', '');
    // Rows of these tests need not have a key.
    expect(errors.filter(({ text }) => !text.startsWith('Dealer'))).toEqual([]);
  });

  describe('a token that waits for its client to come back', () => {
    const FULL = { value: 'Too many tokens' };

    it('counts among those that wait, until the client is there', async () => {
      await restart({ maxTokens: 1 });
      const token = await node.authorize();
      const client = await node.connect();
      await resume(client, token);
      client.disconnect();
      await until('the subscription is let go', () => node.held === 0);
      await expect(node.authorize()).rejects.toMatchObject(FULL);
      const again = await node.connect();
      expect(await resume(again, token)).toMatchObject({ recovered: true });
      await node.authorizeLater();
      await expect(node.authorize()).rejects.toMatchObject(FULL);
    });

    it('does not count when another connection took it over, or it was cancelled', async () => {
      await restart({ maxTokens: 1 });
      const token = await node.authorize();
      const [old, client] = [await node.connect(), await node.connect()];
      await resume(old, token);
      await resume(client, token);
      old.disconnect();
      await cancel(client, token);
      client.disconnect();
      await until('the subscription is let go', () => node.held === 0);
      await expect(node.authorizeLater()).resolves.not.toBe(token);
    });
  });

  describe('what is sent', () => {
    it('is one message for each entry, with the version and a position', async () => {
      const client = await node.connect();
      const token = await node.authorize();
      const answer = await resume(client, token);
      expect(answer).toStrictEqual({
        recovered: true,
        position: expect.anything(),
      });
      const deltas = [
        { type: 'insert', model: 'Task', data: 1 },
        { type: 'update', model: 'Task', newData: 2, oldData: 1, version: 7 },
        { type: 'delete', model: 'Task', data: 2, version: 8.5 },
      ];
      await node.publish(...deltas);
      await node.publish(task(1));
      const messages = await taken(client);
      expect(messages).toStrictEqual([
        {
          type: 'deltas',
          subscription: token,
          deltas,
          position: expect.anything(),
        },
        {
          type: 'deltas',
          subscription: token,
          deltas: [task(1)],
          position: expect.anything(),
        },
      ]);
      expect(messages[0]?.position).not.toEqual(messages[1]?.position);
    });

    it('is the same when it was missed', async () => {
      const token = await node.authorize();
      const deltas = [
        { type: 'update', model: 'Task', newData: 2, oldData: 1, version: 7 },
        { type: 'insert', model: 'Sentinel', data: 1 },
        { type: 'delete', model: 'Task', data: 2, version: 8.5 },
      ];
      const live = await node.connect();
      await resume(live, await node.authorize());
      await node.publish(...deltas);
      const client = await node.connect();
      const { position } = await resume(client, token);
      const messages = await taken(client);
      expect(messages).toStrictEqual([
        {
          type: 'deltas',
          subscription: token,
          deltas: [deltas[0], deltas[2]],
          position: expect.anything(),
        },
      ]);
      const heard = await taken(live);
      expect(heard[0]?.deltas).toStrictEqual(messages[0]?.deltas);
      expect(heard[0]?.position).toStrictEqual(messages[0]?.position);
      expect(position).toBeDefined();
    });

    it('has no version for those who did not ask to resume', async () => {
      const [plain, other] = [await node.connect(), await node.connect()];
      await acquire(plain, await node.authorize());
      await resume(other, await node.authorize());
      const delta = {
        type: 'update',
        model: 'Task',
        newData: { n: 2 },
        oldData: { n: 1 },
      };
      const versioned = { ...delta, version: 3 };
      await node.publish(versioned);
      expect(await taken(plain)).toStrictEqual([{ type: 'delta', delta }]);
      expect((await taken(other))[0]?.deltas).toStrictEqual([versioned]);
    });

    it('keeps the version in what a transition becomes', async () => {
      const client = await node.connect();
      const items = [{ dealer: 'TasksByOwner', query: 'bob' }];
      await resume(client, await node.authorize(items));
      const [ann, bob] = [{ owner: 'ann' }, { owner: 'bob' }];
      await node.publish(
        {
          type: 'update',
          model: 'Task',
          oldData: ann,
          newData: bob,
          version: 1,
        },
        {
          type: 'update',
          model: 'Task',
          oldData: bob,
          newData: ann,
          version: 2,
        },
      );
      expect((await taken(client))[0]?.deltas).toStrictEqual([
        { type: 'insert', model: 'Task', data: bob, version: 1 },
        { type: 'delete', model: 'Task', data: bob, version: 2 },
      ]);
    });

    it('goes to each subscription of a client by itself', async () => {
      const client = await node.connect();
      const tokens = [await node.authorize(), await node.authorize()];
      for (const token of tokens) await resume(client, token);
      await node.publish(task(1));
      const messages = await taken(client);
      expect(messages.map(({ subscription }) => subscription)).toEqual(tokens);
    });
  });

  describe('after a disconnection', () => {
    it('goes on from the position that the client knows', async () => {
      const token = await node.authorize();
      const client = await node.connect();
      await resume(client, token);
      await node.publishTasks(3);
      const since = lastPosition(await taken(client));
      client.disconnect();
      await client.closed;
      await node.publishTasks(4, 3);
      const again = await node.connect();
      const answer = await resume(again, token, since);
      expect(answer.recovered).toBe(true);
      expect(rowsIn(await taken(again))).toEqual([3, 4, 5, 6]);
      await node.publish(task(7));
      expect(rowsIn(await taken(again))).toEqual([7]);
    });

    it('goes on from the answer’s position, when nothing came', async () => {
      const token = await node.authorize();
      const client = await node.connect();
      await node.publishTasks(3);
      const { position } = await resume(client, token);
      expect(rowsIn(await taken(client))).toEqual([0, 1, 2]);
      client.disconnect();
      await client.closed;
      await node.publish(task(3));
      const again = await node.connect();
      await resume(again, token, position);
      expect(rowsIn(await taken(again))).toEqual([3]);
    });

    it('without a position goes on from the authorization', async () => {
      await node.publish(task(0));
      const token = await node.authorize();
      const client = await node.connect();
      await node.publish(task(1));
      await resume(client, token);
      await node.publish(task(2));
      client.disconnect();
      await client.closed;
      await node.publish(task(3));
      const again = await node.connect();
      expect((await resume(again, token)).recovered).toBe(true);
      expect(rowsIn(await taken(again))).toEqual([1, 2, 3]);
    });

    it('goes on again and again', async () => {
      const token = await node.authorize();
      let since: JsonValue | undefined;
      const heard: JsonValue[] = [];
      for (let round = 0; round < 6; round++) {
        const client = await node.connect();
        const { position } = await resume(client, token, since);
        await node.publishTasks(2, round * 4);
        const messages = await taken(client);
        heard.push(...rowsIn(messages));
        since = lastPosition(messages) ?? position;
        client.disconnect();
        await client.closed;
        await node.publishTasks(2, round * 4 + 2);
      }
      expect(heard).toEqual(range(0, 22));
      await until('the end', () => node.held + node.routed === 0);
    });

    it('is over when the grace is', async () => {
      await restart({ tokenTimeout: 40 });
      const token = await node.authorize();
      const client = await node.connect();
      await resume(client, token);
      // While it is held, it does not expire.
      await new Promise((resolve) => setTimeout(resolve, 90));
      await node.publish(task(1));
      expect(rowsIn(await taken(client))).toEqual([1]);
      client.disconnect();
      await client.closed;
      await new Promise((resolve) => setTimeout(resolve, 90));
      const again = await node.connect();
      await expect(resume(again, token)).rejects.toMatchObject(NONE);
    });

    it('is possible for those who will resume no more', async () => {
      const token = await node.authorize();
      const client = await node.connect();
      await resume(client, token);
      client.disconnect();
      await client.closed;
      await node.publish(task(1));
      const again = await node.connect();
      expect(await acquire(again, token)).toBeNull();
      expect(rowsIn(await taken(again))).toEqual([1]);
      again.disconnect();
      await again.closed;
      const last = await node.connect();
      await expect(resume(last, token)).rejects.toMatchObject(NONE);
    });

    it('is over after a cancellation', async () => {
      const token = await node.authorize();
      const client = await node.connect();
      await resume(client, token);
      expect(await cancel(client, token)).toBeNull();
      for (const some of [client, await node.connect()]) {
        await expect(resume(some, token)).rejects.toMatchObject(NONE);
        await expect(cancel(some, token)).rejects.toMatchObject(NONE);
      }
      await node.publish(task(1));
      expect(await taken(client)).toEqual([]);
      expect([node.held, node.routed]).toEqual([0, 0]);
    });
  });

  describe('while the old connection is still there', () => {
    it('silences that one', async () => {
      const token = await node.authorize();
      const old = await node.connect();
      await resume(old, token);
      await node.publish(task(0));
      const since = lastPosition(await taken(old));
      await node.publish(task(1));
      await taken(old);
      const client = await node.connect();
      await resume(client, token, since);
      expect(rowsIn(await taken(client))).toEqual([1]);
      await node.publish(task(2));
      expect(rowsIn(await taken(client))).toEqual([2]);
      expect(await taken(old)).toEqual([]);
      expect([node.held, node.routed]).toEqual([1, 1]);
    });

    it('leaves the token to the new one when the old one ends', async () => {
      const token = await node.authorize();
      const [old, client] = [await node.connect(), await node.connect()];
      await resume(old, token);
      await resume(client, token);
      await expect(cancel(old, token)).rejects.toMatchObject(NONE);
      old.disconnect();
      await old.closed;
      await node.publish(task(1));
      expect(rowsIn(await taken(client))).toEqual([1]);
      client.disconnect();
      await client.closed;
      const last = await node.connect();
      expect((await resume(last, token)).recovered).toBe(true);
    });

    it('refuses a plain acquisition, to anybody', async () => {
      const token = await node.authorize();
      const [client, other] = [await node.connect(), await node.connect()];
      await resume(client, token);
      for (const some of [client, other]) {
        await expect(acquire(some, token)).rejects.toMatchObject(NONE);
      }
      await node.publish(task(1));
      expect(rowsIn(await taken(client))).toEqual([1]);
    });

    it('moves a token to and fro', async () => {
      const token = await node.authorize();
      const clients = [await node.connect(), await node.connect()];
      let since: JsonValue | undefined;
      for (let n = 0; n < 6; n++) {
        const [one, other] = n % 2 === 0 ? clients : clients.toReversed();
        if (one === undefined || other === undefined) return;
        const { position } = await resume(one, token, since);
        await node.publish(task(n));
        const messages = await taken(one);
        expect(rowsIn(messages)).toEqual([n]);
        expect(await taken(other)).toEqual([]);
        since = lastPosition(messages) ?? position;
        expect([node.held, node.routed]).toEqual([1, 1]);
      }
    });

    it('on the same connection just goes back to a position', async () => {
      const token = await node.authorize();
      const client = await node.connect();
      const { position } = await resume(client, token);
      await node.publishTasks(2);
      expect(rowsIn(await taken(client))).toEqual([0, 1]);
      await resume(client, token, position);
      expect(rowsIn(await taken(client))).toEqual([0, 1]);
      await node.publish(task(2));
      expect(rowsIn(await taken(client))).toEqual([2]);
      expect([node.held, node.routed]).toEqual([1, 1]);
    });

    it('takes an acquisition repeated before its answer as one', async () => {
      const token = await node.authorize();
      await node.publishTasks(3);
      const client = await node.connect();
      const answers = await Promise.all([
        resume(client, token),
        resume(client, token),
      ]);
      expect(answers.map(({ recovered }) => recovered)).toEqual([true, true]);
      // Each is a replay of its own, and both are asked for.
      expect(rowsIn(await taken(client))).toEqual([0, 1, 2, 0, 1, 2]);
      await node.publish(task(3));
      expect(rowsIn(await taken(client))).toEqual([3]);
      expect([node.held, node.routed]).toEqual([1, 1]);
    });

    it('during its replay ends that one, on the old connection', async () => {
      const token = await node.authorize(SLOW);
      await node.publishTasks(400);
      const [old, client] = [await node.connect(), await node.connect()];
      const first = resume(old, token).then(
        (answer) => answer,
        (error: unknown) => error,
      );
      await until('the replay', () => old.unread.length > 0);
      expect(old.unread.length).toBeLessThan(400);
      expect((await resume(client, token)).recovered).toBe(true);
      expect(await first).toMatchObject(NONE);
      const sent = rowsIn(await taken(old));
      expect(sent.length).toBeLessThan(400);
      expect(rowsIn(await taken(client))).toEqual(range(0, 400));
      await node.publish(task(400));
      expect(await taken(old)).toEqual([]);
      expect(rowsIn(await taken(client))).toEqual([400]);
      expect([node.held, node.routed]).toEqual([1, 1]);
      client.disconnect();
      await client.closed;
      old.disconnect();
      await old.closed;
      await until('the end', () => node.held + node.routed === 0);
    });

    it('by several at once leaves one, and it is the one who is told so', async () => {
      for (let round = 0; round < 10; round++) {
        const token = await node.authorize();
        await node.publish(task(0));
        const clients = await Promise.all(
          range(0, 4).map(() => node.connect()),
        );
        const answers = await Promise.allSettled(
          clients.map((client) => resume(client, token)),
        );
        await node.read();
        await until('one of them', () => node.held === 1 && node.routed === 1);
        for (const client of clients) await taken(client);
        await node.publish(task(1));
        const heard = await Promise.all(clients.map(taken));
        const winner = heard.findIndex((messages) => messages.length > 0);
        expect(heard.map(rowsIn).flat()).toEqual([1]);
        // The last connection has the token: the earlier ones are a client's
        // old connections.
        expect(winner).toBe(3);
        expect(answers[winner]?.status).toBe('fulfilled');
        for (const client of clients) client.disconnect();
        await until('the end', () => node.held + node.routed === 0);
      }
    });
  });

  describe('from where the log does not reach', () => {
    it.each<[what: string, since: JsonValue]>([
      ['a number', 1],
      ['a text', '1'],
      ['false', false],
      ['an empty list', []],
      ['an empty object', {}],
      ['of another epoch', ['aaaaaaaa', 1]],
      ['of no epoch', [null, 1]],
      ['deep garbage', [[[[{ a: [1, 2, { b: null }] }]]]]],
    ])('(%s) is told, and the token is gone', async (_, since) => {
      const token = await node.authorize();
      await node.publish(task(1));
      const client = await node.connect();
      const answer = await resume(client, token, since);
      expect(answer).toStrictEqual({ recovered: false });
      expect(await taken(client)).toEqual([]);
      await node.publish(task(2));
      expect(await taken(client)).toEqual([]);
      expect([node.held, node.routed]).toEqual([0, 0]);
      await expect(resume(client, token)).rejects.toMatchObject(NONE);
      await expect(cancel(client, token)).rejects.toMatchObject(NONE);
    });

    it('as the client says what is yet to come, is told', async () => {
      const token = await node.authorize();
      const client = await node.connect();
      const { position } = await resume(client, token);
      const [epoch, number] = position as [string, number];
      const since = [epoch, number + 1000];
      expect(await resume(client, token, since)).toEqual({ recovered: false });
      expect([node.held, node.routed]).toEqual([0, 0]);
      await node.publish(task(1));
      expect(await taken(client)).toEqual([]);
    });

    it('is told before anything is sent, and logged', async () => {
      await restart({ log: { entries: 3 } });
      const token = await node.authorize();
      const client = await node.connect();
      await resume(client, token);
      await node.publish(task(0));
      const since = lastPosition(await taken(client));
      client.disconnect();
      await client.closed;
      await node.publishTasks(4, 1);
      const again = await node.connect();
      expect(await resume(again, token, since)).toEqual({ recovered: false });
      expect(await taken(again)).toEqual([]);
      expect(node.log.with('warn', 'no longer reaches back')).toHaveLength(1);
      await expect(resume(again, token)).rejects.toMatchObject(NONE);
      await node.publish(task(5));
      expect(await taken(again)).toEqual([]);
      expect([node.held, node.routed]).toEqual([0, 0]);
    });

    it('reaches exactly to the end of the log', async () => {
      await restart({ log: { entries: 3 } });
      const token = await node.authorize();
      const client = await node.connect();
      await resume(client, token);
      await node.publish(task(0));
      const since = lastPosition(await taken(client));
      client.disconnect();
      await client.closed;
      await node.publishTasks(3, 1);
      const again = await node.connect();
      expect((await resume(again, token, since)).recovered).toBe(true);
      expect(rowsIn(await taken(again))).toEqual([1, 2, 3]);
    });

    it('does not go back to before the authorization', async () => {
      // Not authorized then: what was in the log before is not the client's.
      const first = await node.connect();
      const { position } = await resume(first, await node.authorize());
      await node.publishTasks(3);
      const token = await node.authorize();
      await node.publish(task(3));
      const client = await node.connect();
      const answer = await resume(client, token, position);
      expect(answer.recovered).toBe(true);
      expect(rowsIn(await taken(client))).toEqual([3]);
    });

    it('after a restart knows neither token nor position', async () => {
      const token = await node.authorize();
      const client = await node.connect();
      const { position } = await resume(client, token);
      await restart({});
      const again = await node.connect();
      await expect(resume(again, token, position)).rejects.toMatchObject(NONE);
      const next = await node.authorize();
      expect(await resume(again, next, position)).toEqual({ recovered: false });
      expect([node.held, node.routed]).toEqual([0, 0]);
    });
  });

  describe('a client that vanishes', () => {
    it('during its replay leaves nothing, and may come back', async () => {
      const token = await node.authorize(SLOW);
      await node.publishTasks(400);
      const client = await node.connect();
      const answer = resume(client, token).catch(() => 'gone');
      await until('the replay', () => client.unread.length > 0);
      client.disconnect();
      await client.closed;
      expect(await answer).toBe('gone');
      await until('the end', () => node.held + node.routed === 0);
      const again = await node.connect();
      expect((await resume(again, token)).recovered).toBe(true);
      expect(rowsIn(await taken(again))).toEqual(range(0, 400));
    });

    it('during its replay, and did not ask to resume, leaves nothing', async () => {
      const token = await node.authorize(SLOW);
      await node.publishTasks(400);
      const client = await node.connect();
      const answer = acquire(client, token).catch(() => 'gone');
      await until('the replay', () => client.unread.length > 0);
      client.disconnect();
      await client.closed;
      expect(await answer).toBe('gone');
      await until('the end', () => node.held + node.routed === 0);
      const again = await node.connect();
      await expect(resume(again, token)).rejects.toMatchObject(NONE);
    });

    it('right after asking may come back', async () => {
      const token = await node.authorize();
      await node.publishTasks(3);
      const client = await node.connect();
      resume(client, token).catch(() => {});
      client.disconnect();
      await client.closed;
      const again = await node.connect();
      expect((await resume(again, token)).recovered).toBe(true);
      expect(rowsIn(await taken(again))).toEqual([0, 1, 2]);
      await node.read();
      await until('the one', () => node.held + node.routed === 2);
    });

    it('does not delay the end of the application', async () => {
      const own = await DataSyncApp.start({ broker: make() });
      const token = await own.authorize(SLOW);
      await own.publishTasks(400);
      const client = await own.connect();
      const answer = resume(client, token).catch(() => 'gone');
      await until('the replay', () => client.unread.length > 0);
      const start = performance.now();
      await own[Symbol.asyncDispose]();
      expect(performance.now() - start).toBeLessThan(1000);
      expect(await answer).toBe('gone');
    });
  });

  it('keeps what one client asks in its order', async () => {
    const client = await node.connect();
    const token = await node.authorize(ALL);
    await node.publishTasks(5);
    const all = await Promise.allSettled([
      resume(client, token),
      cancel(client, token),
      resume(client, token),
    ]);
    expect(all.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
    ]);
    expect([node.held, node.routed]).toEqual([0, 0]);
  });
});
