import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Task } from '../../../examples/todo/tasks/task.entity.js';
import { temporaryDirectory } from '../../package/build-package.js';
import { TestSocket } from '../../support/sockets/socket.js';
import { buildExamples, ExampleProcess } from '../example-process.js';
import { freePorts } from '../ports.js';

// Processes take a second or two to start.
jest.setTimeout(30_000);

describe('The to-do app as a process', () => {
  let built: string;
  let main: string;
  let directory: string;
  let file: string;
  const running = new Set<ExampleProcess>();

  async function run(
    environment: NodeJS.ProcessEnv = {},
  ): Promise<ExampleProcess> {
    const [port, backend] = await freePorts();
    const process = new ExampleProcess(main, port, backend, {
      DATA_FILE: file,
      ...environment,
    });
    running.add(process);
    return process;
  }

  async function start(
    environment: NodeJS.ProcessEnv = {},
  ): Promise<ExampleProcess> {
    return (await run(environment)).started();
  }

  async function add(app: ExampleProcess, title: string): Promise<Task> {
    const response = await fetch(`${app.http}/tasks`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ title }),
    });
    expect(response.status).toBe(201);
    return (await response.json()) as Task;
  }

  async function tasks(app: ExampleProcess): Promise<Task[]> {
    return (await (await fetch(`${app.http}/tasks`)).json()) as Task[];
  }

  beforeAll(async () => {
    built = await temporaryDirectory('examples');
    main = await buildExamples(built);
  }, 60_000);
  beforeEach(async () => {
    directory = await temporaryDirectory('todo');
    file = join(directory, 'data', 'todo.sqlite');
  });
  afterEach(async () => {
    for (const process of running) await process[Symbol.asyncDispose]();
    running.clear();
    await rm(directory, { recursive: true, force: true });
  });
  afterAll(() => rm(built, { recursive: true, force: true }));

  it('says where it is, and where it keeps the tasks', async () => {
    const app = await start();
    const home = `http://localhost:${app.port}`;
    expect(app.out).toBe(
      `The to-do list is on ${home}, its tasks are in ${file}\nThe key of its backend is swordfish\nAnnouncements are on ${home}/announcements\n`,
    );
    expect(app.err).toBe('');
  });

  it('serves two pages, and what they load', async () => {
    const app = await start();
    for (const [path, type, part] of [
      ['/', 'text/html', 'src="/snorky.js"'],
      ['/todo.css', 'text/css', '.title'],
      ['/pages.css', 'text/css', ':root'],
      ['/todo.js', 'text/javascript', 'liveCollection'],
      ['/new-task.js', 'text/javascript', 'NewTaskField'],
      ['/task-row.js', 'text/javascript', 'TaskRow'],
      ['/connection-notice.js', 'text/javascript', 'ConnectionNotice'],
      ['/rest.js', 'text/javascript', 'fetch'],
      ['/snorky.js', 'text/javascript', 'liveCollection'],
      ['/announcements', 'text/html', 'src="/snorky.js"'],
    ] as const) {
      const response = await fetch(app.http + path);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe(
        `${type}; charset=utf-8`,
      );
      expect(await response.text()).toContain(part);
    }
  });

  it('has its tasks after a restart', async () => {
    const first = await start();
    const added = [await add(first, 'Buy milk'), await add(first, 'Bake')];
    first.kill('SIGTERM');
    expect(await first.ended).toEqual({ code: 0, signal: null });
    expect(await tasks(await start())).toEqual(added);
  });

  it('has each task that it answered, whenever it is killed', async () => {
    const expected: string[] = [];
    for (let round = 0; round < 3; round++) {
      const app = await start();
      expect((await tasks(app)).map(({ title }) => title)).toEqual(
        expect.arrayContaining(expected),
      );
      // Several at a time, so that it is killed in the middle of some.
      const writer = async (name: string): Promise<void> => {
        for (let n = 0; ; n++) {
          const title = `${name} ${n} of round ${round}`;
          await add(app, title);
          expected.push(title);
          if (expected.length % 25 === 0) app.kill('SIGKILL');
        }
      };
      const ends = await Promise.allSettled(['a', 'b', 'c'].map(writer));
      for (const end of ends) {
        expect(end).toMatchObject({ reason: { message: 'fetch failed' } });
      }
      await app.ended;
    }
    const app = await start();
    const titles = (await tasks(app)).map(({ title }) => title);
    expect(titles).toEqual(expect.arrayContaining(expected));
    expect(expected.length).toBeGreaterThanOrEqual(75);
    expect(app.err).toBe('');
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'ends cleanly by %s',
    async (signal) => {
      const app = await start();
      await using visitor = await TestSocket.connect(app.ws);
      app.kill(signal);
      expect(await visitor.closed).toMatchObject({ code: 1001 });
      expect(await app.ended).toEqual({ code: 0, signal: null });
      expect(app.err).toBe('');
    },
  );

  const damages = [
    ['is no database', (): Promise<void> => writeFile(file, 'x'.repeat(9999))],
    ['was cut off', (): Promise<void> => truncate(file, 5000)],
    [
      'has a page of another file',
      async (): Promise<void> => {
        const content = await readFile(file);
        await writeFile(file, content.fill(7, 4096, 8192));
      },
    ],
  ] as const;

  it.each(damages)(
    'says in a sentence that its file %s, and leaves it',
    async (_name, damage) => {
      const before = await start();
      await add(before, 'Buy milk');
      before.kill('SIGTERM');
      await before.ended;
      await damage();
      const damaged = await readFile(file);
      const app = await run();
      expect(await app.ended).toEqual({ code: 1, signal: null });
      expect(app.out).toBe('');
      expect(app.err).toMatch(
        /^The data file \S+ cannot be used \([^\n]+\): move it away to begin with an empty one, or set DATA_FILE to another\.\n$/,
      );
      expect(await readFile(file)).toEqual(damaged);
    },
  );

  it('says in a sentence that it cannot read or make its file', async () => {
    await writeFile(join(directory, 'data'), 'a file');
    const app = await run();
    expect(await app.ended).toEqual({ code: 1, signal: null });
    expect(app.err).toBe(
      `The data file ${file} cannot be read (EEXIST): set DATA_FILE to a file in a directory that can be written to.\n`,
    );
  });

  it('says in a sentence that nobody listens at DATABASE_URL', async () => {
    const app = await run({ DATABASE_URL: 'postgres://127.0.0.1:1/none' });
    expect(await app.ended).toEqual({ code: 1, signal: null });
    expect(app.err).toBe(
      'The database of DATABASE_URL cannot be used (ECONNREFUSED): correct it, or unset it to keep the tasks in a file.\n',
    );
  });
});
