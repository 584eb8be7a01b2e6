import { describe, expect, it, jest } from '@jest/globals';
import {
  Chat,
  RpcError,
  Snorky,
  type ConnectorError,
  type SnorkyOptions,
  type SocketClass,
} from 'snorky/client';
import { WebSocket } from 'ws';
import {
  connect,
  dispatched,
  FAST,
  inState,
  rejection,
} from '../support/client.js';
import { scriptedClient } from '../support/scripted-client.js';
import { ScriptedChat } from '../support/scripted-chat.js';
import { ScriptedServer } from '../support/scripted-server.js';
import { ServiceServer } from '../support/scripted-service.js';

const timestamp = '2026-11-20T09:08:36.828634+00:00';
const channel = 'support';

const startServer = () => ServiceServer.start('chat', new ScriptedChat());

function enter(server: ServiceServer, identity?: string) {
  return connect(server.url(identity), { chat: Chat });
}

/** A client and the server's side of its connection, to be scripted. */
async function scripted(options: SnorkyOptions = {}) {
  const page = await scriptedClient({ chat: Chat }, options);
  return { ...page, chat: page.services.chat };
}

describe('the chat connector', () => {
  it('gives the members of a channel that is joined', async () => {
    await using server = await startServer();
    using alice = enter(server, 'alice');
    using bob = enter(server, 'bob');
    await alice.services.chat.join({ channel });
    expect(await bob.services.chat.join({ channel })).toEqual({
      members: ['alice', 'bob'],
    });
  });

  it('dispatches messages without their type, the own one before the answer', async () => {
    await using server = await startServer();
    using alice = enter(server, 'alice');
    const { chat } = alice.services;
    await chat.join({ channel: { room: 1, of: 'house' } });
    const events: unknown[] = [];
    chat.messageReceived.add((message) => events.push(message));
    await chat.send({ channel: { of: 'house', room: 1 }, body: ['hi'] });
    expect(events).toEqual([
      {
        from: 'alice',
        channel: { of: 'house', room: 1 },
        body: ['hi'],
        timestamp,
      },
    ]);
  });

  it('dispatches who joins and leaves', async () => {
    await using server = await startServer();
    using alice = enter(server, 'alice');
    using bob = enter(server, 'bob');
    await alice.services.chat.join({ channel });
    const joined = dispatched(alice.services.chat.presenceReceived);
    await bob.services.chat.join({ channel });
    const presence = { from: 'bob', channel, timestamp };
    expect(await joined).toEqual([{ ...presence, status: 'joined' }]);
    const left = dispatched(alice.services.chat.presenceReceived);
    await bob.services.chat.leave({ channel });
    expect(await left).toEqual([{ ...presence, status: 'left' }]);
  });

  it('dispatches what the same person has read elsewhere', async () => {
    await using server = await startServer();
    using phone = enter(server, 'alice');
    using desk = enter(server, 'alice');
    await phone.services.chat.join({ channel });
    const read = dispatched(phone.services.chat.readReceived);
    await desk.services.chat.read({ channel });
    expect(await read).toEqual([{ channel, timestamp }]);
  });

  it('rejects with what the service says', async () => {
    await using server = await startServer();
    using nobody = enter(server);
    const { chat } = nobody.services;
    const errors = [
      await rejection(chat.join({ channel })),
      await rejection(chat.leave({ channel })),
      await rejection(chat.send({ channel, body: 1 })),
    ];
    expect(errors).toEqual([
      new RpcError('Not authenticated'),
      new RpcError('Not joined'),
      new RpcError('Not joined'),
    ]);
  });

  it('leaves subclasses the name onNotification', async () => {
    const own = jest.fn();
    class OwnChat extends Chat {
      onNotification(): void {
        own();
      }
    }
    await using server = await startServer();
    using alice = connect(server.url('alice'), { chat: OwnChat });
    const { chat } = alice.services;
    await chat.join({ channel });
    const received = dispatched(chat.messageReceived);
    await chat.send({ channel, body: 'hi' });
    expect((await received)[0].body).toBe('hi');
    expect(own).not.toHaveBeenCalled();
  });

  it('complains of notifications that it does not know, and goes on', async () => {
    await using app = await scripted();
    const complaint = jest.spyOn(console, 'error').mockImplementation(() => {});
    try {
      const heard: unknown[] = [];
      for (const signal of ['message', 'presence', 'read'] as const) {
        app.chat[`${signal}Received`].add(() => heard.push(signal));
      }
      const read = { type: 'read', channel: null, timestamp };
      for (const strange of [
        { type: 'typing', channel, timestamp },
        { type: 'message', channel, timestamp, from: 'bob' },
        { type: 'presence', channel, timestamp, from: 'bob' },
        { type: 'read', timestamp },
        { type: 'read', channel },
      ]) {
        app.connection.send('chat', strange);
      }
      app.connection.send('chat', read);
      await dispatched(app.chat.readReceived);
      expect(heard).toEqual(['read']);
      expect(complaint).toHaveBeenCalledTimes(5);
    } finally {
      complaint.mockRestore();
    }
  });
});

