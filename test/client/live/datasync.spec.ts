import { describe, expect, it, jest } from '@jest/globals';
import {
  DataSync,
  type FollowHandlers,
  type FollowState,
  type Snorky,
} from 'snorky/client';
import { connect, inState } from '../support/client.js';
import {
  ScriptedServer,
  type ScriptedConnection,
} from '../support/scripted-server.js';

const services = { datasync: DataSync };
const TOKEN = 'a'.repeat(32);

function insert(id: number) {
  return { type: 'insert' as const, model: 'Task', data: { id } };
}

/** What a follower heard, in order. */
class Heard implements FollowHandlers {
  readonly log: unknown[] = [];
  private readonly waiting: (() => void)[] = [];

  onDeltas(deltas: readonly unknown[]): void {
    this.add(
      ...deltas.map((delta) => (delta as { data: { id: number } }).data.id),
    );
  }

  onState(state: FollowState, error?: unknown): void {
    this.add(error === undefined ? state : [state, error]);
  }

  async until(wanted: unknown): Promise<void> {
    while (!this.log.some((entry) => String(entry).includes(String(wanted)))) {
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  private add(...entries: unknown[]): void {
    this.log.push(...entries);
    for (const wake of this.waiting.splice(0)) wake();
  }
}

interface Started extends AsyncDisposable {
  readonly server: ScriptedServer;
  readonly snorky: Snorky<typeof services>;
  readonly connection: ScriptedConnection;
  readonly heard: Heard;
}

async function start(timeout = 30_000): Promise<Started> {
  const server = await ScriptedServer.start();
  const snorky = connect(server.url, services, { timeout });
  const connection = await server.connection();
  await inState(snorky, 'connected');
  return {
    server,
    snorky,
    connection,
    heard: new Heard(),
    [Symbol.asyncDispose]: async () => {
      snorky.disconnect();
      await server[Symbol.asyncDispose]();
    },
  };
}

function deltas(ids: readonly number[], position: unknown, token = TOKEN) {
  const batch = ids.map(insert);
  return { type: 'deltas', subscription: token, deltas: batch, position };
}

describe('following a token', () => {
  it('begins where the token was authorized, and goes on from its last position', async () => {
    await using app = await start();
    app.snorky.services.datasync.follow(TOKEN, app.heard);
    const call = await app.connection.next();
    expect(call.message).toMatchObject({
      command: 'acquireSubscription',
      params: { token: TOKEN, resume: true },
    });
    expect(call.message.params).not.toHaveProperty('since');
    app.connection.send('datasync', deltas([1, 2], 'p1'));
    app.connection.answer(call, { recovered: true, position: 'p2' });
    await app.heard.until('live');
    expect(app.heard.log).toEqual(['catching-up', 1, 2, 'live']);

    app.connection.cut();
    const second = await app.server.connection();
    const again = await second.next();
    expect(again.message.params).toEqual({
      token: TOKEN,
      resume: true,
      since: 'p2',
    });
    second.answer(again, { recovered: true, position: 'p2' });
    second.send('datasync', deltas([3], { n: 3 }));
    second.send('datasync', {
      type: 'position',
      subscription: TOKEN,
      position: { n: 4 },
    });
    second.send('datasync', { type: 'delta', delta: insert(0) });
    await new Promise<void>((resolve) => {
      app.snorky.services.datasync.deltaReceived.add(({ type, ...delta }) => {
        if (type === 'insert' && 'data' in delta) {
          if ((delta.data as { id: number }).id === 0) resolve();
        }
      });
    });
    second.cut();
    const third = await app.server.connection();
    expect((await third.next()).message.params['since']).toEqual({ n: 4 });
    expect(app.heard.log).toEqual([
      'catching-up',
      1,
      2,
      'live',
      'waiting',
      'catching-up',
      'live',
      3,
      'waiting',
      'catching-up',
    ]);
  });

  it('keeps the position of a replay that was interrupted', async () => {
    await using app = await start();
    app.snorky.services.datasync.follow(TOKEN, app.heard);
    await app.connection.next();
    app.connection.send('datasync', deltas([1], 'p1'));
    await app.heard.until(1);
    app.connection.cut();
    const second = await app.server.connection();
    expect((await second.next()).message.params['since']).toBe('p1');
  });

  it('waits for the first connection', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, services, { connect: false });
    const heard = new Heard();
    snorky.services.datasync.follow(TOKEN, heard);
    expect(heard.log).toEqual([]);
    snorky.connect();
    const connection = await server.connection();
    connection.answer(await connection.next(), {
      recovered: true,
      position: 1,
    });
    await heard.until('live');
  });

  it.each([
    ['what the log has forgotten', { recovered: false }],
    ['an answer that it does not understand', { something: 'else' }],
  ])('is gone after %s', async (_name, result) => {
    await using app = await start();
    app.snorky.services.datasync.follow(TOKEN, app.heard);
    app.connection.answer(await app.connection.next(), result);
    await app.heard.until('gone');
    expect(app.heard.log).toEqual(['catching-up', 'gone']);
    app.connection.cut();
    const second = await app.server.connection();
    await inState(app.snorky, 'connected');
    expect(second.unread).toEqual([]);
  });

  it.each(['No such subscription', 'Internal error', { odd: true }])(
    'is gone when the service says %j',
    async (error) => {
      await using app = await start();
      app.snorky.services.datasync.follow(TOKEN, app.heard);
      app.connection.refuse(await app.connection.next(), error);
      await app.heard.until('gone');
      expect(app.heard.log).toMatchObject([
        'catching-up',
        ['gone', { value: error }],
      ]);
    },
  );

  it('does without resuming on a server that does not know it', async () => {
    await using app = await start();
    app.snorky.services.datasync.follow(TOKEN, app.heard);
    app.connection.refuse(await app.connection.next(), 'Invalid params');
    const plain = await app.connection.next();
    expect(plain.message.params).toEqual({ token: TOKEN });
    app.connection.send('datasync', { type: 'delta', delta: insert(1) });
    app.connection.answer(plain, null);
    app.connection.send('datasync', { type: 'delta', delta: insert(2) });
    await app.heard.until(2);
    app.connection.cut();
    await app.heard.until('gone');
    expect(app.heard.log).toMatchObject([
      'catching-up',
      1,
      'live',
      2,
      ['gone', { code: 'SNORKY_CONNECTION_LOST' }],
    ]);
  });

  it('is gone when a server accepts and never answers', async () => {
    await using app = await start(20);
    app.snorky.services.datasync.follow(TOKEN, app.heard);
    await app.heard.until('gone');
    expect(app.heard.log).toMatchObject([
      'catching-up',
      ['gone', { code: 'SNORKY_TIMEOUT' }],
    ]);
    await app.connection.next();
    expect((await app.connection.next()).message.command).toBe(
      'cancelSubscription',
    );
  });

  it('has patience while what was missed arrives', async () => {
    await using app = await start(60);
    app.snorky.services.datasync.follow(TOKEN, app.heard);
    const call = await app.connection.next();
    for (let i = 1; i <= 6; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      app.connection.send('datasync', deltas([i], i));
    }
    app.connection.answer(call, { recovered: true, position: 6 });
    await app.heard.until('live');
    expect(app.heard.log).toEqual(['catching-up', 1, 2, 3, 4, 5, 6, 'live']);
  });

  it('hears nothing after it was cancelled', async () => {
    await using app = await start();
    const { datasync } = app.snorky.services;
    const followed = datasync.follow(TOKEN, app.heard);
    const call = await app.connection.next();
    app.connection.answer(call, { recovered: true, position: 1 });
    await app.heard.until('live');
    followed.cancel();
    followed.cancel();
    expect((await app.connection.next()).message).toMatchObject({
      command: 'cancelSubscription',
      params: { token: TOKEN },
    });
    const received = new Promise((resolve) =>
      datasync.deltaReceived.add(resolve),
    );
    app.connection.send('datasync', deltas([1], 2));
    await received;
    expect(app.heard.log).toEqual(['catching-up', 'live', 'gone']);
    expect(app.connection.unread).toEqual([]);
  });

  it('is gone when a batch could not be applied', async () => {
    await using app = await start();
    app.snorky.services.datasync.follow(TOKEN, {
      onDeltas: () => {
        throw new Error('no room');
      },
      onState: (state, error) => app.heard.onState(state, error),
    });
    const call = await app.connection.next();
    app.connection.answer(call, { recovered: true, position: 1 });
    app.connection.send('datasync', deltas([1], 2));
    await app.heard.until('gone');
    expect((await app.connection.next()).message.command).toBe(
      'cancelSubscription',
    );
    app.connection.cut();
    const second = await app.server.connection();
    await inState(app.snorky, 'connected');
    expect(second.unread).toEqual([]);
  });

  it('does not take an answer of before a loss for one of after it', async () => {
    await using app = await start(60);
    app.snorky.services.datasync.follow(TOKEN, app.heard);
    await app.connection.next();
    app.connection.cut();
    const second = await app.server.connection();
    const call = await second.next();
    // Longer than the patience with the first question.
    await new Promise((resolve) => setTimeout(resolve, 40));
    second.send('datasync', deltas([1], 1));
    await new Promise((resolve) => setTimeout(resolve, 40));
    second.answer(call, { recovered: true, position: 1 });
    await app.heard.until('live');
    expect(app.heard.log).toEqual([
      'catching-up',
      'waiting',
      'catching-up',
      1,
      'live',
    ]);
  });

  it('acquires nothing on a connection that a listener has ended', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, services, { connect: false });
    const { datasync } = snorky.services;
    const states: FollowState[] = [];
    for (const token of ['a', 'b', 'c']) {
      datasync.follow(token.repeat(32), {
        onDeltas: () => {},
        onState: (state) => {
          states.push(state);
          if (state === 'catching-up') snorky.disconnect();
        },
      });
    }
    snorky.connect();
    await inState(snorky, 'connected').catch(() => {});
    await inState(snorky, 'idle');
    expect(states.filter((state) => state === 'catching-up')).toHaveLength(1);
  });

  it('stays cancelled, whoever cancels it in the middle', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, services, { connect: false });
    const { datasync } = snorky.services;
    const other = new Heard();
    const second = 'b'.repeat(32);
    const first = datasync.follow(TOKEN, {
      onDeltas: () => {},
      onState: (state) => {
        if (state !== 'catching-up') return;
        first.cancel();
        followed.cancel();
      },
    });
    const followed = datasync.follow(second, other);
    snorky.connect();
    const connection = await server.connection();
    datasync.rpcCall('marker').catch(() => {});
    const commands: string[] = [];
    do commands.push((await connection.next()).message.command);
    while (commands.at(-1) !== 'marker');
    expect(commands).not.toContain('acquireSubscription');
    expect(other.log).toEqual(['gone']);
    expect([first.state, followed.state]).toEqual(['gone', 'gone']);
  });

  it.each([
    ['of an unknown type', { type: 'something' }],
    ['without a delta', { type: 'delta' }],
    ['with deltas that are no list', { type: 'deltas', deltas: 7 }],
    ['without a position', { type: 'position', subscription: TOKEN }],
  ])('is not disturbed by a notification %s', async (_name, notification) => {
    const errors = jest.spyOn(console, 'error').mockImplementation(() => {});
    try {
      await using app = await start();
      app.snorky.services.datasync.follow(TOKEN, app.heard);
      const call = await app.connection.next();
      app.connection.send('datasync', notification);
      app.connection.answer(call, { recovered: true, position: 1 });
      app.connection.send('datasync', deltas([1], 2));
      await app.heard.until(1);
      expect(app.heard.log).toEqual(['catching-up', 'live', 1]);
      expect(errors).toHaveBeenCalledTimes(1);
    } finally {
      errors.mockRestore();
    }
  });

  it('keeps several apart', async () => {
    await using app = await start();
    const other = 'b'.repeat(32);
    const otherHeard = new Heard();
    app.snorky.services.datasync.follow(TOKEN, app.heard);
    app.snorky.services.datasync.follow(other, otherHeard);
    for (let i = 0; i < 2; i++) {
      app.connection.answer(await app.connection.next(), {
        recovered: true,
        position: 0,
      });
    }
    await otherHeard.until('live');
    app.connection.send('datasync', deltas([1], 1));
    app.connection.send('datasync', deltas([2], 1, other));
    await otherHeard.until(2);
    expect(app.heard.log).toEqual(['catching-up', 'live', 1]);
    expect(otherHeard.log).toEqual(['catching-up', 'live', 2]);
  });

  it('applies a batch before anybody else hears of it', async () => {
    await using app = await start();
    const { datasync } = app.snorky.services;
    datasync.follow(TOKEN, app.heard);
    const seen: unknown[] = [];
    datasync.deltaReceived.add((delta) =>
      seen.push([delta, app.heard.log.slice(1)]),
    );
    app.connection.send('datasync', deltas([1, 2], 1));
    await app.heard.until(2);
    expect(seen).toEqual([
      [insert(1), [1, 2]],
      [insert(2), [1, 2]],
    ]);
  });
});
