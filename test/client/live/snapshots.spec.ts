import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { liveCollection, type LiveCollection } from 'snorky/client';
import { keyReader } from '../../../src/client/collections/key.js';
import { RowList } from '../../../src/client/collections/row-list.js';
import { dispatched } from '../support/client.js';
import { hushedErrors } from '../support/hushed-errors.js';
import { listIn, ScriptedRows, type Row } from '../support/scripted-rows.js';

interface Item {
  readonly id: number;
  readonly title: string;
}

/** What a live list makes of its rows. */
class Rows extends RowList<Item, Item> {
  show(): readonly Item[] {
    return this.$show();
  }

  get items(): readonly Item[] {
    return this.$items;
  }
}

const errors = hushedErrors();
const TOKEN = { 'X-Subscription-Token': 'a' };

/** A list that is live, and what changes it. */
async function liveList(page: ScriptedRows, ids: readonly number[]) {
  const connection = await page.connection();
  const list = page.list();
  (await page.request()).rows('a', ids);
  await page.acquired(connection, 'a');
  await listIn(list, 'live');
  let position = 0;
  const send = (...deltas: readonly object[]): Promise<unknown> => {
    const told = dispatched(list.changed);
    connection.send('datasync', {
      type: 'deltas',
      subscription: 'a',
      position: ++position,
      deltas: deltas.map((delta) => ({ model: 'Row', ...delta })),
    });
    return told;
  };
  return { connection, list, send };
}

const insert = (data: object): object => ({ type: 'insert', data });
const update = (oldData: object, newData: object): object => ({
  type: 'update',
  oldData,
  newData,
});
const remove = (data: object): object => ({ type: 'delete', data });

describe('the snapshot of a live list', () => {
  it('is the same object until something changes', async () => {
    await using page = await ScriptedRows.start();
    const { list, send } = await liveList(page, [1, 2]);
    const before = list.getSnapshot();
    expect(before).toEqual({
      state: 'live',
      error: undefined,
      items: [{ id: 1 }, { id: 2 }],
    });
    expect(list.getSnapshot()).toBe(before);
    await send(insert({ id: 3 }));
    const now = list.getSnapshot();
    expect(now).not.toBe(before);
    expect(now.items).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
    expect(list.getSnapshot()).toBe(now);
    // What was shown stays what it was.
    expect(before.items).toEqual([{ id: 1 }, { id: 2 }]);
  });

  it('cannot be changed, and follows nobody who changes the array', async () => {
    await using page = await ScriptedRows.start();
    const { list } = await liveList(page, [1, 2]);
    const snapshot = list.getSnapshot();
    expect(Object.isFrozen(snapshot)).toBe(true);
    expect(Object.isFrozen(snapshot.items)).toBe(true);
    (list.items as Row[]).reverse();
    expect(list.getSnapshot()).toBe(snapshot);
    await using other = await ScriptedRows.start();
    const empty = await liveList(other, []);
    expect(Object.isFrozen(empty.list.getSnapshot().items)).toBe(true);
  });

  it('keeps the rows that have not changed', async () => {
    await using page = await ScriptedRows.start();
    const { list, send } = await liveList(page, [1, 2, 3]);
    const [one, two, three] = list.getSnapshot().items;
    await send(update({ id: 2 }, { id: 2, title: 'new' }), remove({ id: 3 }));
    const { items } = list.getSnapshot();
    expect(items).toEqual([{ id: 1 }, { id: 2, title: 'new' }]);
    expect(items[0]).toBe(one);
    expect(items[1]).not.toBe(two);
    await send(insert({ id: 3 }));
    expect(list.getSnapshot().items[2]).not.toBe(three);
  });

  it('is the same after deltas that change nothing', async () => {
    await using page = await ScriptedRows.start();
    const { list, send } = await liveList(page, [1, 2]);
    const snapshot = list.getSnapshot();
    await send(update({ id: 2 }, { id: 2 }), insert({ id: 1 }));
    expect(list.getSnapshot()).toBe(snapshot);
    await send(remove({ id: 9 }));
    expect(list.getSnapshot()).toBe(snapshot);
  });

  it('keeps rows, and the list of them, when they are fetched again', async () => {
    await using page = await ScriptedRows.start();
    const { connection, list } = await liveList(page, [1, 2, 3]);
    const { items } = list.getSnapshot();
    list.refresh();
    expect(list.getSnapshot().state).toBe('stale');
    expect(list.getSnapshot().items).toBe(items);
    (await page.request()).rows('b', [1, 2, 3]);
    await page.acquired(connection, 'b');
    await listIn(list, 'live');
    expect(list.getSnapshot().items).toBe(items);
    list.refresh();
    (await page.request()).rows('c', [4, 3, 1]);
    await page.acquired(connection, 'c');
    await listIn(list, 'live');
    const now = list.getSnapshot().items;
    expect(now).toEqual([{ id: 4 }, { id: 3 }, { id: 1 }]);
    expect(now[1]).toBe(items[2]);
    expect(now[2]).toBe(items[0]);
  });

  it('tells why a list has failed', async () => {
    await using page = await ScriptedRows.start();
    await page.connection();
    const list = page.list();
    expect(list.getSnapshot()).toMatchObject({ state: 'loading', items: [] });
    (await page.request()).refuse(403);
    await listIn(list, 'failed');
    const { state, error } = list.getSnapshot();
    expect(state).toBe('failed');
    expect(error).toBe(list.error);
    expect(error).toMatchObject({ code: 'SNORKY_FETCH_FAILED' });
    expect(errors).toHaveBeenCalledTimes(1);
  });
});

