import { describe, expect, it } from '@jest/globals';
import {
  IntervalTree,
  type Interval,
} from '../../../../src/services/datasync/filter/interval-tree.js';
import type { Orderable } from '../../../../src/services/datasync/filter/order.js';
import { Random } from '../../../../harness/random.js';
import { naiveOrder } from './naive-filter.js';

const NUMBERS = [-2, -1, -0.5, 0, 0.5, 1, 2, 3, 5, 8] as const;
const STRINGS = ['', 'a', 'aa', 'b', '\uffff', '\u{1f600}', 'z'] as const;

function contains(interval: Interval, point: Orderable): boolean {
  const { low, lowOpen, high, highOpen } = interval;
  if (low !== undefined) {
    const order = naiveOrder(low, point) as number;
    if (lowOpen ? order >= 0 : order > 0) return false;
  }
  if (high !== undefined) {
    const order = naiveOrder(high, point) as number;
    if (highOpen ? order <= 0 : order < 0) return false;
  }
  return true;
}

function found(tree: IntervalTree<object>, point: Orderable): object[] {
  const values: object[] = [];
  tree.stab(point, (value) => values.push(value));
  return values;
}

describe.each<{ name: string; points: readonly [Orderable, ...Orderable[]] }>([
  { name: 'numbers', points: NUMBERS },
  { name: 'strings', points: STRINGS },
])('An interval tree of $name', ({ points }) => {
  it('agrees with a list, through random insertions and removals', () => {
    const seed = Date.now() >>> 0;
    const random = new Random(seed);
    const bound = (): Orderable | undefined =>
      random.chance(0.25) ? undefined : random.pick(points);
    for (let round = 0; round < 60; round++) {
      const tree = new IntervalTree<object>();
      const list: { interval: Interval; value: object }[] = [];
      for (let step = 0; step < 150; step++) {
        if (list.length > 0 && random.chance(0.4)) {
          const [gone] = list.splice(random.below(list.length), 1);
          // An equal interval, not the same one.
          if (gone) tree.delete({ ...gone.interval }, gone.value);
        } else {
          // Empty and upside-down ones too: a filter may be a contradiction.
          const interval = {
            low: bound(),
            lowOpen: random.chance(0.5),
            high: bound(),
            highOpen: random.chance(0.5),
          };
          const value = { seed, round, step };
          tree.insert(interval, value);
          list.push({ interval, value });
        }
        expect(tree.size).toBe(list.length);
        const point = random.pick(points);
        const expected = list.filter((e) => contains(e.interval, point));
        const got = found(tree, point);
        expect(got).toHaveLength(expected.length);
        expect(new Set(got)).toEqual(new Set(expected.map((e) => e.value)));
      }
      for (const { interval, value } of list) tree.delete(interval, value);
      expect(tree.size).toBe(0);
      for (const point of points) expect(found(tree, point)).toEqual([]);
    }
  });
});

describe('An interval tree', () => {
  const interval = { low: 1, lowOpen: false, high: 2, highOpen: true };

  it('keeps several values of one interval apart', () => {
    const tree = new IntervalTree<object>();
    const values = [{ n: 0 }, { n: 1 }, { n: 2 }];
    for (const value of values) tree.insert(interval, value);
    expect(found(tree, 1)).toEqual(values);
    tree.delete(interval, values[1] as object);
    expect(found(tree, 1)).toEqual([values[0], values[2]]);
    tree.delete(interval, values[0] as object);
    expect(found(tree, 1)).toEqual([values[2]]);
    tree.delete(interval, values[2] as object);
    expect(found(tree, 1)).toEqual([]);
    expect(tree.size).toBe(0);
  });

  it('says when what is to be removed is not there', () => {
    const tree = new IntervalTree<object>();
    tree.insert(interval, interval);
    expect(() => tree.delete(interval, {})).toThrow('not in the tree');
    expect(() => tree.delete({ ...interval, low: 0 }, interval)).toThrow(
      'not in the tree',
    );
    expect(tree.size).toBe(1);
  });

  it('counts what contains a point, up to a cap', () => {
    const tree = new IntervalTree<object>();
    for (let i = 0; i < 100; i++) {
      tree.insert({ ...interval, low: i / 1000, high: 5 }, { i });
    }
    expect(tree.countAt(1, 1000)).toBe(100);
    expect(tree.countAt(1, 10)).toBe(10);
    expect(tree.countAt(9, 10)).toBe(0);
  });

  it('stays flat when bounds come in order', () => {
    const tree = new IntervalTree<object>();
    const values = Array.from({ length: 100_000 }, (_, i) => ({ i }));
    for (const value of values) {
      const { i } = value;
      tree.insert(
        { low: i, lowOpen: false, high: i + 1, highOpen: true },
        value,
      );
    }
    // A tree as deep as a list would run out of stack above, and be slow here.
    const start = performance.now();
    for (let i = 0; i < 10_000; i++)
      expect(found(tree, i + 0.5)).toEqual([{ i }]);
    expect(performance.now() - start).toBeLessThan(5000);
  });
});
