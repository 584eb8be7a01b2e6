import type { Delta } from '../../protocol/delta.js';
import type {
  Collection,
  CollectionIterator,
  KeyedCollection,
  SelectiveCollection,
} from './collection.js';
import type { KeyReader } from './key.js';
import { VersionMemory } from './version-memory.js';

/** Whether an item of a collection is the row of a delta. */
export type ItemComparison = (
  item: unknown,
  other: unknown,
  delta: Delta<unknown>,
) => boolean;

type AnyCollection = Collection<unknown> &
  Partial<KeyedCollection<unknown> & SelectiveCollection<unknown>>;

/** A collection, and what it takes to apply deltas to it. */
export class DeltaTarget {
  readonly #keyed: KeyedCollection<unknown> | undefined;
  /** Undefined if only a comparison tells rows apart. */
  readonly #keyOf: KeyReader | undefined;
  readonly #isSame: ItemComparison;
  readonly #collection: AnyCollection;
  readonly #versions = new VersionMemory();

  /** @param comparison In place of the key, if the collection has none. */
  constructor(
    collection: AnyCollection,
    key: KeyReader,
    comparison: ItemComparison | undefined,
  ) {
    this.#collection = collection;
    this.#keyOf = comparison ? undefined : key;
    if (isKeyed(collection)) {
      this.#keyOf = collection.adoptKey(this.#keyOf);
      if (this.#keyOf) this.#keyed = collection;
    }
    this.#isSame =
      comparison ??
      ((item, other) => {
        const itemKey = key(item);
        return itemKey !== undefined && itemKey === key(other);
      });
  }

  /** Closes the batch that the first delta has opened. */
  commit(): void {
    this.#keyed?.commit();
  }

  /**
   * Answers whether it has changed anything; undefined if the delta could be of
   * any row, because its own has no key.
   *
   * @throws what functions of the application throw.
   */
  apply(delta: Delta<object>): boolean | undefined {
    const keyOf = this.#keyOf;
    const versions = this.#versions;
    const [row, was] = rowsOf(delta);
    this.#keyed?.begin();
    const key = keyOf?.(row);
    const oldKey = keyOf?.(was);
    if (keyOf && delta.type !== 'insert' && (key ?? oldKey) === undefined) {
      return undefined;
    }
    const { version } = delta;
    if (typeof version !== 'number') return this.#change(delta, row, was);
    if (versions.isOld(key, version) || versions.isOld(oldKey, version)) {
      return false;
    }
    const changed = this.#change(delta, row, was);
    versions.remember(key, version);
    versions.remember(oldKey, version);
    return changed;
  }

  /** Whether the row of a delta is there, under the key that it had before. */
  has(delta: Delta<object>): boolean {
    const keyed = this.#keyed;
    const keyOf = this.#keyOf;
    const [row, was] = rowsOf(delta);
    const oldKey = keyOf?.(was);
    if (oldKey !== undefined && oldKey !== keyOf?.(row)) return false;
    if (keyed) return keyed.has(row);
    return this.#seek((item) => this.#isSame(item, row, delta)) !== undefined;
  }

  #change(delta: Delta<unknown>, row: object, was?: object): boolean {
    const collection = this.#collection;
    const keyed = this.#keyed;
    const isDelete = delta.type === 'delete';
    if (keyed) {
      if (isDelete) return keyed.delete(row);
      keyed.put(row, was);
      return true;
    }
    const isRow = (item: unknown): boolean => this.#isSame(item, row, delta);
    const wasRow = (item: unknown): boolean => this.#isSame(item, was, delta);
    const here = this.#seek(isRow);
    if (isDelete) {
      here?.remove();
      return here !== undefined;
    }
    const item = here ?? (was && this.#seek(wasRow));
    if (item) {
      item.update(row);
      // There must not be two items of one row.
      if (here && was) {
        this.#seek((other) => wasRow(other) && !isRow(other))?.remove();
      }
      return true;
    }
    const isTaken = collection.takeBack?.(row, isRow, was === undefined);
    if (isTaken === undefined) collection.insert(row);
    return isTaken ?? true;
  }

  /** An iterator at the first item for which it is true. */
  #seek(
    isSought: (item: unknown) => boolean,
  ): CollectionIterator<unknown> | undefined {
    const items = this.#collection.getIterator();
    while (items.hasNext()) {
      if (isSought(items.next())) return items;
    }
    return undefined;
  }
}

/** Whether it is what a server sends. */
export function isDelta(delta: unknown): delta is Delta<object> {
  if (!isObject(delta) || typeof delta['model'] !== 'string') return false;
  const { type, data, newData, oldData } = delta;
  return type === 'update'
    ? isObject(newData) && isObject(oldData)
    : (type === 'insert' || type === 'delete') && isObject(data);
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

function isKeyed(
  collection: AnyCollection,
): collection is KeyedCollection<unknown> {
  return collection.adoptKey !== undefined;
}
