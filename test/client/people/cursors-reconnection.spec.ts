import { describe, expect, it, jest } from '@jest/globals';
import {
  Cursors,
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
import { ScriptedCursors } from '../support/scripted-cursors.js';
import { CursorScript, foreign } from '../support/scripted-document.js';
import { ScriptedServer } from '../support/scripted-server.js';
import { ServiceServer } from '../support/scripted-service.js';

const document = 'page';

describe('after a loss of the connection, the cursors connector', () => {
  it('joins again and creates its cursors again, for others to see', async () => {
    await using server = await ServiceServer.start(
      'cursors',
      new ScriptedCursors(),
    );
    using alice = connect(server.url('alice'), { cursors: Cursors });
    using bob = connect(server.url('bob'), { cursors: Cursors });
    const page = await alice.services.cursors.join({ document });
    const theirs = await bob.services.cursors.join({ document });
    const cursor = page.createCursor({ position: 1 });
    const first = (await cursor.created).publicHandle;
    await cursor.update({ position: 2 });

    const removed = dispatched(bob.services.cursors.cursorRemoved);
    const added = dispatched(bob.services.cursors.cursorAdded, (each) => {
      return each.publicHandle !== first;
    });
    const rejoined = dispatched(alice.services.cursors.rejoined);
    server.cut('alice');
    expect((await removed)[0].publicHandle).toBe(first);
    expect(await rejoined).toEqual([page]);
    const [again] = await added;
    expect(again).toMatchObject({ position: 2, owner: 'alice' });
    expect(theirs.cursors).toEqual([again]);
    expect(page.cursors).toEqual([cursor]);
    await cursor.update({ status: 'back' });
    expect(cursor.publicHandle).toBe(again.publicHandle);
    expect(again.status).toBe('back');
  });

  it('waits for being joined, then creates with the latest state', async () => {
    await using script = await CursorScript.start();
    const page = await script.join();
    const cursor = page.createCursor({ position: 0 });
    await script.answer(7);
    await cursor.created;
    script.connection.cut();
    await inState(script.snorky, 'waiting');
    expect(cursor.publicHandle).toBeUndefined();
    expect(cursor.isSynchronized()).toBe(false);
    const moves = [1, 2, 3].map((position) => cursor.update({ position }));
    expect(new Set(moves).size).toBe(1);
    script.connection = await script.server.connection();
    const join = await script.connection.next();
    const late = cursor.update({ position: 4 });
    expect(await script.unanswered()).toEqual([]);
    script.connection.answer(join, { cursors: [] });
    expect(await script.answer(8)).toMatchObject({
      command: 'createCursor',
      params: { privateHandle: 0, document, position: 4, status: null },
    });
    await Promise.all([...moves, late]);
    expect(cursor.publicHandle).toBe(8);
    expect(cursor.isSynchronized()).toBe(true);
    expect(await script.unanswered()).toEqual([]);
  });

  it('tells what others have changed meanwhile', async () => {
    await using script = await CursorScript.start();
    const page = await script.join(
      foreign(1),
      foreign(2),
      foreign(3, { x: 1, y: 1 }),
    );
    const [, second, third] = page.cursors;
    const events: unknown[] = [];
    const { cursorAdded, cursorUpdated, cursorRemoved } = script.cursors;
    for (const [name, signal] of Object.entries({
      cursorAdded,
      cursorUpdated,
      cursorRemoved,
    })) {
      signal.add(({ publicHandle }) => events.push([name, publicHandle]));
    }
    await script.reconnect();
    const rejoined = dispatched(script.cursors.rejoined, () => {
      events.push('rejoined');
      return true;
    });
    const there = [foreign(2, 'new'), foreign(3, { y: 1, x: 1 }), foreign(4)];
    await script.answer({ cursors: there });
    await rejoined;
    expect(events).toEqual([
      ['cursorRemoved', 1],
      ['cursorUpdated', 2],
      ['cursorAdded', 4],
      'rejoined',
    ]);
    expect(
      page.cursors.map(({ publicHandle, position }) => [
        publicHandle,
        position,
      ]),
    ).toEqual(there.map((each) => [each.publicHandle, each.position]));
    expect(page.cursors[0]).toBe(second);
    expect(page.cursors[1]).toBe(third);
  });

  it('keeps what had no answer waiting, until it has one', async () => {
    await using script = await CursorScript.start();
    const page = await script.join();
    const cursor = page.createCursor();
    await script.connection.next();
    const first = cursor.update({ position: 1 });
    for (let i = 2; i < 5; i++) {
      await script.reconnect();
      void cursor.update({ position: i });
      await script.answer({ cursors: [] });
      await script.connection.next();
      expect(cursor.pendingPromiseCount).toBe(1);
      void cursor.update({ position: i + 1 });
      expect(cursor.pendingPromiseCount).toBe(2);
    }
    const last = cursor.update({ position: 9 });
    await script.reconnect();
    await script.answer({ cursors: [] });
    expect((await script.answer(7)).params).toMatchObject({ position: 9 });
    expect(await Promise.all([first, last])).toEqual([null, null]);
    expect(await cursor.created).toBe(cursor);
    expect(cursor.pendingPromiseCount).toBe(0);
  });

  it('has removed what was being removed', async () => {
    await using script = await CursorScript.start();
    const page = await script.join();
    const cursors = [page.createCursor(), page.createCursor()] as const;
    await script.answer(7);
    await cursors[0].created;
    await script.connection.next();
    const removals = cursors.map((cursor) => cursor.remove());
    await script.reconnect();
    expect(await Promise.all(removals)).toEqual([null, null]);
    await script.answer({ cursors: [] });
    expect(await script.unanswered()).toEqual([]);
  });

  it('creates nothing that was removed or left without a connection', async () => {
    await using script = await CursorScript.start();
    const page = await script.join();
    const cursor = page.createCursor();
    await script.answer(7);
    await cursor.created;
    script.connection.cut();
    await inState(script.snorky, 'waiting');
    const never = page.createCursor();
    expect(await Promise.all([cursor.remove(), never.remove()])).toEqual([
      null,
      null,
    ]);
    expect(await rejection(never.created)).toEqual(
      new RpcError('No such cursor'),
    );
    script.connection = await script.server.connection();
    await script.answer({ cursors: [] });
    expect(await script.unanswered()).toEqual([]);
  });

  it('tells what it may not join again, and does not ask once more', async () => {
    await using script = await CursorScript.start();
    const page = await script.join(foreign(1));
    const cursor = page.createCursor();
    await script.answer(7);
    await cursor.created;
    await script.reconnect();
    const moved = rejection(cursor.update({ position: 1 }));
    const left = dispatched(script.cursors.left);
    await script.refuse('Not authenticated');
    const error = new RpcError('Not authenticated');
    expect(await left).toEqual([page, error]);
    expect(await moved).toEqual(error);
    expect(page.isLeft).toBe(true);
    expect(page.cursors).not.toContain(cursor);
    expect(script.cursors.getDocument(document)).toBeUndefined();
    await script.reconnect();
    expect(await script.unanswered()).toEqual([]);
  });

  it('keeps a document through losses before it is joined again', async () => {
    await using script = await CursorScript.start();
    const page = await script.join();
    const left = jest.fn();
    script.cursors.left.add(left);
    for (let i = 0; i < 3; i++) {
      await script.reconnect();
      expect((await script.connection.next()).message.command).toBe('join');
    }
    expect(script.cursors.getDocument(document)).toBe(page);
    expect(left).not.toHaveBeenCalled();
  });

  it.each([
    ['lets it in', null],
    ['refuses', 'Not authenticated'],
  ])(
    'tells nothing of a document that was left before the service %s',
    async (_what, refusal) => {
      await using script = await CursorScript.start();
      const page = await script.join();
      const told = jest.fn();
      script.cursors.rejoined.add(told);
      script.cursors.left.add(told);
      await script.reconnect();
      const left = page.leave();
      if (refusal === null) await script.answer({ cursors: [] });
      else await script.refuse(refusal);
      await script.answer(null);
      expect(await left).toBeNull();
      expect(told).not.toHaveBeenCalled();
    },
  );

  it('joins although the connection is lost before the answer', async () => {
    await using script = await CursorScript.start();
    const joined = script.cursors.join({ document });
    const first = await script.connection.next();
    await script.reconnect();
    expect(await script.answer({ cursors: [] })).toEqual(first.message);
    const page = await joined;
    expect(script.cursors.getDocument(document)).toBe(page);
    page.createCursor();
    expect((await script.answer(7)).command).toBe('createCursor');
  });

  it('creates a cursor although it is lost before the answer', async () => {
    await using script = await CursorScript.start();
    const page = await script.join();
    const { created } = page.createCursor();
    await script.connection.next();
    await script.reconnect();
    await script.answer({ cursors: [] });
    await script.answer(8);
    expect((await created).publicHandle).toBe(8);
  });

  it('rejects what waits when nobody will come back, and goes on if told to', async () => {
    await using script = await CursorScript.start();
    const page = await script.join();
    const cursor = page.createCursor();
    await script.answer(7);
    await cursor.created;
    const moved = rejection(cursor.update({ position: 1 }));
    const again = rejection(cursor.update({ position: 2 }));
    script.snorky.disconnect();
    for (const error of [await moved, await again]) {
      expect((error as ConnectorError).code).toBe('SNORKY_DISCONNECTED');
    }
    script.snorky.connect();
    script.connection = await script.server.connection();
    await script.answer({ cursors: [] });
    expect((await script.answer(8)).params).toMatchObject({ position: 2 });
  });

  it('creates once where a broken socket did not take the call', async () => {
    await using server = await ScriptedServer.start();
    using fragile = fragileClient(server.url);
    const { cursors } = fragile.snorky.services;
    const first = await server.connection();
    const joined = cursors.join({ document });
    first.answer(await first.next(), { cursors: [] });
    const page = await joined;
    fragile.broken = true;
    page.createCursor();
    fragile.broken = false;
    first.cut();
    const second = await server.connection();
    await inState(fragile.snorky, 'connected');
    const commands: string[] = [];
    second.answer(await second.next(), { cursors: [] });
    await dispatched(cursors.rejoined);
    void cursors.rpcCall('mark').catch(() => {});
    while (commands.at(-1) !== 'mark') {
      commands.push((await second.next()).message.command);
    }
    expect(commands).toEqual(['createCursor', 'mark']);
  });

  it('keeps a document where a broken socket did not take its join', async () => {
    await using server = await ScriptedServer.start();
    using fragile = fragileClient(server.url, { queue: { messages: 0 } });
    const { cursors } = fragile.snorky.services;
    const first = await server.connection();
    await inState(fragile.snorky, 'connected');
    const joined = cursors.join({ document });
    first.answer(await first.next(), { cursors: [] });
    const page = await joined;
    fragile.broken = true;
    first.cut();
    const second = await server.connection();
    await inState(fragile.snorky, 'connected');
    fragile.broken = false;
    second.cut();
    const third = await server.connection();
    expect((await third.next()).message.command).toBe('join');
    expect(cursors.getDocument(document)).toBe(page);
  });
});

/** A client whose sockets can be broken: they take nothing, and do not close. */
function fragileClient(url: string, options: SnorkyOptions = {}) {
  class FragileSocket extends WebSocket {
    override send(...args: unknown[]): void {
      if (client.broken) throw new Error('It is closing');
      Reflect.apply(super.send, this, args);
    }
  }
  const snorky = new Snorky(
    FragileSocket as unknown as SocketClass,
    url,
    { cursors: Cursors },
    { reconnect: FAST, ...options },
  );
  const client = {
    snorky,
    broken: false,
    [Symbol.dispose]: () => snorky.disconnect(),
  };
  return client;
}