describe('who subscribes to a live list', () => {
  it('is told of a batch once, and finds it in the snapshot', async () => {
    await using page = await ScriptedRows.start();
    const { list, send } = await liveList(page, [1]);
    const seen: (readonly Row[])[] = [];
    const { subscribe, getSnapshot } = list;
    const stop = subscribe(() => seen.push(getSnapshot().items));
    await send(insert({ id: 2 }), insert({ id: 3 }), remove({ id: 1 }));
    expect(seen).toEqual([[{ id: 2 }, { id: 3 }]]);
    stop();
    await send(insert({ id: 4 }));
    expect(seen).toHaveLength(1);
  });

  it('counts by itself: one function may come twice, and leaves once each', async () => {
    await using page = await ScriptedRows.start();
    const { list, send } = await liveList(page, [1]);
    let told = 0;
    const listener = (): void => void told++;
    const [stop, stopOther] = [
      list.subscribe(listener),
      list.subscribe(listener),
    ];
    await send(insert({ id: 2 }));
    expect(told).toBe(2);
    stop();
    stop();
    await send(insert({ id: 3 }));
    expect(told).toBe(3);
    stopOther();
    await send(insert({ id: 4 }));
    expect(told).toBe(3);
  });

  it('finds a change in the snapshot, whichever signal has told it', async () => {
    await using page = await ScriptedRows.start();
    const { list, send } = await liveList(page, [1]);
    list.getSnapshot();
    const lengths: number[] = [];
    list.changed.add(() => lengths.push(list.getSnapshot().items.length));
    list.subscribe(() => lengths.push(list.getSnapshot().items.length));
    await send(insert({ id: 2 }));
    expect(lengths).toEqual([2, 2]);
  });

  it('hears of the end', async () => {
    await using page = await ScriptedRows.start();
    const { list } = await liveList(page, [1]);
    const states: string[] = [];
    list.subscribe(() => states.push(list.getSnapshot().state));
    list.close();
    expect(states).toEqual(['closed']);
  });
});

