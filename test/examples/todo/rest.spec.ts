import {
  afterAll,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
} from '@jest/globals';
import type { Task } from '../../../examples/todo/tasks/task.entity.js';
import { TodoApp } from './todo-app.js';

const UNKNOWN = 2_000_000_000;

describe('The tasks over REST', () => {
  let app: TodoApp;

  beforeAll(async () => {
    app = await TodoApp.start();
  });
  beforeEach(() => app.clear());
  afterAll(() => app[Symbol.asyncDispose]());

  it('are added, and listed in that order', async () => {
    const first = await app.send('POST', '/tasks', { title: 'Buy milk' });
    expect(first).toMatchObject({
      status: 201,
      body: { title: 'Buy milk', completed: false, version: 1 },
    });
    const second = await app.send('POST', '/tasks', {
      title: '  Trimmed ',
      completed: true,
    });
    expect(second).toMatchObject({
      status: 201,
      body: { title: 'Trimmed', completed: true, version: 1 },
    });
    expect(await app.send('GET', '/tasks')).toMatchObject({
      status: 200,
      body: [first.body, second.body],
    });
  });

  it('are added once for each request, however often it is sent', async () => {
    const request = { title: 'Buy milk', requestId: '0af1'.repeat(8) };
    const [first, second] = await Promise.all([
      app.send('POST', '/tasks', request),
      app.send('POST', '/tasks', request),
    ]);
    expect(first).toMatchObject({ status: 201, body: request });
    expect(second.body).toEqual(first.body);
    expect(await app.tasks()).toEqual([first.body]);
    await app.send('POST', '/tasks', {
      ...request,
      requestId: '0af2'.repeat(8),
    });
    expect(await app.tasks()).toHaveLength(2);
  });

  it.each(['', '0af1', 'x'.repeat(32), '0af1'.repeat(9), 7, null])(
    'are not added for the request %j',
    async (requestId) => {
      expect(
        await app.send('POST', '/tasks', { title: 'Buy milk', requestId }),
      ).toMatchObject({
        status: 400,
        body: { message: ['requestId must be 32 hexadecimal digits'] },
      });
    },
  );

  it('are fetched one by one', async () => {
    const task = await app.add('Buy milk');
    expect(await app.send('GET', `/tasks/${task.id}`)).toMatchObject({
      status: 200,
      body: task,
    });
  });

  it('are renamed and completed, apart or together', async () => {
    const task = await app.add('Buy milk');
    const path = `/tasks/${task.id}`;
    const renamed = { ...task, title: 'Buy bread', version: 2 };
    expect(await app.send('PATCH', path, { title: ' Buy bread ' })).toEqual(
      expect.objectContaining({ status: 200, body: renamed }),
    );
    const completed = { ...renamed, completed: true, version: 3 };
    expect(await app.send('PATCH', path, { completed: true })).toMatchObject({
      status: 200,
      body: completed,
    });
    const both = { title: 'Bake', completed: false };
    expect(await app.send('PATCH', path, both)).toMatchObject({
      status: 200,
      body: { ...task, ...both, version: 4 },
    });
    expect(await app.tasks()).toEqual([{ ...task, ...both, version: 4 }]);
  });

  it.each([[{}], [{ completed: false }], [{ title: ' Buy milk' }]])(
    'stay in their version when %j changes nothing',
    async (changes) => {
      const task = await app.add('Buy milk');
      expect(await app.send('PATCH', `/tasks/${task.id}`, changes)).toEqual(
        expect.objectContaining({ status: 200, body: task }),
      );
    },
  );

  it('are gone once they are deleted', async () => {
    const task = await app.add('Buy milk');
    const other = await app.add('Stay');
    expect(await app.send('DELETE', `/tasks/${task.id}`)).toMatchObject({
      status: 204,
      body: undefined,
    });
    expect(await app.tasks()).toEqual([other]);
  });

  it('are all completed, and all taken up again', async () => {
    const open = await app.add('Open');
    const done = await app.add('Done', true);
    expect(await app.send('PATCH', '/tasks', { completed: true })).toEqual(
      expect.objectContaining({
        status: 200,
        body: [{ ...open, completed: true, version: 2 }],
      }),
    );
    const { body } = await app.send('PATCH', '/tasks', { completed: false });
    expect(body).toEqual([
      { ...open, version: 3 },
      { ...done, completed: false, version: 2 },
    ]);
  });

  it('are cleared of what is completed', async () => {
    const open = await app.add('Open');
    await app.add('Done', true);
    expect(await app.send('DELETE', '/tasks?completed=true')).toMatchObject({
      status: 204,
    });
    expect(await app.tasks()).toEqual([open]);
  });

  it.each([
    ['GET', `/tasks/${UNKNOWN}`, undefined],
    ['PATCH', `/tasks/${UNKNOWN}`, { title: 'Nobody' }],
    ['DELETE', `/tasks/${UNKNOWN}`, undefined],
  ])('answer 404 to %s %s', async (method, path, body) => {
    expect(await app.send(method, path, body)).toMatchObject({
      status: 404,
      body: { statusCode: 404, message: `There is no task ${UNKNOWN}` },
    });
  });

  it('do not use the number of a deleted task again', async () => {
    const task = await app.add('Buy milk');
    await app.send('DELETE', `/tasks/${task.id}`);
    expect((await app.add('Another')).id).toBeGreaterThan(task.id);
  });

  it.each(['0', '-1', '1.5', 'abc', '2147483648', '1e99', '%00'])(
    'answer 400 to the id %s',
    async (id) => {
      for (const method of ['GET', 'PATCH', 'DELETE']) {
        const body = method === 'PATCH' ? { title: 'Nobody' } : undefined;
        expect(await app.send(method, `/tasks/${id}`, body)).toMatchObject({
          status: 400,
        });
      }
    },
  );

  const wrongTitles = ['', '   ', 'x'.repeat(501), 'a\nb', 'a\0', '\ud800'];
  const wrongTitleTypes = [null, 5, true, {}, [], ['title']];

  it.each([...wrongTitles, ...wrongTitleTypes])(
    'refuse the title %j',
    async (title) => {
      const task = await app.add('Buy milk');
      for (const [method, path] of [
        ['POST', '/tasks'],
        ['PATCH', `/tasks/${task.id}`],
      ] as const) {
        const { status, body } = await app.send(method, path, { title });
        expect(status).toBe(400);
        expect(JSON.stringify(body)).toContain('title');
      }
      expect(await app.tasks()).toEqual([task]);
    },
  );

  it.each(['x'.repeat(500), '😀'.repeat(500), '<b>"bold"</b> \' -- ;'])(
    'keep the title %.10s as it is',
    async (title) => {
      const task = await app.add(title);
      expect(task.title).toBe(title);
      expect(await app.tasks()).toEqual([task]);
    },
  );

  it.each([
    ['no body', undefined],
    ['text that is no JSON', '{"title": '],
    ['null', 'null'],
    ['a list', '[]'],
    ['a list with a task', '[{"title": "x", "completed": true}]'],
    ['a text', '"title"'],
    ['an empty object', '{}'],
    ['an unknown field', '{"title": "x", "completed": true, "id": 7}'],
    ['a text for a truth value', '{"title": "x", "completed": "true"}'],
    ['null for a truth value', '{"title": "x", "completed": null}'],
  ])('refuse %s as a task', async (_name, body) => {
    const task = await app.add('Buy milk');
    expect(await app.send('POST', '/tasks', body)).toMatchObject({
      status: 400,
    });
    expect(await app.send('PATCH', '/tasks', body)).toMatchObject({
      status: 400,
    });
    expect(await app.tasks()).toEqual([task]);
  });

  it('refuse a body that is too large', async () => {
    const title = 'x'.repeat(200_000);
    expect(await app.send('POST', '/tasks', { title })).toMatchObject({
      status: 413,
    });
  });

  it.each(['', '?completed=false', '?completed', '?completed=true&id=1'])(
    'are not cleared by DELETE /tasks%s',
    async (query) => {
      const task = await app.add('Done', true);
      expect(await app.send('DELETE', `/tasks${query}`)).toMatchObject({
        status: 400,
      });
      expect(await app.tasks()).toEqual([task]);
    },
  );

  it('are all of one moment, however much is changed meanwhile', async () => {
    await Promise.all(Array.from({ length: 30 }, (_, n) => app.add(`${n}`)));
    const changes = [true, false, true, false].map((completed) =>
      app.send('PATCH', '/tasks', { completed }),
    );
    const lists = Promise.all(Array.from({ length: 20 }, () => app.tasks()));
    await Promise.all(changes);
    for (const list of await lists) {
      expect(new Set(list.map((task: Task) => task.completed)).size).toBe(1);
      expect(list).toHaveLength(30);
    }
  });

  it('are left alone where too much is waiting, which is said', async () => {
    const task = await app.add('Buy milk');
    const answers = await app.whileChanging(async () => {
      const all = Array.from({ length: 1000 }, () =>
        app.send('GET', `/tasks/${task.id}`),
      );
      // One more than may wait, as one is being done.
      const refused = await Promise.race(
        all.map(async (answer) => {
          expect((await answer).status).toBe(503);
          return answer;
        }),
      );
      expect(refused.body).toMatchObject({
        message: 'Too much is waiting for the database: try again in a moment',
      });
      return all;
    });
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(999);
    expect(await app.tasks()).toEqual([task]);
  }, 60_000);
});
