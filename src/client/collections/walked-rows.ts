import type { Delta } from '../../protocol/delta.js';
import type {
  Collection,
  CollectionIterator,
  SelectiveCollection,
} from './collection.js';
import type { RowTarget } from './delta-target.js';
import type { KeyReader } from './key.js';

/** Whether an item of a collection is the row of a delta. */
export type ItemComparison = (
  item: unknown,
  other: unknown,
  delta: Delta<unknown>,
) => boolean;

/** The rows of a collection that has no key: each delta takes a walk over them. */
export class WalkedRows implements RowTarget {
  readonly #collection: Collection<unknown> &
    Partial<SelectiveCollection<unknown>>;
  readonly #isSame: ItemComparison;

  constructor(
    collection: Collection<unknown>,
    isSame: ItemComparison,
    readonly $keyOf: KeyReader | undefined,
  ) {
    this.#collection = collection;
    this.#isSame = isSame;
  }

  put(row: unknown, was: unknown, delta: Delta<unknown>): boolean {
    const collection = this.#collection;
    const isRow = (item: unknown): boolean => this.#isSame(item, row, delta);
    const wasRow = (item: unknown): boolean => this.#isSame(item, was, delta);
    const here = this.#seek(isRow);
    const item = here ?? (was ? this.#seek(wasRow) : undefined);
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

  delete(row: unknown, delta: Delta<unknown>): boolean {
    const item = this.#seek((other) => this.#isSame(other, row, delta));
    item?.remove();
    return item !== undefined;
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
