import type { RowTarget } from './delta-target.js';
import { haveSameKey, type KeyReader } from './key.js';
import { isCopy } from './is-copy.js';

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
  #row!: Row;
  readonly #isSame: (row: Row, other: Row) => boolean;
  readonly #options: SingleRowOptions<Row, Item>;

  /** @param $keyOf Tells rows apart; without, `itemsAreEqual` does. */
  constructor(
    options: SingleRowOptions<Row, Item>,
    readonly $keyOf: KeyReader | undefined,
  ) {
    this.#options = options;
    this.#isSame = options.itemsAreEqual ?? haveSameKey($keyOf as KeyReader);
  }

  put(row: Row, was?: Row): boolean {
    const isIt =
      this.#isSame(this.#row, row) || (was !== undefined && this.has(was));
    if (isIt) this.reset(row);
    return isIt;
  }

  has(row: Row): boolean {
    return this.$item !== undefined && this.#isSame(this.#row, row);
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
    const item = transformItem ? transformItem(row) : (row as unknown as Item);
    // Who shows it need not show it again.
    if (!isCopy(this.$item, item)) this.$item = item;
    this.#row = row;
  }

  /** The row is not there any more. */
  clear(): void {
    this.$item = undefined;
  }
}
