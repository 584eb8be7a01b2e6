import { describe, expect, it, jest } from '@jest/globals';
import {
  Cursors,
  ForeignCursor,
  OwnCursor,
  RpcError,
  Snorky,
  type PromiseClass,
} from 'snorky/client';
import { connect, dispatched, rejection } from '../support/client.js';
import { ScriptedCursors } from '../support/scripted-cursors.js';
import { CursorScript, foreign } from '../support/scripted-document.js';
import { ServiceServer } from '../support/scripted-service.js';

const document = 'page';

const startServer = () => ServiceServer.start('cursors', new ScriptedCursors());

function enter(server: ServiceServer, identity?: string) {
  return connect(server.url(identity), { cursors: Cursors });
}

describe('the cursors connector', () => {
  it('gives a document with the cursors that are in it', async () => {
    await using server = await startServer();
    using alice = enter(server, 'alice');
    using bob = enter(server, 'bob');
    const page = await bob.services.cursors.join({ document });
    const theirs = await page.createCursor({ position: [1], status: 'idle' })
      .created;
    const joined = await alice.services.cursors.join({ document });
    expect(joined.name).toBe(document);
    expect(alice.services.cursors.getDocument(document)).toBe(joined);
    const [cursor] = joined.cursors as [ForeignCursor];
    expect(joined.cursors).toHaveLength(1);
    expect(cursor).toBeInstanceOf(ForeignCursor);
    expect(cursor).toMatchObject({
      publicHandle: theirs.publicHandle,
      position: [1],
      status: 'idle',
      owner: 'bob',
    });
    expect(cursor.document).toBe(joined);
  });

  it('dispatches what others do, and keeps the document up to date', async () => {
    await using server = await startServer();
    using alice = enter(server, 'alice');
    using bob = enter(server, 'bob');
    const { cursors } = alice.services;
    const mine = await cursors.join({ document });
    const theirs = await bob.services.cursors.join({ document });

    const added = dispatched(cursors.cursorAdded);
    const own = theirs.createCursor({ position: 1 });
    const [cursor] = await added;
    expect(mine.cursors).toEqual([cursor]);
    expect(cursor).toMatchObject({ position: 1, status: null, owner: 'bob' });

    const updated = dispatched(cursors.cursorUpdated);
    await own.update({ status: 'writes' });
    expect((await updated)[0]).toBe(cursor);
    expect(cursor).toMatchObject({ position: 1, status: 'writes' });

    const removed = dispatched(cursors.cursorRemoved);
    await own.remove();
    expect((await removed)[0]).toBe(cursor);
    expect(mine.cursors).toEqual([]);
  });

  it('finds documents whatever the order of their keys', async () => {
    await using server = await startServer();
    using alice = enter(server, 'alice');
    using bob = enter(server, 'bob');
    const mine = await alice.services.cursors.join({
      document: { a: 1, b: 2 },
    });
    const theirs = await bob.services.cursors.join({
      document: { b: 2, a: 1 },
    });
    const added = dispatched(alice.services.cursors.cursorAdded);
    theirs.createCursor();
    expect((await added)[0].document).toBe(mine);
    expect(alice.services.cursors.getDocument({ b: 2, a: 1 })).toBe(mine);
    expect(alice.services.cursors.getDocument({ a: 1 })).toBeUndefined();
  });

  it('keeps documents apart', async () => {
    await using server = await startServer();
    using alice = enter(server, 'alice');
    using bob = enter(server, 'bob');
    const pages = [];
    for (const name of [1, '1']) {
      pages.push(await alice.services.cursors.join({ document: name }));
    }
    const added = dispatched(alice.services.cursors.cursorAdded);
    const theirs = await bob.services.cursors.join({ document: '1' });
    theirs.createCursor();
    await added;
    expect(pages.map(({ cursors }) => cursors.length)).toEqual([0, 1]);
  });

  it('rejects with what the service says', async () => {
    await using server = await startServer();
    using nobody = enter(server);
    using alice = enter(server, 'alice');
    const { cursors } = alice.services;
    await cursors.join({ document });
    const errors = [
      await rejection(nobody.services.cursors.join({ document })),
      await rejection(cursors.join({ document })),
      await rejection(cursors.leave({ document: 'another' })),
    ];
    expect(errors).toEqual([
      new RpcError('Not authenticated'),
      new RpcError('Already joined'),
      new RpcError('Not joined'),
    ]);
  });

  it('applies what comes in one piece with the answer to join', async () => {
    await using script = await CursorScript.start();
    const joined = script.cursors.join({ document });
    const call = await script.connection.next();
    const added = jest.fn();
    script.cursors.cursorAdded.add(added);
    const updated = dispatched(script.cursors.cursorUpdated);
    // One TCP chunk, so all three are read in one turn.
    const { line } = script.connection;
    line.cork();
    script.connection.answer(call, { cursors: [foreign(1, 'old')] });
    script.notify('cursorAdded', foreign(2));
    script.notify('cursorUpdated', foreign(1, 'new'));
    line.uncork();
    await updated;
    expect((await joined).cursors).toMatchObject([
      { publicHandle: 1, position: 'new' },
      { publicHandle: 2 },
    ]);
    expect(added).toHaveBeenCalledTimes(1);
  });

  it('makes do with promises of another class', async () => {
    class OtherPromise<T> extends Promise<T> {}
    const original: PromiseClass = Snorky.Promise;
    Snorky.Promise = OtherPromise;
    try {
      await using script = await CursorScript.start();
      const page = await script.join();
      const cursor = page.createCursor();
      expect(cursor.created).toBeInstanceOf(OtherPromise);
      await script.answer(7);
      expect((await cursor.created).publicHandle).toBe(7);
      const updated = cursor.update({ status: 1 });
      expect(updated).toBeInstanceOf(OtherPromise);
      await script.answer(null);
      expect(await updated).toBeNull();
    } finally {
      Snorky.Promise = original;
    }
  });

  it('complains of what it does not know, and goes on', async () => {
    await using script = await CursorScript.start();
    const page = await script.join(foreign(1));
    const complaint = jest.spyOn(console, 'error').mockImplementation(() => {});
    try {
      for (const [type, cursor] of [
        ['cursorAdded', { ...foreign(2), document: 'unknown' }],
        ['cursorUpdated', { publicHandle: 2, document }],
        ['cursorUpdated', { ...foreign(2), publicHandle: '2' }],
        ['cursorRemoved', { publicHandle: 2, document }],
        ['cursorRemoved', null],
        ['cursorAdded', { publicHandle: 2 }],
        ['cursorMoved', foreign(1)],
      ] as const) {
        script.notify(type, cursor);
      }
      const removed = dispatched(script.cursors.cursorRemoved);
      script.notify('cursorRemoved', { publicHandle: 1, document });
      await removed;
      expect(page.cursors).toEqual([]);
      expect(complaint).toHaveBeenCalledTimes(7);
      const other = script.cursors.join({ document: 'other' });
      await script.answer({ cursors: [{ publicHandle: 1 }] });
      expect((await other).cursors).toEqual([]);
      expect(complaint).toHaveBeenCalledTimes(8);
    } finally {
      complaint.mockRestore();
    }
  });
});

