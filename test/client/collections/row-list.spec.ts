import { afterEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { DeltaTarget } from '../../../src/client/collections/delta-target.js';
import { keyReader } from '../../../src/client/collections/key.js';
import { RowList } from '../../../src/client/collections/row-list.js';
import type { Delta } from '../../../src/protocol/delta.js';
import { byRank, delta, Model, type Row, row } from './row-model.js';

type Touch = (items: Row[]) => void;

const byId = keyReader('id');
const at = fc.nat({ max: 20 });
/** What somebody does to the array of items, who should not. */
const touch: fc.Arbitrary<Touch> = fc.oneof(
  fc.constantFrom<Touch>(
    (items) => void items.reverse(),
    (items) => void items.sort((left, right) => left.mark - right.mark),
    (items) => void (items.length = 0),
    (items) => void (items.length += 2),
  ),
  fc.tuple(at, fc.nat({ max: 3 })).map(([place, count]): Touch => (items) => {
    items.splice(place, count);
  }),
  fc.tuple(at, row).map(([place, other]): Touch => (items) => {
    items.splice(place, 0, other);
  }),
  fc.tuple(at, row).map(([place, other]): Touch => (items) => {
    if (place < items.length) items[place] = other;
  }),
  fc.tuple(at, at).map(([one, other]): Touch => (items) => {
    const [here, there] = [items[one], items[other]];
    if (here && there) [items[one], items[other]] = [there, here];
  }),
  row.map(
    (other): Touch =>
      (items) =>
        void items.push(other),
  ),
);
const steps = fc.array(
  fc.record({
    touches: fc.array(touch, { maxLength: 3 }),
    deltas: fc.array(delta, { minLength: 1, maxLength: 12 }),
  }),
  { maxLength: 12, size: 'max' },
);
const ORDERS = [
  { order: 'of arrival', compare: undefined },
  { order: 'of a comparison', compare: byRank },
];
const task = (id: number, rank = id): Row => ({ id, rank, mark: -id });
const tasks = (count: number): Row[] =>
  Array.from({ length: count }, (_, id) => task(id));

function keysOf(change: Delta<Row>): unknown[] {
  return change.type === 'update'
    ? [change.newData.id, change.oldData.id]
    : [change.data.id];
}

function apply(target: DeltaTarget, deltas: readonly Delta<Row>[]): void {
  for (const change of deltas) target.apply(change);
  target.commit();
}

afterEach(() => {
  jest.restoreAllMocks();
});

describe('A row list', () => {
  it.each(ORDERS)(
    'in the order $order shows its rows, whatever others do to what it shows',
    ({ compare }) => {
      const property = fc.property(steps, (all) => {
        const items: Row[] = [];
        const target = new DeltaTarget(new RowList(items, { compare }, byId));
        const model = new Model([], compare);
        for (const { touches, deltas } of all) {
          for (const change of touches) change(items);
          for (const change of deltas) model.apply(change);
          apply(target, deltas);
          expect(items).toEqual(model.rows);
        }
      });
      fc.assert(property, { numRuns: 500 });
    },
  );

  it.each(ORDERS)(
    'in the order $order has the same rows where they are compared',
    ({ compare }) => {
      const property = fc.property(steps, (all) => {
        const items: Row[] = [];
        const itemsAreEqual = (item: Row, other: Row): boolean =>
          item.id !== undefined && item.id === other.id;
        const target = new DeltaTarget(
          new RowList(items, { compare, itemsAreEqual }, undefined),
        );
        const model = new Model([], compare);
        for (const { touches, deltas } of all) {
          for (const change of touches) change(items);
          // A comparison knows no versions, and takes changes of rows without key.
          const plain = deltas
            .filter((change) => keysOf(change).some((key) => key !== undefined))
            .map(({ version: _version, ...change }) => change as Delta<Row>);
          if (plain.length === 0) return;
          for (const change of plain) model.apply(change);
          apply(target, plain);
          expect(items).toEqual(model.rows);
        }
      });
      fc.assert(property, { numRuns: 300 });
    },
  );

  it.each(ORDERS)(
    'of many rows in the order $order has one of each, and comes right in the end',
    ({ compare }) => {
      const property = fc.property(steps, (all) => {
        const items: Row[] = [];
        const list = new RowList<Row>(items, { compare }, byId);
        const start = tasks(1500).map((value, nth) =>
          task(1000 + nth, value.rank % 4),
        );
        list.reset(start);
        const target = new DeltaTarget(list);
        const model = new Model([...start], compare);
        if (compare) model.rows.sort(compare);
        for (const { touches, deltas } of all) {
          for (const change of touches) change(items);
          for (const change of deltas) model.apply(change);
          apply(target, deltas);
        }
        items.length = 0;
        apply(target, []);
        list.begin();
        list.commit();
        expect(items).toEqual(model.rows);
      });
      fc.assert(property, { numRuns: 30 });
    },
  );

  it.each([
    ['longer', (items: Row[]) => void items.push(task(-1))],
    ['shorter', (items: Row[]) => void items.pop()],
    ['without what has changed', (items: Row[]) => void (items[70] = task(-1))],
  ])('of many rows undoes at once what left it %s', (_what, change) => {
    const items: Row[] = [];
    const list = new RowList<Row>(items, {}, byId);
    list.reset(tasks(5000));
    change(items);
    list.begin();
    list.put({ ...task(70), mark: 7 });
    list.delete(task(4000));
    list.commit();
    const expected = tasks(5000).filter(({ id }) => id !== 4000);
    expected[70] = { ...task(70), mark: 7 };
    expect(items).toEqual(expected);
  });

  it('shows anything, since it finds rows by what they are', () => {
    const items: string[] = [];
    const list = new RowList<Row, string>(
      items,
      { transformItem: ({ rank }) => `rank ${rank}` },
      byId,
    );
    list.reset([task(1, 5), task(2, 5), task(3, 5)]);
    list.put(task(2, 6));
    list.delete(task(3));
    list.commit();
    expect(items).toEqual(['rank 5', 'rank 6']);
  });

  it('sorts again what ranks otherwise since somebody has changed it', () => {
    const items: Row[] = [];
    const list = new RowList<Row>(items, { compare: byRank }, byId);
    list.reset(tasks(5));
    (items[0] as Row).rank = 9;
    list.begin();
    list.put(task(7, 2.5));
    list.commit();
    expect(items.map(({ rank }) => rank)).toEqual([1, 2, 2.5, 3, 4, 9]);
  });

  it('is not sorted for ever by a comparison that has no order', () => {
    const items: Row[] = [];
    const compare = jest.fn(() => NaN);
    const list = new RowList<Row>(items, { compare }, byId);
    list.reset(tasks(5));
    compare.mockClear();
    list.begin();
    list.put(task(2));
    list.commit();
    expect(new Set(items)).toEqual(new Set(tasks(5)));
    expect(compare.mock.calls.length).toBeLessThan(10);
  });

  it('reports a transformItem that throws, and keeps what it had', () => {
    const error = jest.spyOn(console, 'error').mockImplementation(() => {});
    const items: Row[] = [];
    const list = new RowList<Row>(
      items,
      {
        transformItem: (value) => {
          if (value.mark === 0) throw new Error('bad row');
          return value;
        },
      },
      byId,
    );
    list.reset([task(1), { ...task(2), mark: 0 }, task(3)]);
    expect(error).toHaveBeenCalledTimes(1);
    expect(() => list.put({ ...task(3), mark: 0 })).toThrow('bad row');
    list.commit();
    expect(items).toEqual([task(1), task(3)]);
  });

  it.each(ORDERS)(
    'of 100,000 rows in the order $order reads few for a change',
    ({ compare }) => {
      const items: Row[] = [];
      let reads = 0;
      const list = new RowList<Row>(items, { compare }, (value) => {
        reads++;
        return byId(value);
      });
      list.reset(tasks(100_000));
      reads = 0;
      for (let nth = 0; nth < 300; nth++) {
        list.begin();
        list.put({ ...task(nth * 331), mark: 1 });
        list.commit();
        list.begin();
        list.delete(task(nth * 331 + 1));
        list.put(task(nth * 331 + 1.5));
        list.commit();
      }
      expect(reads).toBeLessThan(2000);
      expect(items).toHaveLength(100_000);
    },
  );
});
