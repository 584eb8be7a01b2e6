import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { ArrayCollection } from '../../../src/client/collections/array-collection.js';
import { CollectionDeltaProcessor } from '../../../src/client/collections/collection-delta-processor.js';
import type { Delta } from '../../../src/protocol/delta.js';
import { ListCollection } from './list-collection.js';

interface Row {
  readonly id?: number | string;
  rank: number;
  /** Tells rows of one key apart. */
  readonly mark: number;
}

type Compare = (left: Row, right: Row) => number;

const byRank: Compare = (left, right) => left.rank - right.rank;

/** Few keys, so that they meet; a number and its text are two. */
const id = fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 7, '1', '7', undefined);
const row = fc
  .record({ id, rank: fc.nat({ max: 3 }), mark: fc.nat() })
  .map(({ id: key, ...rest }): Row =>
    key === undefined ? rest : { ...rest, id: key },
  );
const version = fc.option(fc.nat({ max: 5 }), { nil: undefined, freq: 3 });
const delta = fc
  .record({
    type: fc.constantFrom('insert' as const, 'update', 'update', 'delete'),
    row,
    was: row,
    /** An update mostly leaves the key as it is. */
    moves: fc.nat({ max: 3 }).map((n) => n === 0),
    version,
  })
  .map(({ type, row: data, was, moves, version: number }): Delta<Row> => {
    const rest = {
      model: 'Row',
      ...(number === undefined ? {} : { version: number }),
    };
    if (type !== 'update') return { type, data, ...rest };
    const { id: _, ...nameless } = was;
    const { id: key } = data;
    const same = key === undefined ? nameless : { ...nameless, id: key };
    return { type, newData: data, oldData: moves ? was : same, ...rest };
  });
const NOT_EMPTY = { minLength: 1, maxLength: 12 };
const batch = fc.array(delta, { maxLength: 12 });

/** What the application does to its array before a batch. */
type Mutation = (rows: Row[]) => void;
const at = fc.nat({ max: 20 });
/** Changes that show in the length. */
const resizing: fc.Arbitrary<Mutation> = fc.oneof(
  row.map((value): Mutation => (rows) => {
    if (rows.every((other) => other.id !== value.id)) {
      rows.push({ ...value });
    }
  }),
  fc.tuple(at, fc.nat({ max: 3 })).map(([place, count]): Mutation => (rows) => {
    rows.splice(place, count);
  }),
  fc.constant<Mutation>((rows) => {
    rows.length = 0;
  }),
);
const isFree = (rows: Row[], key: Row['id'], place: number): boolean =>
  key === undefined ||
  rows.every((other, nth) => nth === place || other.id !== key);
/** Changes of which the length tells nothing. */
const moving: fc.Arbitrary<Mutation> = fc.oneof(
  fc.constant<Mutation>((rows) => {
    rows.reverse();
  }),
  fc.constant<Mutation>((rows) => {
    rows.sort((left, right) => left.mark - right.mark);
  }),
  fc.tuple(at, at).map(([one, other]): Mutation => (rows) => {
    const [here, there] = [rows[one], rows[other]];
    if (here && there) [rows[one], rows[other]] = [there, here];
  }),
  // A row takes the place of another one.
  fc.tuple(at, row).map(([place, value]): Mutation => (rows) => {
    if (rows[place] && isFree(rows, value.id, place)) {
      rows[place] = { ...value };
    }
  }),
  // A row gets another key, where it is.
  fc.tuple(at, id).map(([place, key]): Mutation => (rows) => {
    const known = rows[place] as { id?: Row['id'] } | undefined;
    if (known && key !== undefined && isFree(rows, key, place)) known.id = key;
  }),
  // One is pushed, and another one goes.
  fc.tuple(at, row).map(([place, value]): Mutation => (rows) => {
    if (!rows[place] || !isFree(rows, value.id, place)) return;
    rows.splice(place, 1);
    rows.push({ ...value });
  }),
  fc.tuple(at, row).map(([place, value]): Mutation => (rows) => {
    if (!rows[place] || !isFree(rows, value.id, place)) return;
    rows.splice(place, 1);
    rows.unshift({ ...value });
  }),
);
/** A row is replaced by another one of its key. */
const replacing: fc.Arbitrary<Mutation> = fc
  .tuple(at, row)
  .map(([place, value]): Mutation => (rows) => {
    const known = rows[place];
    const { id: _, ...nameless } = value;
    if (known) rows[place] = { ...known, ...nameless };
  });
