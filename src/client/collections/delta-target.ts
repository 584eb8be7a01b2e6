import type { Delta } from '../../protocol/delta.js';
import type {
  Collection,
  CollectionIterator,
  KeyedCollection,
  RestorableCollection,
} from './collection.js';
import type { Key, KeyReader } from './key.js';
import { VersionMemory } from './version-memory.js';

/** Whether an item of a collection is the row of a delta. */
export type ItemComparison = (
  item: unknown,
  other: unknown,
  delta: Delta<unknown>,
) => boolean;

/** A collection, and what it takes to apply deltas to it. */
export class DeltaTarget {
  private readonly keyed: KeyedCollection<unknown> | undefined;
  /** Undefined if only a comparison tells rows apart. */
  private readonly keyOf: KeyReader | undefined;
  private readonly isSame: ItemComparison;
  private readonly versions = new VersionMemory();

  /** @param comparison In place of the key, if the collection has none. */
  constructor(
    private readonly collection: Collection<unknown>,
    key: KeyReader,
    comparison: ItemComparison | undefined,
  ) {
    const keyed = isKeyed(collection) ? collection : undefined;
    const offered = comparison ? undefined : key;
    const keyOf = keyed ? keyed.adoptKey(offered) : offered;
    this.keyOf = keyOf;
    this.keyed = keyOf && keyed;
    this.isSame =
      comparison ??
      ((item, other) => {
        const itemKey = key(item);
        return itemKey !== undefined && itemKey === key(other);
      });
  }

  begin(): void {
    this.keyed?.begin();
  }

  commit(): void {
    this.keyed?.commit();
  }

  /**
   * Answers whether it has changed anything; undefined if the delta could be of
   * any row, because its own has no key.
   *
   * @throws what functions of the application throw.
   */
  apply(delta: Delta<unknown>, row: object, was?: object): boolean | undefined {
    const { keyOf } = this;
    const key = keyOf?.(row);
    const oldKey = was && keyOf?.(was);
    if (keyOf && delta.type !== 'insert' && (key ?? oldKey) === undefined) {
      return undefined;
    }
    const { version } = delta;
    if (typeof version !== 'number') return this.change(delta, row, was);
    const keys = [key, oldKey].filter(isKey);
    if (!this.versions.isNews(version, keys)) return false;
    const changed = this.change(delta, row, was);
    this.versions.remember(version, keys);
    return changed;
  }

  private change(delta: Delta<unknown>, row: object, was?: object): boolean {
    const { collection, keyed } = this;
    if (keyed) {
      if (delta.type === 'delete') return keyed.delete(row);
      keyed.put(row, was);
      return true;
    }
    const here = this.seek(delta, row);
    if (delta.type === 'delete') {
      here?.remove();
      return here !== undefined;
    }
    const item = here ?? (was && this.seek(delta, was));
    if (item) {
      item.update(row);
      // There must not be two items of one row.
      if (here && was) this.seek(delta, was, row)?.remove();
      return true;
    }
    if (isRestorable(collection)) {
      const isSame = (other: unknown): boolean =>
        this.isSame(other, row, delta);
      if (collection.restore(row, isSame)) return true;
      if (was) return false;
    }
    collection.insert(row);
    return !isRestorable(collection);
  }

  /** An iterator at the first item that is this row, and not the other. */
  private seek(
    delta: Delta<unknown>,
    row: unknown,
    other?: unknown,
  ): CollectionIterator<unknown> | undefined {
    const items = this.collection.getIterator();
    while (items.hasNext()) {
      const item = items.next();
      if (
        this.isSame(item, row, delta) &&
        !(other && this.isSame(item, other, delta))
      ) {
        return items;
      }
    }
    return undefined;
  }
}

function isKey(key: Key | undefined): key is Key {
  return key !== undefined;
}

function isKeyed<Row>(
  collection: Collection<Row> & Partial<KeyedCollection<Row>>,
): collection is KeyedCollection<Row> {
  return collection.adoptKey !== undefined;
}

function isRestorable<Row>(
  collection: Collection<Row> & Partial<RestorableCollection<Row>>,
): collection is RestorableCollection<Row> {
  return collection.restore !== undefined;
}
