import type { Delta } from 'snorky';

export interface Row {
  readonly id: number;
  /** Grows with each change of any row. */
  readonly revision: number;
  readonly done: boolean;
  readonly title: string;
}

/** The database: rows that are inserted, updated and deleted in turns. */
export class Rows {
  private readonly rows = new Map<number, Row>();
  private nextId = 0;
  private revision: number;

  /**
   * @param revision Where to begin: after a restart, with rows that nobody has
   *   who did not fetch again.
   */
  constructor(count: number, revision: number) {
    this.revision = revision;
    for (let i = 0; i < count; i++) this.insert();
  }

  list(): Row[] {
    return [...this.rows.values()];
  }

  change(): Delta<Row> {
    const kind = this.revision % 3;
    if (kind === 0)
      return { type: 'insert', model: 'Row', data: this.insert() };
    // A step that visits all places, so that changes are not in a row.
    const ids = [...this.rows.keys()];
    const id = ids[(this.revision * 7919) % ids.length] as number;
    const row = this.rows.get(id) as Row;
    if (kind === 1) {
      const newData = this.put({ ...row, done: !row.done });
      return { type: 'update', model: 'Row', newData, oldData: row };
    }
    this.revision++;
    this.rows.delete(id);
    return { type: 'delete', model: 'Row', data: row };
  }

  private insert(): Row {
    const id = this.nextId++;
    const title = `Row ${id}: ${'x'.repeat(80)}`;
    return this.put({ id, revision: 0, done: false, title });
  }

  private put(row: Row): Row {
    const changed = { ...row, revision: this.revision++ };
    this.rows.set(row.id, changed);
    return changed;
  }
}

/** Rows as a text that is the same for the same rows in any order. */
export function textOf(rows: readonly Row[]): string {
  return JSON.stringify(rows.toSorted((a, b) => a.id - b.id));
}
