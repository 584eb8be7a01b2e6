import { describe, expect, it, jest } from '@jest/globals';
import {
  ConnectorError,
  OwnCursor,
  RpcError,
  type CursorDocument,
} from 'snorky/client';
import { dispatched, rejection } from '../support/client.js';
import { CursorScript, foreign } from '../support/scripted-document.js';

/** A document, and a cursor in it that the service has as 7. */
async function createdIn(script: CursorScript) {
  const page = await script.join();
  const cursor = page.createCursor({ position: 0 });
  await script.answer(7);
  await cursor.created;
  return { page, cursor };
}

const created = (privateHandle: number, position: unknown = null) => ({
  command: 'createCursor',
  params: { privateHandle, document: 'page', position, status: null },
});

const updated = (newData: object) => ({
  command: 'updateCursor',
  params: { privateHandle: 0, newData },
});

const REMOVED = { command: 'removeCursor', params: { privateHandle: 0 } };

describe('an own cursor', () => {
  it('is there before the service answers', async () => {
    await using script = await CursorScript.start();
    const page = await script.join(foreign(1));
    const cursor = page.createCursor({ position: [1, 2] });
    expect(cursor).toBeInstanceOf(OwnCursor);
    expect(page.cursors).toEqual([cursor, expect.anything()]);
    expect(cursor).toMatchObject({ position: [1, 2], status: null });
    expect(cursor.publicHandle).toBeUndefined();
    expect(cursor.pendingPromiseCount).toBe(1);
    expect(cursor.isSynchronized()).toBe(false);

    expect(await script.answer(7)).toMatchObject(created(0, [1, 2]));
    expect(await cursor.created).toBe(cursor);
    expect(cursor.publicHandle).toBe(7);
    expect(cursor.pendingPromiseCount).toBe(0);
    expect(cursor.isSynchronized()).toBe(true);
  });

  it('has a private handle of its own, in all documents', async () => {
    await using script = await CursorScript.start();
    const pages: CursorDocument[] = [await script.join()];
    const other = script.cursors.join({ document: 'other' });
    await script.answer({ cursors: [] });
    pages.push(await other);
    for (const page of pages) page.createCursor();
    pages[0]?.createCursor();
    const calls = await script.unanswered();
    expect(calls.map(({ params }) => params['privateHandle'])).toEqual([
      0, 1, 2,
    ]);
  });

  it('is not what others do, whatever its public handle', async () => {
    await using script = await CursorScript.start();
    const { page, cursor } = await createdIn(script);
    const added = dispatched(script.cursors.cursorAdded);
    script.notify('cursorAdded', foreign(7, 'theirs'));
    await added;
    const removed = dispatched(script.cursors.cursorRemoved);
    script.notify('cursorRemoved', { publicHandle: 7, document: 'page' });
    await removed;
    expect(page.cursors).toEqual([cursor]);
    expect(cursor.position).toBe(0);
  });

  it('sends what has changed only', async () => {
    await using script = await CursorScript.start();
    const { cursor } = await createdIn(script);
    const first = cursor.update({ position: 1, status: null });
    expect(cursor.position).toBe(1);
    expect(cursor.isSynchronized()).toBe(false);
    expect(cursor.pendingPromiseCount).toBe(1);
    expect(await script.answer(null)).toMatchObject(updated({ position: 1 }));
    expect(await first).toBeNull();
    expect(cursor.isSynchronized()).toBe(true);
    void cursor.update({ status: 'away' });
    expect(await script.answer(null)).toMatchObject(
      updated({ status: 'away' }),
    );
    void cursor.update({});
    expect(await script.unanswered()).toEqual([]);
  });

  it('sends an object that was changed in place', async () => {
    await using script = await CursorScript.start();
    const { cursor } = await createdIn(script);
    const position = { x: 1 };
    void cursor.update({ position });
    await script.answer(null);
    position.x = 2;
    void cursor.update({ position });
    expect(await script.answer(null)).toMatchObject(
      updated({ position: { x: 2 } }),
    );
  });

  it('sends the latest of many updates while one has no answer', async () => {
    await using script = await CursorScript.start();
    const { cursor } = await createdIn(script);
    const first = cursor.update({ position: 1 });
    const later = Array.from({ length: 59 }, (_, i) =>
      cursor.update({ position: i + 2, status: i }),
    );
    expect(new Set(later).size).toBe(1);
    expect(cursor.pendingPromiseCount).toBe(2);
    const call = await script.connection.next();
    expect(call.message).toMatchObject(updated({ position: 1 }));
    expect(await script.unanswered()).toEqual([]);
    script.connection.answer(call, null);
    expect(await first).toBeNull();
    expect(cursor.isSynchronized()).toBe(false);
    expect(await script.answer(null)).toMatchObject(
      updated({ position: 60, status: 58 }),
    );
    await Promise.all(later);
    expect(cursor.isSynchronized()).toBe(true);
    expect(await script.unanswered()).toEqual([]);
  });

  it('sends updates from before it was created afterwards', async () => {
    await using script = await CursorScript.start();
    const page = await script.join();
    const cursor = page.createCursor();
    const moved = cursor.update({ position: 1 });
    const call = await script.connection.next();
    expect(await script.unanswered()).toEqual([]);
    script.connection.answer(call, 7);
    await cursor.created;
    expect(await script.answer(null)).toMatchObject(updated({ position: 1 }));
    expect(await moved).toBeNull();
  });

  it('sends nothing when it has come back to what the service has', async () => {
    await using script = await CursorScript.start();
    const { cursor } = await createdIn(script);
    void cursor.update({ position: 1 });
    void cursor.update({ position: 2 });
    const back = cursor.update({ position: 1 });
    await script.answer(null);
    expect(await back).toBeNull();
    expect(cursor.isSynchronized()).toBe(true);
    expect(await script.unanswered()).toEqual([]);
  });

  it('is not synchronized before the service has come back with it', async () => {
    await using script = await CursorScript.start();
    const { cursor } = await createdIn(script);
    void cursor.update({ position: 1 });
    const back = cursor.update({ position: 0 });
    expect(cursor.isSynchronized()).toBe(false);
    await script.answer(null);
    expect(await script.answer(null)).toMatchObject(updated({ position: 0 }));
    expect(await back).toBeNull();
    expect(cursor.isSynchronized()).toBe(true);
  });

  it('says what the service has against an update, and sends the next', async () => {
    await using script = await CursorScript.start();
    const { cursor } = await createdIn(script);
    const first = rejection(cursor.update({ position: 1 }));
    await script.refuse('Not here');
    expect(await first).toEqual(new RpcError('Not here'));
    expect(cursor.isSynchronized()).toBe(false);
    expect(await script.unanswered()).toEqual([]);
    const second = cursor.update({ status: 1 });
    expect(await script.answer(null)).toMatchObject(
      updated({ position: 1, status: 1 }),
    );
    expect(await second).toBeNull();
    expect(cursor.isSynchronized()).toBe(true);
  });

  it('is gone at once when it is removed', async () => {
    await using script = await CursorScript.start();
    const { page, cursor } = await createdIn(script);
    const removed = cursor.remove();
    expect(page.cursors).toEqual([]);
    expect(await script.answer(null)).toMatchObject(REMOVED);
    expect(await removed).toBeNull();
    expect(cursor.isSynchronized()).toBe(false);
    const errors = [
      await rejection(cursor.update({ position: 3 })),
      await rejection(cursor.remove()),
    ];
    expect(errors).toEqual(Array(2).fill(new RpcError('No such cursor')));
    expect(cursor.position).toBe(0);
    expect(await script.unanswered()).toEqual([]);
  });

  it('is removed after the answer that it waits for, without what waited', async () => {
    await using script = await CursorScript.start();
    const page = await script.join();
    const cursor = page.createCursor();
    const moved = cursor.update({ position: 1 });
    const removed = cursor.remove();
    expect(page.cursors).toEqual([]);
    expect(await moved).toBeNull();
    const call = await script.connection.next();
    expect(await script.unanswered()).toEqual([]);
    script.connection.answer(call, 7);
    await script.answer(null);
    expect(await removed).toBeNull();
  });

  it('is removed once, however often it is asked for', async () => {
    await using script = await CursorScript.start();
    const page = await script.join();
    const cursor = page.createCursor();
    const removed = cursor.remove();
    const errors = [
      await rejection(cursor.remove()),
      await rejection(cursor.update({ position: 1 })),
    ];
    expect(errors).toEqual(Array(2).fill(new RpcError('No such cursor')));
    await script.answer(7);
    expect(await script.answer(null)).toMatchObject(REMOVED);
    expect(await removed).toBeNull();
    expect(cursor.publicHandle).toBeUndefined();
  });

  it('was not created when it was removed before the answer', async () => {
    await using script = await CursorScript.start();
    const page = await script.join();
    const cursor = page.createCursor();
    const removed = cursor.remove();
    await script.answer(7);
    await script.answer(null);
    expect(await rejection(cursor.created)).toEqual(
      new RpcError('No such cursor'),
    );
    expect(await removed).toBeNull();
  });

  it('is removed without a word when the service did not take it', async () => {
    await using script = await CursorScript.start();
    const page = await script.join();
    const refused = jest.fn();
    script.cursors.cursorRefused.add(refused);
    const cursor = page.createCursor();
    const removed = cursor.remove();
    await script.refuse('Too many cursors');
    expect(await removed).toBeNull();
    expect(await rejection(cursor.created)).toEqual(
      new RpcError('Too many cursors'),
    );
    expect(refused).not.toHaveBeenCalled();
    expect(await script.unanswered()).toEqual([]);
  });

  it('says so when its removal fails, and does not try again', async () => {
    await using script = await CursorScript.start();
    const { cursor } = await createdIn(script);
    const removed = rejection(cursor.remove());
    await script.refuse('No such cursor');
    expect(await removed).toEqual(new RpcError('No such cursor'));
    expect(await script.unanswered()).toEqual([]);
  });

  it('takes the updates that wait with it when it is refused', async () => {
    await using script = await CursorScript.start();
    const page = await script.join();
    const cursor = page.createCursor();
    const moved = rejection(cursor.update({ position: 1 }));
    await script.refuse('Too many cursors');
    expect(await moved).toEqual(new RpcError('Too many cursors'));
    expect(await script.unanswered()).toEqual([]);
  });

  it('is taken back when nobody knows whether the service has it', async () => {
    await using script = await CursorScript.start(20);
    const page = await script.join();
    const refused = dispatched(script.cursors.cursorRefused);
    const cursor = page.createCursor();
    await script.connection.next();
    const [, error] = await refused;
    expect((error as ConnectorError).code).toBe('SNORKY_TIMEOUT');
    expect(await rejection(cursor.created)).toBe(error);
    expect(page.cursors).toEqual([]);
    expect(await script.answer(null)).toMatchObject(REMOVED);
  });

  it('refuses what JSON cannot express, and stays as it is', async () => {
    await using script = await CursorScript.start();
    const { page, cursor } = await createdIn(script);
    const wrong = { position: 10n as unknown as number };
    expect(() => cursor.update(wrong)).toThrow(TypeError);
    expect(() => page.createCursor(wrong)).toThrow(TypeError);
    expect(page.cursors).toEqual([cursor]);
    expect(cursor.position).toBe(0);
    expect(cursor.isSynchronized()).toBe(true);
  });
});
