import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from 'snorky';
import {
  FilterIndex,
  filterKey,
} from '../../../../src/services/datasync/filter/filter-index.js';
import { parseFilter } from '../../../../src/services/datasync/filter/parse.js';
import type { Predicate } from '../../../../src/services/datasync/filter/predicate.js';
import { Random } from '../../../../harness/random.js';
import { footprint } from '../../../support/lifetimes/footprint.js';
import {
  identity,
  naiveMatch,
  randomFilter,
  randomRow,
} from './naive-filter.js';

interface Item {
  readonly query: JsonValue;
}

/** An index that counts the filters that it evaluates. */
class Counted {
  readonly index = new FilterIndex<Item>();
  evaluated = 0;
  parsed = 0;

  insert(query: JsonValue): Item {
    const item = { query };
    this.index.insert(filterKey(query), () => this.parse(query), item);
    return item;
  }

  remove(item: Item): void {
    this.index.remove(filterKey(item.query), item);
  }

  find(row: JsonValue): Item[] {
    const items: Item[] = [];
    this.index.find(row, (item) => items.push(item));
    return items;
  }

  /** How many filters are evaluated for a row. */
  costOf(row: JsonValue): number {
    this.evaluated = 0;
    this.find(row);
    return this.evaluated;
  }

  private parse(query: JsonValue): Predicate {
    this.parsed++;
    const predicate = parseFilter(query);
    const matches = predicate.matches.bind(predicate);
    return Object.defineProperty(predicate, 'matches', {
      value: (row: JsonValue) => {
        this.evaluated++;
        return matches(row);
      },
    });
  }
}

function make(count: number, query: (n: number) => JsonValue): Counted {
  const counted = new Counted();
  for (let n = 0; n < count; n++) counted.insert(query(n));
  return counted;
}

