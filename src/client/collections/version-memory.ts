import type { Key } from './key.js';

/** So many rows: those that changed last. */
const ROWS = 100_000;

/**
 * Which version of a row came last, also of one that was deleted: a late change
 * must not bring it back.
 */
export class VersionMemory {
  /** In the order of their last change. */
  readonly #versions = new Map<Key, number>();

  /** @param version NaN if it has none: it is not old then. */
  isOld(row: Key | undefined, version: number): boolean {
    return version < (this.#versions.get(row as Key) ?? version);
  }

  remember(row: Key | undefined, version: number): void {
    const versions = this.#versions;
    if (row === undefined || isNaN(version)) return;
    versions.delete(row);
    versions.set(row, version);
    const [oldest] = versions.keys();
    if (versions.size > ROWS) versions.delete(oldest as Key);
  }
}
