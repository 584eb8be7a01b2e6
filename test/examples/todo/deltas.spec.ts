import {
  afterAll,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { changeAtRandom } from './random-changes.js';
import { TodoApp } from './todo-app.js';

// Many changes take a while on a machine that has other things to do.
jest.setTimeout(30_000);

describe('Whoever follows the tasks', () => {
  let app: TodoApp;

  beforeAll(async () => {
    app = await TodoApp.start();
  });
  beforeEach(() => app.clear());
  afterAll(() => app[Symbol.asyncDispose]());

  it('hears of each change with the version that the row has then', async () => {
    const kept = await app.add('Kept');
    await using follower = await app.follow();
    const task = await app.add('Buy milk');
    const { body: renamed } = await app.send('PATCH', `/tasks/${task.id}`, {
      title: 'Buy bread',
    });
    await app.send('DELETE', `/tasks/${task.id}`);
    await follower.catchUp();
    const model = 'Task';
    expect(follower.batches).toEqual([
      [{ type: 'insert', model, data: task, version: 1 }],
      [{ type: 'update', model, newData: renamed, oldData: task, version: 2 }],
      [{ type: 'delete', model, data: renamed, version: 3 }],
    ]);
    expect(follower.tasks).toEqual([kept]);
  });

  it('hears of a change of many rows in one batch', async () => {
    await Promise.all(['a', 'b', 'c'].map((title) => app.add(title)));
    await app.add('d', true);
    await using follower = await app.follow();
    await app.send('PATCH', '/tasks', { completed: true });
    await app.send('DELETE', '/tasks?completed=true');
    await follower.catchUp();
    expect(
      follower.batches.map((batch) => batch.map(({ type }) => type)),
    ).toEqual([
      ['update', 'update', 'update'],
      ['delete', 'delete', 'delete', 'delete'],
    ]);
    expect(follower.tasks).toEqual([]);
  });

  it('hears nothing of what changes nothing or is refused', async () => {
    const task = await app.add('Buy milk');
    await using follower = await app.follow();
    await app.send('PATCH', `/tasks/${task.id}`, { title: 'Buy milk' });
    await app.send('PATCH', `/tasks/${task.id}`, { title: '' });
    await app.send('PATCH', '/tasks', { completed: false });
    await app.send('DELETE', '/tasks?completed=true');
    await app.send('DELETE', '/tasks/2000000000');
    await app.send('POST', '/tasks', { title: '' });
    await follower.catchUp();
    expect(follower.batches).toEqual([]);
  });

  it('knows what the database has after many changes at once', async () => {
    await using early = await app.follow();
    const changes = changeAtRandom(app, 300);
    // In the middle of it all.
    await using late = await app.follow();
    await changes;
    await early.catchUp();
    await late.catchUp();
    const tasks = await app.tasks();
    expect(tasks.length).toBeGreaterThan(0);
    expect(early.tasks).toEqual(tasks);
    expect(late.tasks).toEqual(tasks);
  });

  it('hears nothing of a transaction that fails', async () => {
    const task = await app.add('Buy milk');
    const done = await app.add('Done', true);
    await using follower = await app.follow();
    const data = join(app.directory, 'data');
    const aside = join(app.directory, 'aside');
    await rename(data, aside);
    await writeFile(data, 'no directory');
    const path = `/tasks/${task.id}`;
    for (const [method, where, body] of [
      ['POST', '/tasks', { title: 'Another' }],
      ['PATCH', path, { completed: true }],
      ['PATCH', '/tasks', { completed: true }],
      ['DELETE', path, undefined],
      ['DELETE', '/tasks?completed=true', undefined],
    ] as const) {
      const failing = app.send(method, where, body);
      // Nobody sees a change that is rolled back.
      const seen = await Promise.all(
        Array.from({ length: 8 }, () => app.tasks()),
      );
      expect(await failing).toMatchObject({ status: 500 });
      seen.push(await app.tasks());
      for (const tasks of seen) expect(tasks).toEqual([task, done]);
    }
    await rm(data);
    await rename(aside, data);
    expect(await app.send('DELETE', path)).toMatchObject({ status: 204 });
    await follower.catchUp();
    expect(follower.batches).toEqual([
      [{ type: 'delete', model: 'Task', data: task, version: 2 }],
    ]);
    expect(await app.tasks()).toEqual([done]);
  });
});