describe('items that are made of rows', () => {
  const made = (text: string): { made: string } => ({ made: text });

  it('stay as they are while they show the same, and are made all the same', async () => {
    await using page = await ScriptedRows.start();
    const connection = await page.connection();
    let calls = 0;
    const list = liveCollection<Row, { made: string }>(
      page.datasync,
      'http://rows.test/rows',
      {
        model: 'Row',
        fetch: () =>
          Promise.resolve(
            Response.json([{ id: 1 }], {
              headers: { 'X-Subscription-Token': `t${calls}` },
            }),
          ),
        transformItem: ({ id }) => (calls++, made(`row ${id}`)),
      },
    );
    await page.acquired(connection, 't0');
    await listIn(list, 'live');
    const [item] = list.getSnapshot().items;
    expect(item).toEqual(made('row 1'));
    list.refresh();
    await page.acquired(connection, 't1');
    await listIn(list, 'live');
    expect(calls).toBe(2);
    expect(list.getSnapshot().items[0]).toBe(item);
    expect(list.items[0]).toBe(item);
    list.close();
  });

  it('are others after the application has changed them', () => {
    const list = new Rows([], {}, keyReader('id'));
    const row = (): Item => ({ id: 1, title: 'as fetched' });
    list.reset([row()]);
    const [mine] = list.show() as unknown as [{ title: string }];
    mine.title = 'as the page has it';
    list.reset([row()]);
    expect(list.show()).toEqual([row()]);
    expect(list.show()[0]).not.toBe(mine);
  });

  it('are all in the next snapshot, though one was taken in the middle', () => {
    const list: Rows = new Rows(
      [],
      { transformItem: (row) => ({ ...row, ...(list.show(), {}) }) },
      keyReader('id'),
    );
    list.reset([{ id: 1, title: 'a' }]);
    list.show();
    list.begin();
    list.put({ id: 1, title: 'b' });
    list.commit();
    expect(list.show()).toEqual([{ id: 1, title: 'b' }]);
  });

  it('of which nobody has asked for a snapshot, are what came last', () => {
    const list = new Rows([], {}, keyReader('id'));
    const [one, other] = [
      { id: 1, title: 'a' },
      { id: 1, title: 'a' },
    ];
    list.reset([one]);
    list.reset([other]);
    expect(list.items[0]).toBe(other);
  });

  it('keep their place among equals when they come again unchanged', () => {
    const compare = (): number => 0;
    const list = new Rows([], { compare }, keyReader('id'));
    const rows = (): Item[] =>
      [1, 2, 3].map((id) => ({ id, title: `row ${id}` }));
    list.reset(rows());
    const before = list.show();
    list.begin();
    list.put(rows()[0] as Item, rows()[0]);
    list.commit();
    expect(list.show()).toBe(before);
  });

  it('are the same and in the same order as without snapshots, whatever comes', () => {
    const id = fc.nat({ max: 6 });
    const row = fc.record({ id, title: fc.constantFrom('a', 'b') });
    const step = fc.oneof(
      row.map((next) => ({ put: next })),
      id.map((gone) => ({ gone })),
      fc
        .uniqueArray(row, { selector: (each) => each.id })
        .map((all) => ({ all })),
    );
    const compare = (left: Item, right: Item): number =>
      left.title < right.title ? -1 : Number(left.title > right.title);
    fc.assert(
      fc.property(fc.array(step), fc.boolean(), (steps, isSorted) => {
        const options = isSorted ? { compare } : {};
        const plain = new Rows([], options, keyReader('id'));
        const shown = new Rows([], options, keyReader('id'));
        let before = shown.show();
        for (const one of steps) {
          for (const list of [plain, shown]) {
            if ('all' in one) list.reset(one.all.map((each) => ({ ...each })));
            else {
              list.begin();
              if ('put' in one) list.put({ ...one.put });
              else list.delete({ id: one.gone, title: '' });
              list.commit();
            }
          }
          const now = shown.show();
          const sorted = (rows: readonly Item[]): Item[] =>
            [...rows].sort((left, right) => left.id - right.id);
          expect(sorted(now)).toEqual(sorted(plain.items));
          if (isSorted) expect(now).toEqual([...now].sort(compare));
          else expect(now).toEqual(plain.items);
          for (const item of now) {
            const was = before.find((other) => other.id === item.id);
            if (was?.title === item.title && !('gone' in one))
              expect(item).toBe(was);
          }
          before = now;
        }
      }),
    );
  });
});

describe('the snapshot of a live item', () => {
  it('keeps the item while it shows the same', async () => {
    await using page = await ScriptedRows.start();
    const connection = await page.connection();
    let token = 'a';
    const view = liveCollection<Row>(page.datasync, 'http://rows.test/1', {
      model: 'Row',
      single: true,
      fetch: () =>
        Promise.resolve(
          Response.json(
            { id: 1 },
            { headers: { ...TOKEN, 'X-Subscription-Token': token } },
          ),
        ),
    });
    expect(view.getSnapshot()).toEqual({
      state: 'loading',
      error: undefined,
      item: undefined,
    });
    await page.acquired(connection, 'a');
    await listIn(view, 'live');
    const before = view.getSnapshot();
    expect(before).toMatchObject({ state: 'live', item: { id: 1 } });
    token = 'b';
    view.refresh();
    await page.acquired(connection, 'b');
    await listIn(view, 'live');
    expect(view.getSnapshot().item).toBe(before.item);
    const told = dispatched(view.changed);
    connection.send('datasync', {
      type: 'deltas',
      subscription: 'b',
      position: 1,
      deltas: [{ model: 'Row', ...remove({ id: 1 }) }],
    });
    await told;
    expect(view.getSnapshot().item).toBeUndefined();
    expect(before.item).toEqual({ id: 1 });
    view.close();
  });
});

describe('the functions of a list', () => {
  it('may be handed over without it', async () => {
    await using page = await ScriptedRows.start();
    const { list } = await liveList(page, [1]);
    const {
      subscribe,
      getSnapshot,
    }: Pick<LiveCollection<Row>, 'subscribe' | 'getSnapshot'> = list;
    const stop = subscribe(() => {});
    expect(getSnapshot().items).toHaveLength(1);
    stop();
  });
});
