import { FilterDealer, type JsonValue, type SubscriptionItem } from 'snorky';

/** The parts of the filter index that one round measures. */
export interface IndexFigures extends Record<string, number> {
  find: number;
  scan: number;
  insert: number;
  remove: number;
  bytes: number;
  found: number;
}

class Filters extends FilterDealer {
  readonly model = 'Row';
}

/** A shape of filters, and rows that some of them match. */
export interface Workload {
  readonly filters: number;
  query(index: number): JsonValue;
  row(random: () => number): JsonValue;
}

/** A third `==`, a third `and` of `==` and a range, a third `and` of `==` and an `or` of two `==`. */
export function distinctFilters(filters: number): Workload {
  return {
    filters,
    query: (i) =>
      i % 3 === 0
        ? ['==', 'id', i]
        : i % 3 === 1
          ? ['and', ['==', 'team', `t${i}`], ['>=', 'score', i % 1000]]
          : [
              'and',
              ['==', 'city', `c${i}`],
              ['or', ['==', 'kind', i % 7], ['==', 'kind', `k${i % 5}`]],
            ],
    row: (random) => {
      const i = Math.floor((random() * filters) / 3) * 3;
      return {
        id: i,
        team: `t${i + 1}`,
        score: Math.floor(random() * 1000),
        city: `c${i + 2}`,
        kind: (i + 2) % 7,
        note: 'anything else',
      };
    },
  };
}

/** Two-sided intervals of one field, of which about ten contain each value. */
export function intervals(filters: number): Workload {
  const span = 1_000_000;
  const width = (span / filters) * 10;
  return {
    filters,
    query: (i) => {
      const start = (i * span) / filters;
      return ['and', ['>=', 'price', start], ['<', 'price', start + width]];
    },
    row: (random) => ({ price: width + random() * (span - width) }),
  };
}

const FINDS = 20_000;
const CHANGES = 20_000;
const SCANS = 5;
/**
 * Only so many filters are scanned; the rest is extrapolated, since the cost is
 * linear.
 */
const SCANNED = 10_000;

/** Fills an index, measures it, and empties it again. */
export function measureIndex(workload: Workload, seed: number): IndexFigures {
  const random = mulberry(seed);
  const { filters } = workload;
  // Kept as texts, as they arrive over the wire: a query must not be counted
  // that only this loop keeps alive.
  const texts = Array.from({ length: filters }, (_, i) =>
    JSON.stringify(workload.query(i)),
  );
  const items = texts.map(() => new Item());
  collect();
  const before = process.memoryUsage().heapUsed;
  const dealer = new Filters();
  for (const [i, item] of items.entries()) {
    item.query = JSON.parse(texts[i] as string) as JsonValue;
    dealer.addSubscriptionItem(item);
    // The subscription keeps its query for replays, which is not part of the
    // index.
    item.query = null;
  }
  collect();
  const bytes = (process.memoryUsage().heapUsed - before) / filters;

  let found = 0;
  const find = median(FINDS, () => {
    const row = workload.row(random);
    const start = process.hrtime.bigint();
    for (const _ of dealer.getSubscriptionItemsForModel(row)) found++;
    return since(start);
  });
  const foundPerRow = found / FINDS;
  // Evaluates each filter in turn, parsed before: what a dealer without an
  // index does.
  const tried = texts
    .slice(0, SCANNED)
    .map((text) => JSON.parse(text) as JsonValue);
  const scanAll = (): number => {
    const row = workload.row(random);
    const start = process.hrtime.bigint();
    for (const query of tried) if (dealer.matches(query, row)) found++;
    return since(start);
  };
  scanAll();
  const scan = (median(SCANS, scanAll) * filters) / tried.length;

  // With a full index: each filter is removed and inserted again.
  const step = Math.max(1, Math.floor(filters / CHANGES));
  const chosen = Array.from(
    { length: CHANGES },
    (_, i) => (i * step) % filters,
  );
  for (const i of chosen) {
    (items[i] as Item).query = JSON.parse(texts[i] as string) as JsonValue;
  }
  let start = process.hrtime.bigint();
  for (const i of chosen) dealer.removeSubscriptionItem(items[i] as Item);
  const remove = since(start) / CHANGES;
  start = process.hrtime.bigint();
  for (const i of chosen) dealer.addSubscriptionItem(items[i] as Item);
  const insert = since(start) / CHANGES;
  return { find, scan, insert, remove, bytes, found: foundPerRow };
}

class Item implements SubscriptionItem {
  readonly dealer = 'Filters';
  query: JsonValue = null;
  readonly subscription = {};
}

function median(times: number, measure: () => number): number {
  const all = Array.from({ length: times }, measure).sort((a, b) => a - b);
  return all[Math.floor(times / 2)] as number;
}

/** Microseconds since a moment. */
function since(start: bigint): number {
  return Number(process.hrtime.bigint() - start) / 1000;
}

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