describe('A filter index', () => {
  it('agrees with trying each filter, through random changes', () => {
    const seed = Date.now() >>> 0;
    const random = new Random(seed);
    let met = 0;
    for (let round = 0; round < 150; round++) {
      const counted = new Counted();
      const items = new Set<Item>();
      // Few queries, so that equal ones meet.
      const queries = Array.from({ length: 60 }, () => randomFilter(random));
      for (let step = 0; step < 200; step++) {
        const kind = random.below(5);
        const some = [...items];
        if (kind === 0 && some.length > 0) {
          const item = some[random.below(some.length)] as Item;
          items.delete(item);
          counted.remove(item);
        } else if (kind < 3) {
          const query = queries[random.below(queries.length)] as JsonValue;
          items.add(counted.insert(query));
        } else {
          const row = randomRow(random);
          const expected = some.filter(({ query }) => naiveMatch(query, row));
          const found = counted.find(row);
          met += found.length;
          const told = `seed ${seed}, round ${round}, step ${step}`;
          // Each once: the counts agree, and so do the sets.
          expect([told, found.length]).toEqual([told, expected.length]);
          expect([told, new Set(found)]).toEqual([told, new Set(expected)]);
        }
        const distinct = new Set([...items].map((i) => filterKey(i.query)));
        expect(counted.index.size).toBe(distinct.size);
      }
      for (const item of items) counted.remove(item);
      expect(footprint(counted.index).entries).toBe(0);
    }
    expect(met).toBeGreaterThan(10_000);
  });

  it('keeps equal filters once, in whatever order their keys came', () => {
    const counted = new Counted();
    const one = counted.insert(['==', 'a', { x: 1, y: [1, 1.0] }]);
    const other = counted.insert(['==', 'a', { y: [1.0, 1], x: 1 }]);
    expect(identity(one.query)).toBe(identity(other.query));
    expect(counted.index.size).toBe(1);
    expect(counted.parsed).toBe(1);
    expect(counted.find({ a: { x: 1, y: [1, 1] } })).toEqual([one, other]);
    expect(counted.evaluated).toBe(1);
    counted.remove(one);
    expect(counted.find({ a: { x: 1, y: [1, 1] } })).toEqual([other]);
    counted.remove(other);
    expect(footprint(counted.index).entries).toBe(0);
  });

  it('does not confuse filters of values that look alike', () => {
    const values: JsonValue[] = [
      1,
      '1',
      true,
      null,
      'null',
      [1],
      ['1'],
      {},
      [],
    ];
    const counted = make(values.length, (n) => ['==', 'a', values[n] ?? null]);
    expect(counted.index.size).toBe(values.length);
    for (const a of values) {
      expect(counted.find({ a })).toEqual([{ query: ['==', 'a', a] }]);
    }
  });

  it('ignores the removal of what it does not have', () => {
    const counted = new Counted();
    const item = counted.insert(['==', 'a', 1]);
    counted.remove({ query: ['==', 'a', 1] });
    counted.remove({ query: ['==', 'a', 2] });
    expect(counted.find({ a: 1 })).toEqual([item]);
    counted.remove(item);
    counted.remove(item);
    expect(footprint(counted.index).entries).toBe(0);
  });

  it('finds what an item inserted twice asks for once, and forgets it', () => {
    const counted = new Counted();
    const item = counted.insert(['or', ['==', 'a', 1], ['==', 'b', 1]]);
    expect(counted.find({ a: 1, b: 1 })).toEqual([item]);
    expect(counted.evaluated).toBe(1);
    counted.remove(item);
    expect(footprint(counted.index).entries).toBe(0);
  });

  it.each<[string, (n: number) => JsonValue, JsonValue, number]>([
    ['equality', (n) => ['==', 'a', n], { a: 77 }, 1],
    ['equality of objects', (n) => ['==', 'a', { n }], { a: { n: 77 } }, 1],
    ['a nested field', (n) => ['==', 'a.b', n], { a: { b: 77 } }, 1],
    ['fields of their own', (n) => ['==', `f${n}`, 1], { f77: 1 }, 1],
    ['choices', (n) => ['in', 'a', [n, n + 1]], { a: 77 }, 2],
    [
      'narrow intervals',
      (n) => ['and', ['>=', 'a', n], ['<', 'a', n + 1]],
      { a: 77.5 },
      1,
    ],
    [
      'intervals of strings',
      (n) => ['and', ['>=', 'a', `k${n}`], ['<=', 'a', `k${n}`]],
      { a: 'k77' },
      1,
    ],
    [
      'one value that all share, with ranges of their own',
      (n) => ['and', ['==', 'team', 7], ['>=', 'a', n], ['<', 'a', n + 1]],
      { team: 7, a: 77.5 },
      3,
    ],
    [
      'one value that all share, first or last',
      (n) => ['and', ['<', 'a', n + 1], ['>', 'a', n], ['==', 'team', 7]],
      { team: 7, a: 77.5 },
      3,
    ],
    [
      'one value that all share, and another of their own',
      (n) => ['and', ['==', 'team', 7], ['==', 'a', n]],
      { team: 7, a: 77 },
      2,
    ],
    [
      'branches',
      (n) => ['or', ['==', 'a', n], ['and', ['==', 'b', n], ['not', ['and']]]],
      { a: 77, b: 78 },
      2,
    ],
    ['two negations', (n) => ['not', ['not', ['==', 'a', n]]], { a: 77 }, 1],
    [
      'a negation beside an equality',
      (n) => ['and', ['not', ['==', 'b', 1]], ['==', 'a', n]],
      { a: 77 },
      1,
    ],
    ['what can never be', (n) => ['<', 'a', [n]], { a: [1] }, 0],
    ['no branch', () => ['or'], { a: 1 }, 0],
  ])('evaluates few of 5,000 filters on %s', (_, query, row, most) => {
    const counted = make(5000, query);
    expect(counted.costOf(row)).toBeLessThanOrEqual(most);
  });

  it('evaluates no filter of a team when the row is another’s', () => {
    const counted = make(5000, (n) => [
      'and',
      ['==', 'team', 7],
      ['>=', 'a', n],
    ]);
    // Half-open ranges cannot tell much: they share the load with the team.
    expect(counted.costOf({ team: 8, a: -1 })).toBe(0);
    expect(counted.costOf({ team: 7, a: -1 })).toBeLessThan(2500);
  });

  it('tries negations on every row, for nothing can be looked up', () => {
    const counted = make(50, (n) => ['not', ['==', 'a', n]]);
    expect(counted.costOf({})).toBe(50);
  });
});
