import type { Delta } from 'snorky';
import { ArrayCollection, CollectionDeltaProcessor } from 'snorky/client';
import { liveList } from './live-list.js';

/** The token of the rows. */
const TOKEN = 'y8jep7xhcfd14f87wxn61hjur5d3bd84';

/** What one round measures: microseconds for each delta, and their ratio. */
export interface ApplyFigures extends Record<string, number> {
  /** An `ArrayCollection`, whose array the application may change. */
  array: number;
  /** A live list, which owns its rows; from the arrival of the message on. */
  live: number;
  /** `JSON.parse` and a map. */
  plain: number;
  arrayRatio: number;
  liveRatio: number;
}

/** The number of rows and deltas, and of deltas in one notification. */
export interface ApplySize {
  readonly rows: number;
  readonly deltas: number;
  readonly batch: number;
}

interface Task {
  readonly id: number;
  readonly title: string;
  readonly done: boolean;
  readonly position: number;
  readonly assignee: string;
  readonly createdAt: string;
}

interface Notification {
  readonly deltas: readonly Delta<Task>[];
}

/** Takes the notifications of one round. */
interface Follower {
  readonly name: 'array' | 'live' | 'plain';
  take(text: string): void;
  rows(): Iterable<Task>;
  close?(): void;
}

/**
 * The rows of a list, and notifications of changes as the server sends them:
 * applied to an indexed collection, to a live list, and beside them to a map.
 */
export async function measureApply(
  size: ApplySize,
  seed: number,
): Promise<ApplyFigures> {
  const rows = JSON.stringify(
    Array.from({ length: size.rows }, (_, id) => task(id, 0)),
  );
  const texts = notifications(size, mulberry(seed));
  const figures = { array: 0, live: 0, plain: 0 };
  const results = new Set<string>();
  const kinds = [indexed, live, plain];
  // A different kind is first each time, because the first one is slower.
  for (let turn = 0; turn < seed % kinds.length; turn++) {
    kinds.push(kinds.shift() as (typeof kinds)[number]);
  }
  for (const make of [...kinds, ...kinds.toReversed()]) {
    const follower = await make(rows);
    collect();
    const start = process.hrtime.bigint();
    for (const text of texts) follower.take(text);
    const elapsed = Number(process.hrtime.bigint() - start) / 1000;
    figures[follower.name] += elapsed / size.deltas / 2;
    results.add(JSON.stringify([...follower.rows()]));
    follower.close?.();
  }
  // All three keep the rows in order, so the results must be equal.
  if (results.size > 1) {
    throw new Error('the collection has other rows than the map');
  }
  const { array, live: listed, plain: least } = figures;
  return {
    ...figures,
    arrayRatio: array / least,
    liveRatio: listed / least,
  };
}

function indexed(rows: string): Follower {
  const items = JSON.parse(rows) as Task[];
  const processor = new CollectionDeltaProcessor({
    Task: new ArrayCollection(items, { key: 'id' }),
  });
  // The first delta builds the index, which is not to be measured.
  const [data] = items;
  if (data) processor.processDelta({ type: 'insert', model: 'Task', data });
  return {
    name: 'array',
    take: (text) => {
      processor.processDeltas((JSON.parse(text) as Notification).deltas);
    },
    rows: () => items,
  };
}

async function live(rows: string): Promise<Follower> {
  const { list, receive, close } = await liveList<Task>(rows, TOKEN);
  return { name: 'live', take: receive, rows: () => list.items, close };
}

function plain(rows: string): Follower {
  const items = JSON.parse(rows) as Task[];
  const tasks = new Map(items.map((row) => [row.id, row]));
  return {
    name: 'plain',
    take: (text) => {
      for (const delta of (JSON.parse(text) as Notification).deltas) {
        const { type } = delta;
        if (type === 'update') tasks.set(delta.newData.id, delta.newData);
        else if (type === 'insert') tasks.set(delta.data.id, delta.data);
        else tasks.delete(delta.data.id);
      }
    },
    rows: () => tasks.values(),
  };
}

/**
 * A third inserts, a third updates and a third deletes, each of a different
 * row.
 */
function notifications(
  { rows, deltas, batch }: ApplySize,
  random: () => number,
): string[] {
  const known = shuffled(
    Array.from({ length: rows }, (_, id) => id),
    random,
  );
  const all = shuffled(
    Array.from({ length: deltas }, (_, nth): Delta<Task> => {
      if (nth % 3 === 0) {
        return { type: 'insert', model: 'Task', data: task(rows + nth, 0) };
      }
      const id = known[nth] ?? 0;
      const oldData = task(id, 0);
      return nth % 3 === 1
        ? { type: 'update', model: 'Task', newData: task(id, 1), oldData }
        : { type: 'delete', model: 'Task', data: oldData };
    }),
    random,
  );
  const texts: string[] = [];
  for (let start = 0; start < all.length; start += batch) {
    texts.push(
      JSON.stringify({
        type: 'deltas',
        subscription: TOKEN,
        deltas: all.slice(start, start + batch),
        position: ['IY9zMR-v', start],
      }),
    );
  }
  return texts;
}

function task(id: number, change: number): Task {
  return {
    id,
    title: `Something that has to be done, number ${id}`,
    done: change % 2 === 1,
    position: id * 16,
    assignee: `person-${id % 97}`,
    createdAt: new Date(1.7e12 + id * 1000).toISOString(),
  };
}

function shuffled<T>(values: T[], random: () => number): T[] {
  for (let last = values.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [values[last], values[other]] = [values[other] as T, values[last] as T];
  }
  return values;
}

/** Several times: new objects are moved twice before they stay in one place. */
function collect(): void {
  for (let i = 0; i < 3; i++) globalThis.gc?.();
}

/** A small seeded generator, so that all rounds get the same rows. */
function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
