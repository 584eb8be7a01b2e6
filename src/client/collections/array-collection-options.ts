import type { KeyOption } from './key.js';

/** What an `ArrayCollection` may be told. */
export interface ArrayCollectionOptions<Row, Item = Row> {
  /**
   * What becomes an item of each row that is inserted or updated: an object of
   * the row's own, unless there is no key. It need not have the key itself.
   */
  transformItem?: ((row: Row) => Item) | undefined;
  /**
   * What tells rows apart: a property, or a function of the row. Rows without
   * it - it is undefined or null - are inserted and never found again. Items
   * that the application put into the array itself are read as if they were rows.
   *
   * @default the processor's: `id`, unless that has its own `itemsAreEqual`
   */
  key?: KeyOption<Row> | undefined;
  /**
   * Keeps the array in this order; equal items in that of their arrival. An
   * item whose rank has changed arrives anew.
   *
   * @default items stay where they are, new ones come to the end
   */
  compare?: ((left: Item, right: Item) => number) | undefined;
}

/** What makes items, where they are not the rows themselves. */
export interface Making<Row, Item> {
  readonly transformItem: (row: Row) => Item;
}
