import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import {
  DataSync,
  liveCollection,
  type Live,
  type LiveCollection,
  type LiveListOptions,
  type LiveState,
  type RefetchOptions,
} from 'snorky/client';
import { connect } from '../support/client.js';
import {
  startPartsApp,
  type Entry,
  type PartsApp,
} from '../support/parts-app.js';
import type { Platform } from '../../support/servers/app.js';

/** Fetches soon, since tests wait for it. */
const SOON: RefetchOptions = { minDelay: 1, maxDelay: 1 };

async function until(view: Live, holds: () => boolean): Promise<void> {
  while (!holds()) {
    await new Promise<void>((resolve) => {
      view.changed.addOnce(() => resolve());
    });
  }
}

const inState = (view: Live, state: LiveState): Promise<void> =>
  until(view, () => view.state === state);

interface Page extends AsyncDisposable {
  readonly app: PartsApp;
  readonly datasync: DataSync;
  /** When everything that was published before has arrived. */
  arrived(): Promise<unknown>;
  list(
    path: string,
    options?: Partial<LiveListOptions<Entry>>,
  ): LiveCollection<Entry>;
}

async function open(platform: Platform = 'express'): Promise<Page> {
  const app = await startPartsApp(platform);
  const snorky = connect(`${app.ws}/ws`, { datasync: DataSync });
  const { datasync } = snorky.services;
  const opened: Live[] = [];
  return {
    app,
    datasync,
    arrived: () => datasync.rpcCall('').catch(() => {}),
    list: (path, options = {}) => {
      const list = liveCollection<Entry>(datasync, `${app.http}${path}`, {
        model: 'Entry',
        refetch: SOON,
        ...options,
      });
      opened.push(list);
      return list;
    },
    [Symbol.asyncDispose]: async () => {
      for (const view of opened) view.close();
      snorky.disconnect();
      await app[Symbol.asyncDispose]();
    },
  };
}

const entry = (id: number, more: Partial<Entry> = {}): Entry => ({
  id,
  project: 1,
  createdAt: id,
  title: `Entry ${id}`,
  ...more,
});

const ids = (list: LiveCollection<Entry>): number[] =>
  list.items.map(({ id }) => id);

describe.each(['express', 'fastify'] as const)(
  'the newest three rows, on %s',
  (platform) => {
    it('stay three when one comes, goes, or becomes newer', async () => {
      await using page = await open(platform);
      const { entries } = page.app;
      const put = (id: number, more?: Partial<Entry>): void =>
        entries.change([[id, entry(id, more)]]);
      for (let id = 1; id <= 5; id++) put(id);
      const list = page.list('/parts/known');
      await list.ready;
      expect(ids(list)).toEqual([5, 4, 3]);
      const next = async (): Promise<number[]> => {
        await inState(list, 'stale');
        await inState(list, 'live');
        return ids(list);
      };
      put(6);
      expect(await next()).toEqual([6, 5, 4]);
      entries.change([[5, undefined]]);
      expect(await next()).toEqual([6, 4, 3]);
      put(1, { createdAt: 9 });
      expect(await next()).toEqual([1, 6, 4]);
      put(6, { createdAt: 0 });
      expect(await next()).toEqual([1, 4, 3]);
      put(4, { project: 2 });
      expect(await next()).toEqual([1, 3, 2]);
      put(4);
      expect(await next()).toEqual([1, 4, 3]);
    });
  },
);

