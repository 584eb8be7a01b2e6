import type { RowTarget } from './delta-target.js';
import type { KeyReader } from './key.js';

/** How a row is told apart where it has no key, and what it shows. */
export interface SingleRowOptions<Row, Item> {
  readonly itemsAreEqual?: ((row: Row, other: Row) => boolean) | undefined;
  readonly transformItem?: ((row: Row) => Item) | undefined;
}

/** One row, which may go and come back, and takes no other's changes. */
export class SingleRow<Row, Item = Row> implements RowTarget {
  /** Undefined while the row is not there. */
  $item: Item | undefined;
  /** Also of a row that has gone. */
  #row: Row | undefined;
  #isThere = false;
  readonly #options: SingleRowOptions<Row, Item>;

  /** @param $keyOf Tells rows apart; without, `itemsAreEqual` does. */
  constructor(
    options: SingleRowOptions<Row, Item>,
    readonly $keyOf: KeyReader | undefined,
  ) {
    this.#options = options;
  }

  put(row: Row, was?: Row): boolean {
    const isIt = this.#isRow(row) || (this.#isThere && this.#isRow(was));
    if (isIt) this.reset(row);
    return isIt;
  }

  has(row: Row): boolean {
    return this.#isThere && this.#isRow(row);
  }

  delete(row: Row): boolean {
    const isIt = this.has(row);
    if (isIt) this.clear();
    return isIt;
  }

  /** It is this row from now on. */
  reset(row: Row): void {
    const { transformItem } = this.#options;
    // First: it may throw.
    this.$item = transformItem ? transformItem(row) : (row as unknown as Item);
    this.#row = row;
    this.#isThere = true;
  }

  /** The row is not there any more. */
  clear(): void {
    this.$item = undefined;
    this.#isThere = false;
  }

  #isRow(row: Row | undefined): boolean {
    const own = this.#row;
    const { itemsAreEqual } = this.#options;
    if (own === undefined || row === undefined) return false;
    if (itemsAreEqual) return itemsAreEqual(own, row);
    const key = this.$keyOf?.(own);
    return key !== undefined && key === this.$keyOf?.(row);
  }
}
