import type { RowTarget } from './delta-target.js';
import type { KeyReader } from './key.js';

/**
 * Walks over a collection. What it removes or updates is the item that `next`
 * returned last.
 */
export abstract class CollectionIterator<Row, Item = Row> {
  /** Goes to the next item, at the beginning to the first, and returns it. */
  abstract next(): Item;
  /** Whether there are items that `next` has not returned yet. */
  abstract hasNext(): boolean;
  abstract remove(): void;
  abstract update(newValue: Row): void;
}

/**
 * Something that deltas can be applied to. This is all that one has to offer;
 * a `CollectionDeltaProcessor` then walks over it for each delta.
 */
export abstract class Collection<Row, Item = Row> {
  abstract insert(value: Row): void;
  abstract getIterator(): CollectionIterator<Row, Item>;
}

/** A collection that finds its items by a key, without a walk. */
export interface KeyedCollection<Row, Item = Row>
  extends Collection<Row, Item>, RowTarget {
  /** Takes this key, unless it has one, and returns the one that it has. */
  adoptKey(key: KeyReader | undefined): KeyReader | undefined;
}

/** A collection that takes only such rows as it has had. */
export interface SelectiveCollection<Row> extends Collection<Row> {
  /**
   * Is given a row that is none of its items, and answers whether it was one.
   *
   * @param isSame Whether an item is that row.
   * @param isNew Whether it would be inserted.
   */
  takeBack(value: Row, isSame: (item: Row) => boolean, isNew: boolean): boolean;
}