const anyMutation = fc.oneof(resizing, moving, replacing);
/** Rows that mutations may change, and nobody else sees changed. */
function ownRows(deltas: readonly Delta<Row>[]): Delta<Row>[] {
  return deltas.map((change) =>
    change.type === 'update'
      ? { ...change, newData: { ...change.newData } }
      : { ...change, data: { ...change.data } },
  );
}
const nothing = fc.constant<Mutation>(() => {});

interface Step {
  readonly mutate: Mutation;
  readonly deltas: readonly Delta<Row>[];
}

const steps = (mutation: fc.Arbitrary<Mutation>): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      // Two changes of which nobody hears in between could hide each other.
      fc.record({ mutate: mutation, deltas: fc.array(delta, NOT_EMPTY) }),
      fc.record({ mutate: nothing, deltas: batch }),
    ),
    { maxLength: 12, size: 'max' },
  );

/** The rules, one delta after the other, on a list and a map of versions. */
class Model {
  private readonly versions = new Map<number | string, number>();

  constructor(
    readonly rows: Row[],
    private readonly compare?: Compare,
  ) {}

  apply(change: Delta<Row>): void {
    const [now, was] =
      change.type === 'update'
        ? [change.newData, change.oldData]
        : [change.data, change.data];
    const keys = [now.id, was.id].filter((key) => key !== undefined);
    const { version: number } = change;
    if (number !== undefined) {
      for (const key of keys) {
        if (number < (this.versions.get(key) ?? -1)) return;
      }
      for (const key of keys) this.versions.set(key, number);
    }
    if (change.type === 'delete') this.remove(now.id);
    else if (change.type === 'insert' || keys.length > 0) this.put(now, was);
  }

  private put(now: Row, was: Row): void {
    const known = this.find(now.id);
    const place = known < 0 ? this.find(was.id) : known;
    if (place < 0) this.add(now);
    else if (this.compare && this.compare(this.rows[place]!, now) !== 0) {
      this.rows.splice(place, 1);
      this.add(now);
    } else this.rows[place] = now;
    if (known >= 0 && was.id !== now.id) this.remove(was.id);
  }

  private add(now: Row): void {
    this.rows.push(now);
    // Stable: behind the equal ones.
    if (this.compare) this.rows.sort(this.compare);
  }

  private remove(key: Row['id']): void {
    const place = this.find(key);
    if (place >= 0) this.rows.splice(place, 1);
  }

  private find(key: Row['id']): number {
    return key === undefined
      ? -1
      : this.rows.findIndex((other) => other.id === key);
  }
}

const RUNS = { numRuns: 300 };

function quietly(body: () => void): void {
  const error = jest.spyOn(console, 'error').mockImplementation(() => {});
  try {
    body();
    // One complaint about rows without key at most, and no error.
    for (const [line] of error.mock.calls) expect(typeof line).toBe('string');
  } finally {
    error.mockRestore();
  }
}

const start = (count: number): Row[] =>
  Array.from({ length: count }, (_, nth) => ({
    id: 1000 + nth,
    rank: nth % 3,
    mark: -nth,
  }));