describe('a part of the rows', () => {
  it('is not live from the moment in which a row comes', async () => {
    await using page = await open();
    const { entries } = page.app;
    entries.change([1, 2, 3].map((id) => [id, entry(id)]));
    const list = page.list('/parts/known');
    await list.ready;
    const seen: string[] = [];
    list.changed.add(() => {
      seen.push(`${list.state} ${ids(list).join()}`);
    });
    entries.change([[4, entry(4)]]);
    await inState(list, 'stale');
    await inState(list, 'live');
    expect(new Set(seen)).toEqual(
      new Set(['stale 3,2,1', 'stale 4,3,2', 'live 4,3,2']),
    );
    expect(seen.at(-1)).toBe('live 4,3,2');
  });

  it('is fetched after an upsert that is told as an insert', async () => {
    await using page = await open();
    const { entries } = page.app;
    entries.change([1, 2, 3, 4].map((id) => [id, entry(id)]));
    const list = page.list('/parts/known');
    await list.ready;
    expect(ids(list)).toEqual([4, 3, 2]);
    entries.upsert(entry(4, { createdAt: 0 }));
    await inState(list, 'stale');
    await inState(list, 'live');
    expect(ids(list)).toEqual([3, 2, 1]);
  });

  it('changes in place, without a fetch, where nothing moves', async () => {
    await using page = await open();
    const { entries } = page.app;
    entries.change([1, 2, 3].map((id) => [id, entry(id)]));
    const list = page.list('/parts/known');
    await list.ready;
    const states: LiveState[] = [];
    list.changed.add(() => states.push(list.state));
    entries.change([[2, entry(2, { title: 'Changed' })]]);
    await until(list, () => list.items[1]?.title === 'Changed');
    expect(states).toEqual(['live']);
    expect(entries.fetched).toBe(1);
  });

  it('is fetched after any change where nobody knows its order', async () => {
    await using page = await open();
    const { entries } = page.app;
    entries.change([1, 2, 3, 4].map((id) => [id, entry(id)]));
    const list = page.list('/parts/unknown');
    await list.ready;
    expect(ids(list)).toEqual([1, 2, 3]);
    entries.change([[1, entry(1, { title: 'Last' })]]);
    await inState(list, 'stale');
    // What is known of its rows is shown meanwhile.
    expect(list.items[0]?.title).toBe('Last');
    await inState(list, 'live');
    expect(ids(list)).toEqual([2, 3, 4]);
    expect(entries.fetched).toBe(2);
  });

  it('has the order that its request asks for', async () => {
    await using page = await open();
    const { entries } = page.app;
    entries.change([1, 2, 3, 4].map((id) => [id, entry(id)]));
    const byTitle = page.list('/parts/asked?sort=title');
    const byTime = page.list('/parts/asked?sort=createdAt');
    // Without a field, the route cannot tell the order.
    const byNothing = page.list('/parts/asked');
    await Promise.all([byTitle.ready, byTime.ready, byNothing.ready]);
    entries.change([[3, entry(3, { title: 'Last' })]]);
    await page.arrived();
    expect(byTime.state).toBe('live');
    expect(byTitle.state).toBe('stale');
    expect(byNothing.state).toBe('stale');
    await inState(byTitle, 'live');
    expect(ids(byTitle)).toEqual([1, 2, 4]);
  });

  it('follows the newest row as one item', async () => {
    await using page = await open();
    const { entries } = page.app;
    entries.change([1, 2].map((id) => [id, entry(id)]));
    const newest = liveCollection<Entry>(
      page.datasync,
      `${page.app.http}/parts/newest`,
      { model: 'Entry', single: true, refetch: SOON },
    );
    await newest.ready;
    expect(newest.item?.id).toBe(2);
    entries.change([[3, entry(3)]]);
    await inState(newest, 'stale');
    await inState(newest, 'live');
    expect(newest.item?.id).toBe(3);
    entries.change([[3, undefined]]);
    await inState(newest, 'stale');
    expect(newest.item).toBeUndefined();
    await inState(newest, 'live');
    expect(newest.item?.id).toBe(2);
    newest.close();
  });

  it('compares rows without a key as it is told to', async () => {
    await using page = await open();
    const { entries } = page.app;
    entries.change([1, 2, 3].map((id) => [id, entry(id)]));
    const list = page.list('/parts/known', {
      itemsAreEqual: (item, row) => item.id === row.id,
    });
    await list.ready;
    entries.change([[2, entry(2, { title: 'Changed' })]]);
    await until(list, () => list.items[1]?.title === 'Changed');
    expect(entries.fetched).toBe(1);
    entries.change([[4, entry(4)]]);
    await inState(list, 'stale');
    await inState(list, 'live');
    expect(ids(list)).toEqual([4, 3, 2]);
  });

  it('is stale, not loading, while changes do not end', async () => {
    await using page = await open();
    const { entries } = page.app;
    const list = page.list('/parts/known', {
      // A row comes after each authorization, and before its subscription.
      fetch: async (url, init) => {
        const response = await fetch(url, init);
        const id = entries.rows.size + 1;
        if (id <= 5) entries.change([[id, entry(id)]]);
        return response;
      },
    });
    const states: LiveState[] = [];
    list.changed.add(() => states.push(list.state));
    await list.ready;
    expect(ids(list)).toEqual([5, 4, 3]);
    expect(new Set(states.slice(0, -1))).toEqual(new Set(['loading', 'stale']));
    expect(list.state).toBe('live');
  });

  it('fetches once for what changes in one moment', async () => {
    await using page = await open();
    const { entries } = page.app;
    const list = page.list('/parts/known', {
      refetch: { minDelay: 50, maxDelay: 50 },
    });
    await list.ready;
    // Not at the beginning of that time.
    const random = jest.spyOn(Math, 'random').mockReturnValue(0.99);
    for (let id = 1; id <= 100; id++) entries.change([[id, entry(id)]]);
    await inState(list, 'stale');
    await inState(list, 'live');
    random.mockRestore();
    expect(ids(list)).toEqual([100, 99, 98]);
    expect(entries.fetched).toBe(2);
  });

  it('is fetched ever less often while changes do not end, and again soon after a rest', async () => {
    await using page = await open();
    const random = jest.spyOn(Math, 'random').mockReturnValue(0.999);
    const timers = jest.spyOn(globalThis, 'setTimeout');
    const clock = jest.spyOn(performance, 'now');
    try {
      const { entries } = page.app;
      const refetch = { minDelay: 16, maxDelay: 60, stableAfter: 16 };
      const list = page.list('/parts/known', { refetch });
      await list.ready;
      const now = 1e9;
      clock.mockReturnValue(now);
      let id = 0;
      const delayAfter = async (rest: number): Promise<number> => {
        clock.mockReturnValue(now);
        list.refresh();
        await inState(list, 'stale');
        await inState(list, 'live');
        clock.mockReturnValue(now + rest);
        timers.mockClear();
        entries.change([[++id, entry(id)]]);
        await inState(list, 'stale');
        const delays = timers.mock.calls.map(([, delay]) => Number(delay));
        await inState(list, 'live');
        return Math.round(delays.find((delay) => !Number.isInteger(delay))!);
      };
      const delays: number[] = [];
      for (const rest of [16, 15, 15, 15, 16, 0]) {
        delays.push(await delayAfter(rest));
      }
      expect(delays).toEqual([16, 32, 60, 60, 16, 32]);
    } finally {
      random.mockRestore();
      timers.mockRestore();
      clock.mockRestore();
    }
  });

  it('is fetched by many pages at many moments', async () => {
    await using page = await open();
    const { entries } = page.app;
    const timers = jest.spyOn(globalThis, 'setTimeout');
    try {
      const lists = Array.from({ length: 50 }, () =>
        page.list('/parts/known', { refetch: { minDelay: 40 } }),
      );
      await Promise.all(lists.map(({ ready }) => ready));
      timers.mockClear();
      entries.change([[1, entry(1)]]);
      await page.arrived();
      const delays = timers.mock.calls
        .map(([, delay]) => Number(delay))
        .filter((delay) => !Number.isInteger(delay));
      expect(delays).toHaveLength(50);
      expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(20);
      await Promise.all(lists.map((list) => inState(list, 'live')));
    } finally {
      timers.mockRestore();
    }
  });
});

