import { CollectionIterator } from './collection.js';

/**
 * Walks over a copy of the items, and tells which of them to remove or update.
 */
export class ArrayIterator<Row, Item> extends CollectionIterator<Row, Item> {
  /** The place of the item that was returned last. */
  #place = -1;
  #isDeleted = false;
  readonly #items: Item[];
  readonly #removeItem: (item: Item) => void;
  readonly #updateItem: (value: Row, item: Item) => Item;

  /** @param update Returns what the item has become. */
  constructor(
    items: Item[],
    removeItem: (item: Item) => void,
    updateItem: (value: Row, item: Item) => Item,
  ) {
    super();
    this.#items = items;
    this.#removeItem = removeItem;
    this.#updateItem = updateItem;
  }

  next(): Item {
    if (!this.hasNext()) throw new Error('Busted iterator');
    this.#isDeleted = false;
    return this.#items[++this.#place] as Item;
  }

  hasNext(): boolean {
    return this.#place + 1 < this.#items.length;
  }

  remove(): void {
    this.#removeItem(this.#current());
    this.#isDeleted = true;
  }

  update(newValue: Row): void {
    this.#items[this.#place] = this.#updateItem(newValue, this.#current());
  }

  #current(): Item {
    const isAtItem = this.#place >= 0;
    if (!isAtItem || this.#isDeleted) {
      const where = isAtItem ? 'pointing to a deleted' : 'not pointing to an';
      throw new Error(`Iterator ${where} item! (call next())`);
    }
    return this.#items[this.#place] as Item;
  }
}
