import fc from 'fast-check';
import type { Delta } from '../../../src/protocol/delta.js';

/** A row, as properties of collections have them. */
export interface Row {
  readonly id?: number | string;
  rank: number;
  /** Tells rows of one key apart. */
  readonly mark: number;
}

export type Compare = (left: Row, right: Row) => number;

export const byRank: Compare = (left, right) => left.rank - right.rank;

/** Few keys, so that they meet; a number and its text are two. */
export const id = fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 7, '1', '7', undefined);
export const row = fc
  .record({ id, rank: fc.nat({ max: 3 }), mark: fc.nat() })
  .map(({ id: key, ...rest }): Row =>
    key === undefined ? rest : { ...rest, id: key },
  );
const version = fc.option(fc.nat({ max: 5 }), { nil: undefined, freq: 3 });
export const delta = fc
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
/** The rules, one delta after the other, on a list and a map of versions. */
export class Model {
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