/** What happens to a table with few rows, which meet in the part. */
const id = fc.nat({ max: 7 });
const row = fc.record({
  project: fc.constantFrom(1, 1, 1, 2),
  createdAt: fc.nat({ max: 3 }),
  title: fc.constantFrom('a', 'b', 'c'),
});
type Change = readonly [number, Entry | undefined];
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(id, row).map(([key, value]): Change => [key, { id: key, ...value }]),
  id.map((key): Change => [key, undefined]),
);
const transactions = fc.array(
  fc.record({
    changes: fc.array(change, { minLength: 1, maxLength: 3 }),
    /** Whether the next one comes when the list has come to rest. */
    waits: fc.boolean(),
  }),
  { maxLength: 12 },
);

describe('a part that says that it is live', () => {
  it.each([
    '/parts/known',
    '/parts/known?offset=2',
    '/parts/filtered?offset=1',
    '/parts/asked?sort=title',
    '/parts/unknown',
    '/parts/unknown?offset=2',
  ])('is what %s answers, and becomes live again', async (path) => {
    await using page = await open();
    const { entries } = page.app;
    const answer = async (): Promise<unknown> =>
      (await fetch(`${page.app.http}${path}`)).json();
    const property = fc.asyncProperty(
      transactions,
      transactions,
      async (before, after) => {
        entries.rows.clear();
        for (const { changes } of before) entries.change(changes);
        const list = page.list(path);
        await list.ready;
        for (const { changes, waits } of after) {
          entries.change(changes);
          await page.arrived();
          if (list.state === 'live') expect(list.items).toEqual(await answer());
          if (waits) await inState(list, 'live');
        }
        await inState(list, 'live');
        await page.arrived();
        await inState(list, 'live');
        expect(list.items).toEqual(await answer());
        list.close();
      },
    );
    await fc.assert(property, { numRuns: 15 });
  });
});