describe('after a loss of the connection, the chat connector', () => {
  it('joins again what was joined, and tells who is there now', async () => {
    await using server = await startServer();
    using alice = enter(server, 'alice');
    using bob = enter(server, 'bob');
    await alice.services.chat.join({ channel: 'left' });
    await alice.services.chat.leave({ channel: 'left' });
    await alice.services.chat.join({ channel });
    const channels: unknown[] = [];
    alice.services.chat.rejoined.add((each) => channels.push(each));
    const rejoined = dispatched(alice.services.chat.rejoined);
    await bob.services.chat.join({ channel });
    server.cut('alice');
    expect(await rejoined).toEqual([channel, ['bob', 'alice']]);
    const message = dispatched(alice.services.chat.messageReceived);
    await bob.services.chat.send({ channel, body: 'welcome' });
    expect((await message)[0].body).toBe('welcome');
    expect(channels).toEqual([channel]);
  });

  it('tells what it may not join again, and does not ask once more', async () => {
    await using server = await startServer();
    let identity: string | undefined = 'alice';
    using alice = connect(() => server.url(identity), { chat: Chat });
    const { chat } = alice.services;
    await chat.join({ channel });
    identity = undefined;
    const left = dispatched(chat.left);
    const rejoined = jest.fn();
    chat.rejoined.add(rejoined);
    server.cut('alice');
    expect(await left).toEqual([channel, new RpcError('Not authenticated')]);
    identity = 'alice';
    alice.disconnect();
    alice.connect();
    // Would be refused, had the connector joined before.
    expect(await chat.join({ channel })).toEqual({ members: ['alice'] });
    expect(rejoined).not.toHaveBeenCalled();
  });

  it('joins again although the connection is lost before the answer', async () => {
    await using app = await scripted();
    const members = app.chat.join({ channel });
    const first = await app.connection.next();
    app.connection.cut();
    const second = await app.server.connection();
    const again = await second.next();
    expect(again).toEqual(first);
    second.answer(again, { members: ['alice'] });
    expect(await members).toEqual({ members: ['alice'] });
    // And on the next connection once, as a membership.
    second.cut();
    const third = await app.server.connection();
    const rejoined = dispatched(app.chat.rejoined);
    third.answer(await third.next(), { members: ['bob'] });
    expect(await rejoined).toEqual([channel, ['bob']]);
    expect(third.unread).toEqual([]);
  });

  it('gives the service more time to let it in than calls have', async () => {
    await using app = await scripted({ timeout: 20 });
    const joined = app.chat.join({ channel });
    app.connection.answer(await app.connection.next(), { members: [] });
    await joined;
    app.connection.cut();
    const connection = await app.server.connection();
    const join = await connection.next();
    const late = await rejection(app.chat.read({ channel }));
    expect((late as ConnectorError).code).toBe('SNORKY_TIMEOUT');
    const rejoined = dispatched(app.chat.rejoined);
    connection.answer(join, { members: ['alice'] });
    expect(await rejoined).toEqual([channel, ['alice']]);
  });

  it('keeps a membership through losses before it is joined again', async () => {
    await using app = await scripted();
    const joined = app.chat.join({ channel });
    app.connection.answer(await app.connection.next(), { members: [] });
    await joined;
    const left = jest.fn();
    app.chat.left.add(left);
    let { connection } = app;
    for (let i = 0; i < 3; i++) {
      connection.cut();
      connection = await app.server.connection();
      expect((await connection.next()).message).toMatchObject({
        command: 'join',
        params: { channel },
      });
    }
    expect(left).not.toHaveBeenCalled();
  });

  it('joins once where a broken socket did not take the call', async () => {
    let broken = false;
    class FragileSocket extends WebSocket {
      override send(...args: unknown[]): void {
        if (broken) throw new Error('It is closing');
        Reflect.apply(super.send, this, args);
      }
    }
    await using server = await ScriptedServer.start();
    const snorky = new Snorky(
      FragileSocket as unknown as SocketClass,
      server.url,
      { chat: Chat },
      { reconnect: FAST },
    );
    try {
      const { chat } = snorky.services;
      const first = await server.connection();
      const joined = chat.join({ channel });
      first.answer(await first.next(), { members: [] });
      await joined;
      broken = true;
      first.cut();
      const second = await server.connection();
      await inState(snorky, 'connected');
      broken = false;
      const left = jest.fn();
      chat.left.add(left);
      const rejoined = dispatched(chat.rejoined);
      second.cut();
      const third = await server.connection();
      await inState(snorky, 'connected');
      const sent = [await third.next()];
      third.answer(sent[0]!, { members: [] });
      await rejoined;
      expect(left).not.toHaveBeenCalled();
      void chat.read({ channel }).catch(() => {});
      sent.push(await third.next());
      const commands = sent.map(({ message }) => message.command);
      expect(commands).toEqual(['join', 'read']);
    } finally {
      snorky.disconnect();
    }
  });

  it('leaves without a connection by not joining again', async () => {
    await using app = await scripted();
    const joined = app.chat.join({ channel });
    app.connection.answer(await app.connection.next(), { members: [] });
    await joined;
    app.snorky.disconnect();
    expect(await app.chat.leave({ channel })).toBeNull();
    app.snorky.connect();
    const connection = await app.server.connection();
    void app.chat.read({ channel: 'first' }).catch(() => {});
    expect((await connection.next()).message.command).toBe('read');
  });

  it('has left when the connection is lost before the answer', async () => {
    await using app = await scripted();
    const joined = app.chat.join({ channel });
    app.connection.answer(await app.connection.next(), { members: [] });
    await joined;
    const left = app.chat.leave({ channel });
    await app.connection.next();
    app.connection.cut();
    expect(await left).toBeNull();
    const connection = await app.server.connection();
    void app.chat.read({ channel: 'first' }).catch(() => {});
    expect((await connection.next()).message.command).toBe('read');
  });

  it.each([
    ['lets it in', null],
    ['refuses', 'Not authenticated'],
  ])(
    'tells nothing of a channel that was left before the service %s',
    async (_what, refusal) => {
      await using app = await scripted();
      const joined = app.chat.join({ channel });
      app.connection.answer(await app.connection.next(), { members: [] });
      await joined;
      app.connection.cut();
      const connection = await app.server.connection();
      const told = jest.fn();
      app.chat.rejoined.add(told);
      app.chat.left.add(told);
      const join = await connection.next();
      const left = app.chat.leave({ channel });
      const leave = await connection.next();
      if (refusal === null) connection.answer(join, { members: [] });
      else connection.refuse(join, refusal);
      connection.answer(leave, null);
      expect(await left).toBeNull();
      expect(told).not.toHaveBeenCalled();
    },
  );

  it('is joined when that came last, though all answers come at once', async () => {
    await using app = await scripted();
    const calls = [
      app.chat.join({ channel }),
      app.chat.leave({ channel }),
      app.chat.join({ channel }),
    ];
    const questions = [];
    for (const _ of calls) questions.push(await app.connection.next());
    // One TCP chunk, so all three are read in one turn.
    const { line } = app.connection;
    line.cork();
    for (const question of questions) {
      app.connection.answer(question, { members: [] });
    }
    line.uncork();
    await Promise.all(calls);
    app.connection.cut();
    const connection = await app.server.connection();
    void app.chat.read({ channel: 'first' }).catch(() => {});
    expect((await connection.next()).message.command).toBe('join');
  });

  it('has left what it was joining when it left', async () => {
    await using app = await scripted();
    const joined = app.chat.join({ channel });
    const left = app.chat.leave({ channel });
    app.connection.answer(await app.connection.next(), { members: [] });
    app.connection.answer(await app.connection.next(), null);
    await Promise.all([joined, left]);
    app.connection.cut();
    const connection = await app.server.connection();
    void app.chat.read({ channel: 'first' }).catch(() => {});
    expect((await connection.next()).message.command).toBe('read');
  });
});

describe('leaving a channel', () => {
  it('is rejected when it was not joined and the connection is lost', async () => {
    await using app = await scripted();
    const left = rejection(app.chat.leave({ channel }));
    await app.connection.next();
    app.connection.cut();
    expect(((await left) as ConnectorError).code).toBe(
      'SNORKY_CONNECTION_LOST',
    );
  });

  it('is rejected when the service does not answer in time', async () => {
    await using app = await scripted();
    const joined = app.chat.join({ channel });
    app.connection.answer(await app.connection.next(), { members: [] });
    await joined;
    const left = await rejection(app.chat.leave({ channel }, { timeout: 10 }));
    expect((left as ConnectorError).code).toBe('SNORKY_TIMEOUT');
  });
});
