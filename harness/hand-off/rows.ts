import {
  BroadcastDealer,
  FilterDealer,
  SimpleDealer,
  type Delta,
  type ItemRequest,
} from 'snorky';
import type { Random } from '../random.js';

export interface Row {
  readonly id: number;
  readonly group: number;
  readonly n: number;
}

export class AllRows extends BroadcastDealer {
  readonly model = 'Row';
}

export class RowsByGroup extends SimpleDealer<Row> {
  readonly model = 'Row';

  getKeyForModel({ group }: Row): number {
    return group;
  }
}

export class FilteredRows extends FilterDealer<Row> {
  readonly model = 'Row';
}

const ROWS = 300;
const GROUPS = 20;

/** The database: publishers change it and clients query it. */
export class Source {
  readonly rows = new Map<number, Row>();
  changes = 0;

  constructor(private readonly random: Random) {}

  /** Changes one row, and returns the delta. */
  change(): Delta<Row> {
    const { random } = this;
    const id = random.below(ROWS);
    const old = this.rows.get(id);
    const version = ++this.changes;
    const group =
      old !== undefined && random.chance(0.5)
        ? old.group
        : random.below(GROUPS);
    const row = { id, group, n: version };
    if (old === undefined) {
      this.rows.set(id, row);
      return { type: 'insert', model: 'Row', data: row, version };
    }
    if (random.chance(0.2)) {
      this.rows.delete(id);
      return { type: 'delete', model: 'Row', data: old, version };
    }
    this.rows.set(id, row);
    return {
      type: 'update',
      model: 'Row',
      newData: row,
      oldData: old,
      version,
    };
  }
}

/** The rows that a client is to have. */
export interface Interest {
  readonly items: readonly ItemRequest[];
  wants(row: Row): boolean;
}

export function interestOf(client: number): Interest {
  const group = client % GROUPS;
  const next = (group + 1) % GROUPS;
  switch (client % 10) {
    case 0:
      return {
        items: [{ dealer: 'AllRows', query: null }],
        wants: () => true,
      };
    case 1:
    case 2:
    case 3: {
      const low = ROWS / 3;
      const query = ['and', ['>=', 'id', low], ['<', 'id', low + 30]];
      return {
        items: [{ dealer: 'FilteredRows', query }],
        wants: ({ id }) => id >= low && id < low + 30,
      };
    }
    case 4:
    case 5:
      return {
        items: [
          { dealer: 'RowsByGroup', query: group },
          { dealer: 'FilteredRows', query: ['==', 'group', next] },
        ],
        wants: (row) => row.group === group || row.group === next,
      };
    default:
      return {
        items: [{ dealer: 'RowsByGroup', query: group }],
        wants: (row) => row.group === group,
      };
  }
}
