import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { changeAtRandom } from './random-changes.js';
import { TodoApp } from './todo-app.js';

describe('The to-do app with a PostgreSQL server', () => {
  let database: PGlite;
  let server: PGLiteSocketServer;
  let app: TodoApp;

  beforeAll(async () => {
    database = await PGlite.create();
    server = new PGLiteSocketServer({
      db: database,
      port: 0,
      maxConnections: 10,
    });
    await server.start();
    const address = server.getServerConn();
    app = await TodoApp.start({
      DATABASE_URL: `postgres://postgres:postgres@${address}/postgres`,
    });
  }, 60_000);

  afterAll(async () => {
    await app[Symbol.asyncDispose]();
    await server.stop();
    await database.close();
  });

  it('keeps the tasks there', async () => {
    await app.clear();
    const task = await app.add('Buy milk');
    const { rows } = await database.query('SELECT * FROM todo_task');
    expect(rows).toEqual([task]);
    expect(await app.tasks()).toEqual([task]);
  });

  it('tells followers what the database has', async () => {
    await app.clear();
    await using follower = await app.follow();
    await changeAtRandom(app, 200);
    await follower.catchUp();
    expect(follower.tasks).toEqual(await app.tasks());
  });

  it('publishes nothing of a transaction that fails', async () => {
    await app.clear();
    const task = await app.add('Buy milk');
    const done = await app.add('Done', true);
    await using follower = await app.follow();
    await database.exec(
      `ALTER TABLE todo_task ADD CONSTRAINT undone CHECK (NOT completed) NOT VALID`,
    );
    expect(
      await app.send('PATCH', '/tasks', { completed: true }),
    ).toMatchObject({ status: 500 });
    expect(await app.tasks()).toEqual([task, done]);
    await follower.catchUp();
    expect(follower.batches).toEqual([]);
  });
});
