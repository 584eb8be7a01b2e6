import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { ArrayCollection } from '../../../src/client/collections/array-collection.js';
import { CollectionDeltaProcessor } from '../../../src/client/collections/collection-delta-processor.js';
import type { Delta } from '../../../src/protocol/delta.js';
import { ListCollection } from './list-collection.js';
import { byRank, delta, id, Model, type Row, row } from './row-model.js';

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
