import type { Key } from './key.js';

/** So many rows: those that changed last. */
const ROWS = 100_000;

/**
 * Which version of a row came last, also of one that was deleted: a late change
 * must not bring it back.
 */
export class VersionMemory {
  /** In the order of their last change. */
  private readonly versions = new Map<Key, number>();

  /** Answers whether nothing newer is known of any of the rows. */
  isNews(version: number, rows: readonly Key[]): boolean {
    return rows.every((row) => version >= (this.versions.get(row) ?? version));
  }

  remember(version: number, rows: readonly Key[]): void {
    const { versions } = this;
    for (const row of rows) {
      versions.delete(row);
      versions.set(row, version);
      if (versions.size <= ROWS) continue;
      for (const oldest of versions.keys()) {
        versions.delete(oldest);
        break;
      }
    }
  }
}
