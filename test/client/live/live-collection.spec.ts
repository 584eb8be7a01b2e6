import {
  afterEach,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import { DataSyncService } from 'snorky';
import {
  DataSync,
  liveCollection,
  type Live,
  type LiveListOptions,
  type LiveState,
  type Snorky,
} from 'snorky/client';
import { connect, inState, rejection } from '../support/client.js';
import { Line } from '../../../harness/line.js';
import { startLiveApp, type LiveApp, type Task } from '../support/live-app.js';

const services = { datasync: DataSync };

/** Waits until something holds of what changes. */
async function until(live: Live, holds: () => boolean): Promise<void> {
  while (!holds()) {
    await new Promise<void>((resolve) => {
      live.changed.addOnce(() => resolve());
    });
  }
}

const live = (view: Live, state: LiveState): Promise<void> =>
  until(view, () => view.state === state);

interface Page extends AsyncDisposable {
  readonly app: LiveApp;
  readonly line: Line;
  readonly snorky: Snorky<typeof services>;
  readonly datasync: DataSync;
  list<Item = Task>(
    options?: Partial<LiveListOptions<Task, Item>>,
    path?: string,
  ): ReturnType<typeof liveCollection<Task, Item>>;
}

async function open(
  options: Parameters<typeof startLiveApp>[0] = {},
): Promise<Page> {
  const app = await startLiveApp(options);
  const line = await Line.to(app.port);
  const snorky = connect(`ws://127.0.0.1:${line.port}/ws`, services);
  const { datasync } = snorky.services;
  const opened: Live[] = [];
  return {
    app,
    line,
    snorky,
    datasync,
    list: (more = {}, path = '/tasks') => {
      const view = liveCollection<Task>(datasync, `${app.http}${path}`, {
        model: 'Task',
        ...(more as object),
      });
      opened.push(view);
      return view as never;
    },
    [Symbol.asyncDispose]: async () => {
      for (const view of opened) view.close();
      snorky.disconnect();
      await line[Symbol.asyncDispose]();
      await app[Symbol.asyncDispose]();
    },
  };
}

const task = (id: number, title = `Task ${id}`): Task => ({ id, title });

describe('a live list', () => {
  it('has what there is, and follows what changes', async () => {
    await using page = await open();
    const { tasks } = page.app;
    tasks.put(task(1), task(2));
    const list = page.list() as { items: readonly Task[] } & Live;
    expect(list.state).toBe('loading');
    await list.ready;
    expect(list.state).toBe('live');
    expect(list.items).toEqual([task(1), task(2)]);
    const { items } = list;
    tasks.put(task(3), task(1, 'Changed'));
    tasks.remove(2);
    await until(list, () => list.items.length === 2 && list.items[1]?.id === 3);
    expect(list.items).toEqual([task(1, 'Changed'), task(3)]);
    expect(list.items).toBe(items);
    expect(tasks.fetched).toBe(1);
  });

  it('misses nothing between the authorization and the query', async () => {
    await using page = await open();
    const { tasks } = page.app;
    tasks.put(task(1), task(2));
    tasks.meanwhile = () => {
      tasks.put(task(3));
      tasks.remove(1);
    };
    const list = page.list() as { items: readonly Task[] } & Live;
    await list.ready;
    expect([...list.items]).toEqual([...tasks.rows.values()]);
  });

  it('goes on after a cut without fetching, and is stale meanwhile', async () => {
    await using page = await open();
    const { tasks } = page.app;
    const list = page.list() as { items: readonly Task[] } & Live;
    await list.ready;
    for (let round = 1; round <= 5; round++) {
      page.line.break();
      await live(list, 'stale');
      for (let i = 0; i < 20; i++) tasks.put(task(round * 100 + i));
      tasks.remove(round * 100);
      page.line.repair();
      await live(list, 'live');
      expect([...list.items]).toEqual([...tasks.rows.values()]);
    }
    expect(tasks.fetched).toBe(1);
  });

  it('goes on although nobody noticed that the line was dead', async () => {
    await using app = await startLiveApp();
    await using line = await Line.to(app.port);
    using snorky = connect(`ws://127.0.0.1:${line.port}/ws`, services, {
      heartbeat: 20,
      heartbeatTimeout: 30,
    });
    const list = liveCollection<Task>(
      snorky.services.datasync,
      `${app.http}/tasks`,
      { model: 'Task' },
    );
    await list.ready;
    line.die();
    for (let i = 0; i < 50; i++) app.tasks.put(task(i));
    await live(list, 'stale');
    await live(list, 'live');
    expect([...list.items]).toEqual([...app.tasks.rows.values()]);
    expect(app.tasks.fetched).toBe(1);
    list.close();
  });

  it('fetches again when the log has forgotten', async () => {
    await using page = await open({ log: { entries: 5 } });
    const { tasks } = page.app;
    const list = page.list() as { items: readonly Task[] } & Live;
    await list.ready;
    page.line.break();
    await live(list, 'stale');
    for (let i = 0; i < 20; i++) tasks.put(task(i));
    page.line.repair();
    await live(list, 'live');
    expect([...list.items]).toEqual([...tasks.rows.values()]);
    expect(tasks.fetched).toBe(2);
  });

  it('fetches again when its token has run out', async () => {
    await using page = await open({ tokenTimeout: 250 });
    const { tasks } = page.app;
    const list = page.list() as { items: readonly Task[] } & Live;
    await list.ready;
    page.line.break();
    await live(list, 'stale');
    await new Promise((resolve) => setTimeout(resolve, 400));
    tasks.put(task(1));
    page.line.repair();
    await live(list, 'live');
    expect([...list.items]).toEqual([task(1)]);
    expect(tasks.fetched).toBe(2);
  });

  it('comes back after a restart of the server', async () => {
    const first = await startLiveApp();
    first.tasks.put(task(1));
    let current = first;
    using snorky = connect(() => `${current.ws}/ws`, services);
    const list = liveCollection<Task>(
      snorky.services.datasync,
      'http://rows/tasks',
      {
        model: 'Task',
        fetch: (_url, init) => fetch(`${current.http}/tasks`, init),
      },
    );
    await list.ready;
    await using second = await startLiveApp();
    second.tasks.put(task(1, 'Restored'), task(2));
    current = second;
    await first[Symbol.asyncDispose]();
    await live(list, 'stale');
    await live(list, 'live');
    expect([...list.items]).toEqual([task(1, 'Restored'), task(2)]);
    second.tasks.put(task(3));
    await until(list, () => list.items.length === 3);
    list.close();
  });

  it('applies a whole batch before it tells', async () => {
    await using page = await open();
    const { tasks } = page.app;
    const list = page.list() as { items: readonly Task[] } & Live;
    await list.ready;
    const seen: number[] = [];
    list.changed.add(() => seen.push(list.items.length));
    tasks.put(...Array.from({ length: 500 }, (_, id) => task(id)));
    await until(list, () => list.items.length > 0);
    tasks.remove(...Array.from({ length: 250 }, (_, id) => id * 2));
    await until(list, () => list.items.length < 500);
    expect(seen).toEqual([500, 250]);
  });

  it('keeps an order, makes items of rows, and finds the rows in the answer', async () => {
    await using page = await open();
    const { tasks } = page.app;
    tasks.put(task(1, 'b'), task(2, 'a'));
    const list = page.list<{ id: number; label: string }>(
      {
        compare: (left, right) => left.label.localeCompare(right.label),
        transformItem: ({ id, title }) => ({ id, label: title.toUpperCase() }),
        rows: (body: { tasks: Task[] }) => body.tasks,
      },
      '/tasks/wrapped',
    ) as { items: readonly { id: number; label: string }[] } & Live;
    await list.ready;
    tasks.put(task(3, 'aa'));
    await until(list, () => list.items.length === 3);
    expect(list.items.map(({ label }) => label)).toEqual(['A', 'AA', 'B']);
  });

  it('follows rows whose items lack their key', async () => {
    await using page = await open();
    const { tasks } = page.app;
    tasks.put(task(1, 'a'), task(2, 'b'));
    const list = page.list<{ label: string }>({
      transformItem: ({ title }) => ({ label: title }),
    }) as { items: readonly { label: string }[] } & Live;
    await list.ready;
    tasks.put(task(1, 'A'), task(2, 'B'), task(3, 'c'));
    tasks.remove(1);
    await until(list, () => list.items.some(({ label }) => label === 'c'));
    await until(list, () => list.items.length === 2);
    expect(list.items.map(({ label }) => label)).toEqual(['B', 'c']);
  });

  it('shows anything that is made of rows', async () => {
    await using page = await open();
    const { tasks } = page.app;
    tasks.put(task(1, 'a'), task(2, 'b'));
    const list = page.list<string>({
      transformItem: ({ title }) => title,
    }) as { items: readonly string[] } & Live;
    await list.ready;
    tasks.put(task(1, 'A'), task(3, 'b'));
    tasks.remove(2);
    await until(list, () => list.items.join() === 'A,b');
    expect(list.items).toEqual(['A', 'b']);
  });

  it('undoes what others do to its items', async () => {
    await using page = await open();
    const { tasks } = page.app;
    tasks.put(task(1), task(2), task(3));
    const list = page.list() as unknown as { items: Task[] } & Live;
    await list.ready;
    const { items } = list;
    items.reverse();
    items.splice(1, 1, task(9), task(8));
    tasks.put(task(2, 'Changed'));
    await until(list, () => list.items[1]?.title === 'Changed');
    expect(items).toEqual([task(1), task(2, 'Changed'), task(3)]);
    items.length = 0;
    tasks.put(task(4));
    await until(list, () => list.items.length > 1);
    expect(items).toEqual([...tasks.rows.values()]);
    expect(list.items).toBe(items);
  });

  it('is at an address that is a URL', async () => {
    await using page = await open();
    page.app.tasks.put(task(1));
    const url = new URL('/tasks', page.app.http);
    const list = liveCollection<Task>(page.datasync, url, { model: 'Task' });
    await list.ready;
    expect(list.items).toEqual([task(1)]);
    list.close();
  });

  it('compares as it is told to', async () => {
    await using page = await open();
    const { tasks } = page.app;
    tasks.put(task(1, 'one'), task(2, 'two'));
    const list = page.list({
      itemsAreEqual: (item, other) => item.title === other.title,
    }) as { items: readonly Task[] } & Live;
    await list.ready;
    tasks.remove(1);
    await until(list, () => list.items.length === 1);
    expect(list.items).toEqual([task(2, 'two')]);
  });

  it('is closed for good, even while its rows are being taken', async () => {
    await using page = await open();
    const { tasks } = page.app;
    const states: LiveState[] = [];
    const list = page.list({
      rows: (body) => {
        list.close();
        return body;
      },
    });
    list.changed.add(() => states.push(list.state));
    await rejection(list.ready);
    const other = page.list() as { items: readonly Task[] } & Live;
    await other.ready;
    tasks.put(task(1));
    await until(other, () => other.items.length === 1);
    expect(states).toEqual(['closed']);
  });

  it('takes no deltas of what it has given up', async () => {
    await using page = await open();
    const { tasks } = page.app;
    const list = page.list() as { items: readonly Task[] } & Live;
    await list.ready;
    const stop = list.changed.add(() => {
      stop();
      // A second change of state within the same batch.
      list.close();
    });
    tasks.put(task(1));
    await until(list, () => list.state === 'closed');
    tasks.put(task(2));
    await page.datasync.rpcCall('').catch(() => {});
    expect(list.items).toEqual([task(1)]);
  });

  it('listens to its connector no longer when it is closed', async () => {
    await using page = await open();
    const { stateChanged } = page.snorky;
    const listening = new Set<() => void>();
    const add = stateChanged.add.bind(stateChanged);
    stateChanged.add = (listener) => {
      const stop = add(listener);
      const stopped = (): void => {
        listening.delete(stopped);
        stop();
      };
      listening.add(stopped);
      return stopped;
    };
    const list = page.list();
    await list.ready;
    expect(listening.size).toBe(1);
    list.close();
    expect(listening.size).toBe(0);
  });

  it('begins with short delays again once it has been live', async () => {
    // First: the server names its modules at random.
    await using page = await open();
    const random = jest.spyOn(Math, 'random').mockReturnValue(0.5);
    const timers = jest.spyOn(globalThis, 'setTimeout');
    try {
      let fails = true;
      const list = page.list({
        fetch: (url, init) =>
          fails
            ? Promise.reject(new TypeError('no network'))
            : fetch(url, init),
      });
      const delays = (): unknown[] =>
        timers.mock.calls.map(([, after]) => after).filter((ms) => ms === 500);
      await until(list, () => list.error !== undefined);
      fails = false;
      await list.ready;
      expect(delays()).toHaveLength(1);
      fails = true;
      list.refresh();
      await until(list, () => list.error !== undefined);
      expect(delays()).toHaveLength(2);
    } finally {
      timers.mockRestore();
      random.mockRestore();
    }
  });

  it('is stale, not loading, when only the connection is missing', async () => {
    await using app = await startLiveApp();
    app.tasks.put(task(1));
    using snorky = connect('ws://127.0.0.1:9/ws', services);
    const list = liveCollection<Task>(
      snorky.services.datasync,
      `${app.http}/tasks`,
      { model: 'Task' },
    );
    await live(list, 'stale');
    expect(list.items).toEqual([task(1)]);
    list.close();
  });

  it('is closed for good', async () => {
    await using page = await open();
    const { tasks } = page.app;
    const list = page.list() as { items: readonly Task[] } & Live;
    await list.ready;
    const other = page.list() as { items: readonly Task[] } & Live;
    await other.ready;
    list.close();
    list.close();
    expect(list.state).toBe('closed');
    tasks.put(task(1));
    await until(other, () => other.items.length === 1);
    list.refresh();
    expect(list.items).toEqual([]);
    expect(list.state).toBe('closed');
    expect(tasks.fetched).toBe(2);
  });

  it.each(['close', 'refresh'] as const)(
    'asks for nothing more where whoever hears of its fetch calls %s()',
    async (act) => {
      await using page = await open();
      let asked = 0;
      const list = page.list({
        fetch: (url, init) => {
          asked++;
          return fetch(url, init);
        },
      });
      await list.ready;
      let stale = 0;
      list.changed.add(() => {
        if (list.state === 'stale' && ++stale === 1) list[act]();
      });
      list.refresh();
      if (act === 'refresh') await live(list, 'live');
      expect(list.state).toBe(act === 'close' ? 'closed' : 'live');
      expect(asked).toBe(act === 'close' ? 1 : 2);
    },
  );

  it('does not fetch what it was closed before it could', async () => {
    await using page = await open();
    let begin!: () => void;
    let asked = 0;
    const list = page.list({
      request: () =>
        new Promise((resolve) => {
          begin = () => resolve({});
        }),
      fetch: (url, init) => {
        asked++;
        return fetch(url, init);
      },
    });
    list.ready.catch(() => {});
    list.close();
    begin();
    await new Promise(setImmediate);
    expect(asked).toBe(0);
  });

  it('gives its subscription back when it is closed', async () => {
    await using page = await open({ maxSubscriptions: 1 });
    for (let i = 0; i < 3; i++) {
      const list = page.list();
      await list.ready;
      expect(list.state).toBe('live');
      list.close();
    }
  });

  it('forgets the versions of rows that were fetched anew', async () => {
    await using page = await open();
    const { tasks } = page.app;
    const list = page.list() as { items: readonly Task[] } & Live;
    await list.ready;
    const datasync = page.app.app.get(DataSyncService);
    const publish = (title: string, version: number): void => {
      const data = task(1, title);
      tasks.rows.set(1, data);
      void datasync.publishDeltas([
        { type: 'insert', model: 'Task', data, version },
      ]);
    };
    publish('old table', 9);
    await until(list, () => list.items.length === 1);
    list.refresh();
    await live(list, 'live');
    publish('restored table', 1);
    await until(list, () => list.items[0]?.title === 'restored table');
    expect(list.items).toEqual([task(1, 'restored table')]);
  });

  it('fetches again when it is told to', async () => {
    await using page = await open();
    const { tasks } = page.app;
    const list = page.list() as { items: readonly Task[] } & Live;
    await list.ready;
    // Behind the back of DataSync.
    (tasks.rows as Map<number, Task>).set(1, task(1));
    list.refresh();
    expect(list.state).toBe('stale');
    await live(list, 'live');
    expect(list.items).toEqual([task(1)]);
    tasks.put(task(2));
    await until(list, () => list.items.length === 2);
  });

  it('asks for headers before each fetch', async () => {
    await using page = await open();
    const authorizations: (string | null)[] = [];
    let sessions = 0;
    const list = page.list({
      request: () =>
        Promise.resolve({ headers: { authorization: `s${++sessions}` } }),
      fetch: (url, init) => {
        authorizations.push(new Headers(init.headers).get('authorization'));
        return fetch(url, init);
      },
    });
    await list.ready;
    list.refresh();
    await live(list, 'live');
    expect(authorizations).toEqual(['s1', 's2']);
  });
});

describe('a live item', () => {
  it('follows one row, its end included', async () => {
    await using page = await open();
    const { tasks } = page.app;
    tasks.put(task(1), task(2));
    const item = liveCollection<Task>(
      page.datasync,
      `${page.app.http}/tasks/2`,
      {
        model: 'Task',
        single: true,
      },
    );
    expect(item.item).toBeUndefined();
    await item.ready;
    expect(item.item).toEqual(task(2));
    tasks.put(task(1, 'Not this one'), task(2, 'Changed'));
    await until(item, () => item.item?.title === 'Changed');
    page.line.cut();
    tasks.remove(2);
    await until(item, () => item.item === undefined);
    tasks.put(task(2, 'Back'));
    await until(item, () => item.item?.title === 'Back');
    item.close();
  });

  it('has no item any more that was deleted while it was away', async () => {
    await using page = await open({ tokenTimeout: 250 });
    const { tasks } = page.app;
    tasks.put(task(2));
    const item = liveCollection<Task>(
      page.datasync,
      `${page.app.http}/tasks/2`,
      { model: 'Task', single: true },
    );
    await item.ready;
    page.line.break();
    await live(item, 'stale');
    tasks.remove(2);
    await new Promise((resolve) => setTimeout(resolve, 400));
    page.line.repair();
    const errors = jest.spyOn(console, 'error').mockImplementation(() => {});
    await live(item, 'failed');
    errors.mockRestore();
    expect(item.item).toBeUndefined();
    expect(item.error).toMatchObject({
      message: expect.stringContaining('404'),
    });
  });
});

describe('a transformItem that throws', () => {
  it('leaves rows of a list as they were, or out, and fails one item', async () => {
    const error = jest.spyOn(console, 'error').mockImplementation(() => {});
    try {
      await using page = await open();
      const { tasks } = page.app;
      const bad = new Error('bad row');
      const transformItem = (row: Task): Task => {
        if (row.title === 'bad') throw bad;
        return row;
      };
      tasks.put(task(1), task(2, 'bad'));
      const list = page.list({ transformItem }) as {
        items: readonly Task[];
      } & Live;
      await list.ready;
      expect(list.items).toEqual([task(1)]);
      tasks.put(task(1, 'bad'), task(2, 'good'));
      await until(list, () => list.items.length === 2);
      expect(list.items).toEqual([task(1), task(2, 'good')]);
      expect(error).toHaveBeenCalledTimes(2);
      const item = liveCollection<Task>(
        page.datasync,
        `${page.app.http}/tasks/1`,
        { model: 'Task', single: true, transformItem },
      );
      expect(await rejection(item.ready)).toBe(bad);
      expect(item.state).toBe('failed');
    } finally {
      error.mockRestore();
    }
  });
});

describe('a fetch that goes wrong', () => {
  const bodies = (body: unknown): Response =>
    new Response(JSON.stringify(body), {
      headers: { 'X-Subscription-Token': 'never acquired' },
    });

  it.each([
    ['a row has no key', [task(1), { title: 'No id' }], {}],
    ['a row is null', [task(1), null], {}],
    [
      'a property is mistyped',
      [task(1)],
      { key: 'idd' } as unknown as { key: 'id' },
    ],
    ['a function gives no key', [task(1)], { key: () => undefined }],
  ])('fails when %s', async (_name, body, options) => {
    await using page = await open();
    const list = page.list({
      ...options,
      fetch: () => Promise.resolve(bodies(body)),
    }) as { items: readonly Task[] } & Live;
    expect(await rejection(list.ready)).toMatchObject({
      code: 'SNORKY_BODY_UNEXPECTED',
      message: expect.stringContaining('rows with the key "'),
    });
    expect(list.items).toEqual([]);
  });

  it.each([{ single: false }, { single: true }])(
    'fails when nothing is found in the answer, with %j',
    async ({ single }) => {
      await using page = await open();
      const view = liveCollection<Task>(page.datasync, page.app.http, {
        model: 'Task',
        single,
        rows: ({ taks }: { taks?: unknown }) => taks,
        fetch: () => Promise.resolve(bodies({ tasks: [task(1)] })),
      });
      expect(await rejection(view.ready)).toMatchObject({
        code: 'SNORKY_BODY_UNEXPECTED',
      });
    },
  );

  it('fails for one item without its key, too', async () => {
    await using page = await open();
    const item = liveCollection<Task>(page.datasync, page.app.http, {
      model: 'Task',
      single: true,
      fetch: () => Promise.resolve(bodies({ title: 'No id' })),
    });
    expect(await rejection(item.ready)).toMatchObject({
      message: expect.stringContaining('a row with the key "id"'),
    });
  });

  it('needs no key where rows are compared', async () => {
    await using page = await open();
    const list = page.list({
      itemsAreEqual: (item, other) => item.title === other.title,
      fetch: async (url, init) => {
        const answer = await fetch(url, init);
        return new Response(JSON.stringify([{ title: 'No id' }]), answer);
      },
    });
    await list.ready;
    expect(list.state).toBe('live');
  });
  let errors: ReturnType<typeof jest.spyOn>;
  beforeEach(() => {
    errors = jest.spyOn(console, 'error').mockImplementation(() => {});
  });
  afterEach(() => errors.mockRestore());

  it('ends with the status, where asking again would not help', async () => {
    await using page = await open();
    const list = page.list({}, '/nowhere');
    expect(await rejection(list.ready)).toMatchObject({
      code: 'SNORKY_FETCH_FAILED',
      message: expect.stringContaining('404'),
    });
    expect(list.state).toBe('failed');
    expect(list.error).toMatchObject({ code: 'SNORKY_FETCH_FAILED' });
    // A page that does not read the error finds it on the console.
    expect(errors.mock.calls).toEqual([
      ['Snorky: A live list has failed', list.error],
    ]);
  });

  it('is tried again, where that may help', async () => {
    await using page = await open();
    page.app.tasks.put(task(1));
    let tries = 0;
    const list = page.list({
      fetch: (url, init) => {
        if (++tries === 1) return Promise.reject(new TypeError('no network'));
        if (tries === 2)
          return Promise.resolve(new Response('', { status: 503 }));
        return fetch(url, init);
      },
    }) as { items: readonly Task[] } & Live;
    await until(list, () => list.error !== undefined);
    expect(list.state).toBe('loading');
    expect(list.error).toMatchObject({ code: 'SNORKY_FETCH_FAILED' });
    await list.ready;
    expect(list.items).toEqual([task(1)]);
    expect(list.error).toBeUndefined();
  });

  it('is tried again at once when there is a connection again', async () => {
    await using page = await open();
    await inState(page.snorky, 'connected');
    // Not before: the server names its modules at random.
    const random = jest.spyOn(Math, 'random').mockReturnValue(0.99);
    try {
      let tries = 0;
      const list = page.list({
        fetch: (url, init) =>
          ++tries === 1
            ? Promise.reject(new TypeError('no network'))
            : fetch(url, init),
      });
      await until(list, () => list.error !== undefined);
      const since = performance.now();
      page.line.cut();
      await list.ready;
      // By itself it would have tried again after 990 ms.
      expect(performance.now() - since).toBeLessThan(800);
    } finally {
      random.mockRestore();
    }
  });

  it('shows the rows of an answer without token, but is not live', async () => {
    await using page = await open();
    page.app.tasks.put(task(1));
    const list = page.list({}, '/tasks/bare') as {
      items: readonly Task[];
    } & Live;
    expect(await rejection(list.ready)).toMatchObject({
      code: 'SNORKY_TOKEN_MISSING',
      message: expect.stringContaining('@Subscribable'),
    });
    expect(list.state).toBe('failed');
    expect(list.items).toEqual([task(1)]);
  });

  it.each([408, 429, 500, 502, 503])(
    'is tried again after %i',
    async (status) => {
      await using page = await open();
      let tries = 0;
      const list = page.list({
        fetch: (url, init) =>
          ++tries === 1
            ? Promise.resolve(new Response('', { status }))
            : fetch(url, init),
      });
      await until(list, () => list.error !== undefined);
      page.line.cut();
      await list.ready;
      expect(tries).toBe(2);
    },
  );

  it('asks no cache', async () => {
    await using page = await open();
    let cache: unknown;
    const list = page.list({
      fetch: (url, init) => {
        ({ cache } = init as { cache?: unknown });
        return fetch(url, init);
      },
    });
    await list.ready;
    expect(cache).toBe('no-store');
  });

  it('takes no longer than it may, though nobody looks at the signal', async () => {
    await using page = await open();
    const never = new Promise<never>(() => {});
    for (const hangs of [{ request: () => never }, { fetch: () => never }]) {
      const list = page.list({ timeout: 10, ...hangs });
      await until(list, () => list.error !== undefined);
      expect(list.error).toMatchObject({
        message: expect.stringContaining('10 ms'),
      });
    }
  });

  it('fails when there is no room for one more subscription', async () => {
    await using page = await open({ maxSubscriptions: 1 });
    const first = page.list();
    await first.ready;
    const second = page.list();
    expect(await rejection(second.ready)).toMatchObject({
      value: 'Too many subscriptions',
    });
    expect(page.app.tasks.fetched).toBe(2);
  });

  it('does not ask without end for tokens that are no good', async () => {
    await using page = await open();
    let fetches = 0;
    const list = page.list({
      fetch: () => {
        fetches++;
        const headers = { 'X-Subscription-Token': 'x'.repeat(32) };
        return Promise.resolve(new Response('[]', { headers }));
      },
    });
    await until(list, () => list.error !== undefined);
    expect(list.error).toMatchObject({ value: 'No such subscription' });
    expect(fetches).toBeLessThanOrEqual(3);
  });

  it('takes no longer than it may', async () => {
    await using page = await open();
    const list = page.list({
      timeout: 10,
      fetch: (_url, { signal }) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () =>
            reject(signal.reason as Error),
          );
        }),
    });
    await until(list, () => list.error !== undefined);
    expect(list.error).toMatchObject({
      message: expect.stringContaining('10 ms'),
    });
  });

  it('is given up when it is closed', async () => {
    await using page = await open();
    let aborted = false;
    const list = page.list({
      fetch: (_url, { signal }) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => {
            aborted = true;
            reject(signal.reason as Error);
          });
        }),
    });
    await new Promise((resolve) => setTimeout(resolve, 1));
    list.close();
    expect(aborted).toBe(true);
    expect(await rejection(list.ready)).toMatchObject({
      code: 'SNORKY_CLOSED',
    });
  });

  it('leaves out deltas of other models, and says so', async () => {
    await using page = await open();
    const list = liveCollection<Task>(page.datasync, `${page.app.http}/tasks`, {
      model: 'Other',
    });
    await list.ready;
    const heard = new Promise((resolve) =>
      page.datasync.deltaReceived.add(resolve),
    );
    page.app.tasks.put(task(1));
    await heard;
    expect(list.items).toEqual([]);
    expect(errors).toHaveBeenCalled();
    list.close();
  });
});

describe('a connection that does not come back', () => {
  it('leaves the list as it was, and goes on after connect()', async () => {
    await using page = await open();
    const { tasks } = page.app;
    tasks.put(task(1));
    const list = page.list() as { items: readonly Task[] } & Live;
    await list.ready;
    page.snorky.disconnect();
    expect(list.state).toBe('stale');
    tasks.put(task(2));
    page.snorky.connect();
    await inState(page.snorky, 'connected');
    await live(list, 'live');
    expect(list.items).toEqual([task(1), task(2)]);
    expect(tasks.fetched).toBe(1);
  });
});
