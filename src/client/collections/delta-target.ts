import type { Delta } from '../../protocol/delta.js';
import type { KeyReader } from './key.js';
import { VersionMemory } from './version-memory.js';

/** Rows that a delta can find. */
export interface RowTarget {
  /** @internal Undefined if only a comparison tells rows apart. */
  readonly $keyOf: KeyReader | undefined;
  /** Opens a batch, unless one is open. */
  begin?(): void;
  /** Closes the batch. In between, the items may be in disorder. */
  commit?(): void;
  /**
   * Inserts a row, or replaces what it was. Answers whether it has taken it.
   *
   * @param was What the row was before an update.
   */
  put(row: unknown, was: unknown, delta: Delta<unknown>): boolean;
  /** Whether the row is there. Who walks over its items is never asked. */
  has?(row: unknown): boolean;
  /** Answers whether the row was there. */
  delete(row: unknown, delta: Delta<unknown>): boolean;
}

/** Rows, and what it takes to apply deltas to them. */
export class DeltaTarget {
  readonly #rows: RowTarget;
  readonly #versions = new VersionMemory();

  constructor(rows: RowTarget) {
    this.#rows = rows;
  }

  /** Closes the batch that the first delta has opened. */
  commit(): void {
    this.#rows.commit?.();
  }

  /**
   * Answers whether it has changed anything; undefined if the delta could be of
   * any row, because its own has no key.
   *
   * @throws what functions of the application throw.
   */
  apply(delta: Delta<object>): boolean | undefined {
    const rows = this.#rows;
    const keyOf = rows.$keyOf;
    const versions = this.#versions;
    const [row, was] = rowsOf(delta);
    rows.begin?.();
    const key = keyOf?.(row);
    const oldKey = keyOf?.(was);
    if (keyOf && delta.type !== 'insert' && (key ?? oldKey) === undefined) {
      return undefined;
    }
    const version = typeof delta.version === 'number' ? delta.version : NaN;
    if (versions.isOld(key, version) || versions.isOld(oldKey, version)) {
      return false;
    }
    const changed =
      delta.type === 'delete'
        ? rows.delete(row, delta)
        : rows.put(row, was, delta);
    versions.remember(key, version);
    versions.remember(oldKey, version);
    return changed;
  }

  /** Whether the row of a delta is there, under the key that it had before. */
  has(delta: Delta<object>): boolean {
    const rows = this.#rows;
    const keyOf = rows.$keyOf;
    const [row, was] = rowsOf(delta);
    const oldKey = keyOf?.(was);
    if (oldKey !== undefined && oldKey !== keyOf?.(row)) return false;
    return rows.has?.(row) === true;
  }
}

/** Whether it is what a server sends. */
export function isDelta(delta: unknown): delta is Delta<object> {
  return (
    isObject(delta) &&
    typeof delta['model'] === 'string' &&
    ['insert', 'update', 'delete'].includes(delta['type'] as string) &&
    rowsOf(delta as unknown as Delta<object>).every(isObject)
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** What a row is, and what it was before an update. */
function rowsOf(delta: Delta<object>): [row: object, was?: object] {
  return delta.type === 'update'
    ? [delta.newData, delta.oldData]
    : [delta.data];
}