describe('An indexed array collection', () => {
  it.each([
    { what: 'without order', compare: undefined, mutation: anyMutation },
    {
      what: 'with an order',
      compare: byRank,
      mutation: fc.oneof(anyMutation, anyRank()),
    },
  ])('agrees with a list, $what', ({ compare, mutation }) => {
    const property = fc.property(steps(mutation), (all) => {
      const rows: Row[] = [];
      const processor = new CollectionDeltaProcessor({
        Row: new ArrayCollection(rows, { key: 'id', compare }),
      });
      const model = new Model([], compare);
      for (const { mutate, deltas } of all) {
        mutate(rows);
        mutate(model.rows);
        if (compare && deltas.length > 0) model.rows.sort(compare);
        // Each has rows of its own, since mutations change them.
        for (const change of ownRows(deltas)) model.apply(change);
        processor.processDeltas(ownRows(deltas));
        if (deltas.length > 0) expect(rows).toEqual(model.rows);
      }
    });
    quietly(() => fc.assert(property, RUNS));
  });

  it.each([
    { what: 'without order', compare: undefined },
    { what: 'with an order', compare: byRank },
  ])('agrees with a list of many rows, $what', ({ compare }) => {
    const mutations = fc.oneof(resizing, moving);
    const property = fc.property(steps(mutations), (all) => {
      const rows = start(600);
      const processor = new CollectionDeltaProcessor({
        Row: new ArrayCollection(rows, { key: 'id', compare }),
      });
      const model = new Model(
        rows.map((value) => ({ ...value })),
        compare,
      );
      for (const { mutate, deltas } of all) {
        // All but a few: the others have keys that no delta has.
        if (rows.length > 0) {
          mutate(rows);
          mutate(model.rows);
        }
        if (compare && deltas.length > 0) model.rows.sort(compare);
        for (const change of ownRows(deltas)) model.apply(change);
        processor.processDeltas(ownRows(deltas));
        if (deltas.length > 0) expect(rows).toEqual(model.rows);
      }
    });
    quietly(() => fc.assert(property, { numRuns: 40 }));
  });

  it('has one row of a key, whatever becomes of ranks', () => {
    const property = fc.property(
      steps(fc.oneof(anyMutation, anyRank())),
      (all) => {
        const rows: Row[] = [];
        const processor = new CollectionDeltaProcessor({
          Row: new ArrayCollection(rows, { key: 'id', compare: byRank }),
        });
        const model = new Model([]);
        for (const { mutate, deltas } of all) {
          mutate(rows);
          // Mutations go by place, so the model takes what they have made.
          model.rows.splice(0, Infinity, ...rows);
          const own = ownRows(deltas);
          for (const change of own) model.apply(change);
          processor.processDeltas(own);
          const texts = (list: Row[]): string[] =>
            list.map((value) => JSON.stringify(Object.entries(value))).sort();
          expect(texts(rows)).toEqual(texts(model.rows));
        }
      },
    );
    quietly(() => fc.assert(property, RUNS));
  });

  it('comes to the same as a walk over a collection does', () => {
    const property = fc.property(steps(nothing), (all) => {
      const indexed: Row[] = [];
      const walked: Row[] = [];
      const compared: Row[] = [];
      const ordered: Row[] = [];
      const orderedByWalk: Row[] = [];
      const itemsAreEqual = (item: Row, other: Row): boolean =>
        item.id !== undefined && item.id === other.id;
      const options = { compare: byRank };
      const byKey = new CollectionDeltaProcessor({
        Row: new ArrayCollection(indexed),
      });
      const byWalk = new CollectionDeltaProcessor({
        Row: new ListCollection(walked),
      });
      const inOrder = new CollectionDeltaProcessor({
        Row: new ArrayCollection(ordered, options),
      });
      const byComparison = new CollectionDeltaProcessor(
        { Row: new ArrayCollection(compared) },
        { itemsAreEqual },
      );
      const inOrderByComparison = new CollectionDeltaProcessor(
        { Row: new ArrayCollection(orderedByWalk, options) },
        { itemsAreEqual },
      );
      for (const { deltas } of all) {
        const changed = byKey.processDeltas(deltas);
        expect(byWalk.processDeltas(deltas)).toBe(changed);
        expect(walked).toEqual(indexed);
        // A comparison knows no versions, and changes of rows without key.
        const plain = deltas
          .filter((change) => !isNameless(change))
          .map(withoutVersion);
        inOrder.processDeltas(plain);
        inOrderByComparison.processDeltas(plain);
        byComparison.processDeltas(plain);
        expect(orderedByWalk).toEqual(ordered);
        expect(new Set(compared)).toEqual(new Set(ordered));
      }
    });
    quietly(() => fc.assert(property, RUNS));
  });

  it('finds rows that were all put in one place', () => {
    const rows = start(100).map((value) => ({ ...value, rank: 100 }));
    const collection = new ArrayCollection<Row>(rows, {
      key: 'id',
      compare: byRank,
    });
    const model = new Model([...rows], byRank);
    for (let nth = 0; nth < 3000; nth++) {
      const data: Row = { id: nth % 1700, rank: (nth * 7) % 5, mark: nth };
      const change: Delta<Row> =
        nth % 4 === 3
          ? { type: 'delete', model: 'Row', data: { ...data, id: nth - 3 } }
          : { type: 'insert', model: 'Row', data };
      if (change.type === 'delete') collection.delete(change.data);
      else collection.put(data);
      model.apply(change);
    }
    expect(rows).toEqual(model.rows);
  });
});

/** The application changes a row where it is. */
function anyRank(): fc.Arbitrary<Mutation> {
  return fc.tuple(at, fc.nat({ max: 3 })).map(([place, rank]) => (rows) => {
    const known = rows[place];
    if (known) rows[place] = { ...known, rank };
  });
}

function withoutVersion(change: Delta<Row>): Delta<Row> {
  const { version: _version, ...rest } = change;
  return rest as Delta<Row>;
}

function isNameless(change: Delta<Row>): boolean {
  if (change.type === 'insert') return false;
  return change.type === 'update'
    ? change.newData.id === undefined && change.oldData.id === undefined
    : change.data.id === undefined;
}