describe('leaving a document', () => {
  it('ends the cursors in it at once, and tells the service', async () => {
    await using server = await startServer();
    using alice = enter(server, 'alice');
    using bob = enter(server, 'bob');
    const page = await alice.services.cursors.join({ document });
    await bob.services.cursors.join({ document });
    const added = dispatched(bob.services.cursors.cursorAdded);
    page.createCursor();
    await added;
    const removed = dispatched(bob.services.cursors.cursorRemoved);
    const left = page.leave();
    expect(page.cursors).toEqual([]);
    expect(page.isLeft).toBe(true);
    expect(alice.services.cursors.getDocument(document)).toBeUndefined();
    expect(await left).toBeNull();
    await removed;
    // It can be joined again.
    const again = await alice.services.cursors.join({ document });
    expect(alice.services.cursors.getDocument(document)).toBe(again);
    expect(again.isLeft).toBe(false);
  });

  it('ignores, without complaint, what is still on its way', async () => {
    await using script = await CursorScript.start();
    const page = await script.join(foreign(1));
    const told = jest.fn();
    script.cursors.cursorUpdated.add(told);
    const complaint = jest.spyOn(console, 'error').mockImplementation(() => {});
    try {
      const left = script.cursors.leave({ document });
      script.notify('cursorUpdated', foreign(1, 'new'));
      await script.answer(null);
      expect(await left).toBeNull();
      expect(page.cursors).toMatchObject([{ position: null }]);
      expect(told).not.toHaveBeenCalled();
      expect(complaint).not.toHaveBeenCalled();
    } finally {
      complaint.mockRestore();
    }
  });

  it('settles what its cursors were waiting for, and sends no more of it', async () => {
    await using script = await CursorScript.start();
    const page = await script.join();
    const cursor = page.createCursor();
    const updated = cursor.update({ position: 1 });
    const left = page.leave();
    expect(await updated).toBeNull();
    expect(await rejection(cursor.update({ position: 2 }))).toEqual(
      new RpcError('No such cursor'),
    );
    await script.answer(7);
    await script.answer(null);
    expect(await left).toBeNull();
    expect(await script.unanswered()).toEqual([]);
  });

  it('settles removals that wait', async () => {
    await using script = await CursorScript.start();
    const page = await script.join();
    const removed = page.createCursor().remove();
    const left = page.leave();
    await script.answer(7);
    await script.answer(null);
    expect(await Promise.all([removed, left])).toEqual([null, null]);
    expect(await script.unanswered()).toEqual([]);
  });

  it('takes no cursor any more', async () => {
    await using script = await CursorScript.start();
    const page = await script.join();
    const left = page.leave();
    await script.answer(null);
    await left;
    const cursor = page.createCursor();
    expect(await rejection(cursor.created)).toEqual(new RpcError('Not joined'));
    expect(page.cursors).toEqual([]);
    expect(await script.unanswered()).toEqual([]);
  });

  it('sends nothing without a connection, and joins no more', async () => {
    await using script = await CursorScript.start();
    const page = await script.join();
    script.snorky.disconnect();
    expect(await page.leave()).toBeNull();
    script.snorky.connect();
    script.connection = await script.server.connection();
    expect(await script.unanswered()).toEqual([]);
  });

  it('has happened when the connection is lost before the answer', async () => {
    await using script = await CursorScript.start();
    const page = await script.join();
    const left = page.leave();
    await script.connection.next();
    await script.reconnect();
    expect(await left).toBeNull();
    expect(await script.unanswered()).toEqual([]);
  });

  it('follows a join that had no answer yet', async () => {
    await using script = await CursorScript.start();
    const joined = script.cursors.join({ document });
    const left = script.cursors.leave({ document });
    await script.answer({ cursors: [foreign(1)] });
    await script.answer(null);
    expect(await left).toBeNull();
    expect((await joined).isLeft).toBe(true);
    expect(script.cursors.getDocument(document)).toBeUndefined();
    await script.reconnect();
    expect(await script.unanswered()).toEqual([]);
  });
});

