import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { changeAtRandom } from './random-changes.js';
import { TodoApp } from './todo-app.js';

// Many changes take a while on a machine that has other things to do.
jest.setTimeout(30_000);

/** What each connection through it begins with. */
const startups: string[] = [];

/** Listens before a database server, and to what it is told first. */
async function listenBefore(port: number): Promise<Server> {
  const line = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    near.once('data', (head: Buffer) => startups.push(head.toString()));
    near.on('error', () => far.destroy()).pipe(far);
    far.on('error', () => near.destroy()).pipe(near);
  });
  line.listen(0, '127.0.0.1');
  await once(line, 'listening');
  return line;
}

describe('The to-do app with a PostgreSQL server', () => {
  let database: PGlite;
  let server: PGLiteSocketServer;
  let line: Server;
  let app: TodoApp;

  beforeAll(async () => {
    database = await PGlite.create();
    server = new PGLiteSocketServer({
      db: database,
      port: 0,
      maxConnections: 10,
    });
    await server.start();
    line = await listenBefore(Number(server.getServerConn().split(':')[1]));
    const { port } = line.address() as AddressInfo;
    app = await TodoApp.start({
      DATABASE_URL: `postgres://postgres:postgres@127.0.0.1:${port}/postgres`,
    });
  }, 60_000);

  afterAll(async () => {
    await app[Symbol.asyncDispose]();
    line.close();
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

  it('has it give up what takes too long', () => {
    expect(startups).not.toEqual([]);
    for (const startup of startups) {
      expect(startup).toContain('\0statement_timeout\x005000\0');
    }
  });

  it('is read while a change waits', async () => {
    await app.clear();
    const task = await app.add('Buy milk');
    await app.whileChanging(async () => {
      expect(await app.tasks()).toEqual([task]);
      expect((await app.send('GET', `/tasks/${task.id}`)).body).toEqual(task);
    });
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
