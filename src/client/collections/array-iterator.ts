import { CollectionIterator } from './collection.js';

/** What becomes of what an iterator is told. */
export interface ItemEditor<Row, Item> {
  remove(item: Item, place: number): void;
  /** Returns what the item has become. */
  update(value: Row, item: Item, place: number): Item;
}

/** Walks over an array, of which it may remove items. */
export class ArrayIterator<Row, Item> extends CollectionIterator<Row, Item> {
  /** The place of the item that was returned last. */
  private place = -1;
  private state: 'before' | 'at' | 'deleted' = 'before';

  /** @param live Whether removed items disappear from the array. */
  constructor(
    private readonly items: Item[],
    private readonly editor: ItemEditor<Row, Item>,
    private readonly live: boolean,
  ) {
    super();
  }

  next(): Item {
    if (!this.hasNext()) throw new Error('Busted iterator');
    this.state = 'at';
    return this.items[++this.place] as Item;
  }

  hasNext(): boolean {
    return this.place + 1 < this.items.length;
  }

  remove(): void {
    const item = this.current();
    this.editor.remove(item, this.place);
    this.state = 'deleted';
    // The next item has come to the place of this one.
    if (this.live) this.place--;
  }

  update(newValue: Row): void {
    const item = this.current();
    this.items[this.place] = this.editor.update(newValue, item, this.place);
  }

  private current(): Item {
    if (this.state === 'before') {
      throw new Error('Iterator not pointing to an item! (call next())');
    }
    if (this.state === 'deleted') {
      throw new Error('Iterator pointing to a deleted item! (call next())');
    }
    return this.items[this.place] as Item;
  }
}