describe('bugs of the original that this connector does not have', () => {
  it('has a way to leave a document', () => {
    expect(Cursors.prototype.leave).toBeInstanceOf(Function);
  });

  it('removes a cursor from its document when createCursor is refused', async () => {
    await using script = await CursorScript.start();
    const page = await script.join();
    const cursor = page.createCursor();
    expect(page.cursors).toEqual([cursor]);
    const refused = dispatched(script.cursors.cursorRefused);
    await script.refuse('Too many cursors');
    const error = new RpcError('Too many cursors');
    expect(await refused).toEqual([cursor, error]);
    expect(await rejection(cursor.created)).toEqual(error);
    expect(page.cursors).toEqual([]);
  });

  it('dispatches cursorUpdated with the new cursor, which the list holds', async () => {
    await using script = await CursorScript.start();
    const page = await script.join(foreign(1, 'old'));
    const positions: unknown[] = [];
    const updated = dispatched(script.cursors.cursorUpdated, (cursor) => {
      positions.push(cursor.position);
      return true;
    });
    script.notify('cursorUpdated', foreign(1, 'new'));
    const [cursor] = await updated;
    expect(positions).toEqual(['new']);
    expect(cursor).toBeInstanceOf(ForeignCursor);
    expect(page.cursors).toHaveLength(1);
    expect(page.cursors[0]).toBe(cursor);
  });

  it('has the document object in every cursor', async () => {
    await using script = await CursorScript.start();
    const page = await script.join(foreign(1));
    const added = dispatched(script.cursors.cursorAdded);
    script.notify('cursorAdded', foreign(2));
    await added;
    const updated = dispatched(script.cursors.cursorUpdated);
    script.notify('cursorUpdated', foreign(2, 'new'));
    await updated;
    page.createCursor();
    expect(page.cursors.map((cursor) => cursor.document)).toEqual(
      Array(3).fill(page),
    );
    expect(page.cursors.filter((c) => c instanceof OwnCursor)).toHaveLength(1);
  });

  it('is synchronized again after an update with equal values', async () => {
    await using script = await CursorScript.start();
    const page = await script.join();
    const cursor = page.createCursor({ position: { x: 1, y: 2 } });
    await script.answer(7);
    await cursor.created;
    const updated = cursor.update({ position: { y: 2, x: 1 }, status: null });
    expect(cursor.isSynchronized()).toBe(true);
    expect(cursor.pendingPromiseCount).toBe(0);
    expect(await updated).toBeNull();
    expect(await script.unanswered()).toEqual([]);
  });

  it('is not hurt by documents that it does not know', async () => {
    await using script = await CursorScript.start();
    const complaint = jest.spyOn(console, 'error').mockImplementation(() => {});
    try {
      for (const type of ['cursorAdded', 'cursorUpdated', 'cursorRemoved']) {
        script.notify(type, foreign(1));
      }
      const page = await script.join(foreign(2));
      expect(page.cursors).toHaveLength(1);
      expect(complaint).toHaveBeenCalledTimes(3);
    } finally {
      complaint.mockRestore();
    }
  });
});
