import { ArrayIterator } from './array-iterator.js';
import {
  Collection,
  type CollectionIterator,
  type KeyedCollection,
} from './collection.js';
import { attempt, guarded } from './guarded.js';
import { type Key, type KeyOption, type KeyReader, keyReader } from './key.js';
import { RowIndex } from './row-index.js';

/** From here on it is faster to sort than to put items to their places. */
const MANY = 100;

/** So many rows of a batch are looked for one by one before all are indexed. */
const SEARCHES = 16;

/** What an {@link ArrayCollection} may be told. */
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

/**
 * A collection of the items of an array, which stays the application's: it is
 * changed in place, and the application may change it too. Its changes are
 * noticed when the array has another length than before, or another item where
 * one is looked for; an update or a delete looks for its row everywhere. What is
 * not noticed is that a row took the place of another one: an insert of it
 * appends it. The array is sorted again when a change was noticed.
 *
 * @example
 * const tasks: Task[] = [];
 * const collection = new ArrayCollection(tasks, {
 *   key: 'id',
 *   compare: (a, b) => a.position - b.position,
 * });
 */
export class ArrayCollection<Row, Item = Row>
  extends Collection<Row, Item>
  implements KeyedCollection<Row, Item>
{
  private readonly transformItem: ((row: Row) => Item) | undefined;
  private readonly compare: ((left: Item, right: Item) => number) | undefined;
  /** What items were made of: that has their keys. */
  private readonly rows = new WeakMap<object, unknown>();
  /** Of rows and items. */
  private keyOf: KeyReader | undefined;
  private readonly index = new RowIndex((place) =>
    this.keyOf?.(this.array[place]),
  );

  private isOpen = false;
  /** How many more this batch may look for: none once all are indexed. */
  private searches = SEARCHES;
  /** Places that items leave when the batch ends, and whether for another one. */
  private readonly leaving = new Map<number, boolean>();

  constructor(
    array: Item[],
    options: ArrayCollectionOptions<Row, Item> & Making<Row, Item>,
  );
  /** Without `transformItem`, where rows are items. */
  constructor(
    // Not a mere choice: what is passed has to tell both types.
    array: Row[] & Item[] & ([Row] extends [Item] ? unknown : never),
    options?: ArrayCollectionOptions<Row, Item>,
  );
  constructor(
    private readonly array: Item[],
    options: ArrayCollectionOptions<Row, Item> = {},
  ) {
    super();
    const { key, compare, transformItem } = options;
    this.transformItem = transformItem;
    if (key !== undefined) this.adoptKey(keyReader(key));
    if (compare !== undefined) {
      this.compare = guarded(compare, 0);
      array.sort(this.compare);
    }
  }

  adoptKey(key: KeyReader | undefined): KeyReader | undefined {
    if (key && !this.keyOf) {
      // Where items are rows, they need not be looked up.
      this.keyOf = this.transformItem
        ? (value) => key(this.rows.get(value as object) ?? value)
        : key;
      this.index.rebuild(0);
    }
    return this.keyOf;
  }

  /** Appends an item. If there is one of the same key, replaces that. */
  insert(value: Row): void {
    this.put(value);
  }

  put(value: Row, was?: Row): void {
    // Before anything is changed: it may throw.
    const item = this.make(value);
    this.batch(() => {
      const key = this.keyOf?.(item);
      const oldKey = this.keyOf?.(was);
      const isMoved = oldKey !== key && this.find(oldKey, true) !== undefined;
      const here = this.find(key, was !== undefined && !isMoved);
      const at = here ?? this.find(oldKey, false);
      if (at === undefined) this.add(item);
      else this.replace(at, item);
      // There must not be two items of one row.
      if (here !== undefined && isMoved) this.discard(this.find(oldKey, false));
    });
  }

  has(value: Row): boolean {
    return this.batch(() => this.find(this.keyOf?.(value), true) !== undefined);
  }

  delete(value: Row): boolean {
    return this.batch(() => this.discard(this.find(this.keyOf?.(value), true)));
  }

  /**
   * Replaces all items, after the rows were fetched for example. A row whose
   * `transformItem` throws is reported and left out.
   */
  reset(rows: readonly Row[]): void {
    // It may be the very array.
    const values = [...rows];
    this.batch(() => {
      this.array.length = 0;
      this.leaving.clear();
      this.index.rebuild(0);
      for (const value of values) attempt(() => this.put(value));
    });
  }

  /** Over the items that there are now. */
  getIterator(): CollectionIterator<Row, Item> {
    const { array } = this;
    return new ArrayIterator<Row, Item>(
      [...array],
      (item) => this.batch(() => this.discard(array.indexOf(item))),
      (value, item) => {
        const next = this.make(value);
        this.batch(() => this.replace(array.indexOf(item), next));
        return next;
      },
    );
  }

  begin(): void {
    if (this.isOpen) return;
    this.isOpen = true;
    if (this.index.length !== this.array.length) this.reindex();
  }

  commit(): void {
    this.isOpen = false;
    this.settle();
    this.searches = SEARCHES;
  }

  private batch<Result>(work: () => Result): Result {
    if (this.isOpen) return work();
    this.begin();
    try {
      return work();
    } finally {
      this.commit();
    }
  }

  private make(row: Row): Item {
    const { transformItem, rows, keyOf } = this;
    if (!transformItem) return row as unknown as Item;
    const item = transformItem(row) as Item & object;
    const isTold =
      Object(item) === item && keyOf?.(rows.get(item) ?? row) === keyOf?.(row);
    // Nothing would tell it from the item of another row.
    if (keyOf && !isTold) {
      throw new TypeError('transformItem must make an object for each row');
    }
    // Without a key it may be no object.
    rows.set(Object(item) as object, row);
    return item;
  }

  private add(item: Item): void {
    const at = this.array.push(item) - 1;
    this.index.insert(at);
    if (this.compare) this.leaving.set(at, true);
  }

  private replace(at: number, item: Item): void {
    const { array, compare, leaving, index, keyOf } = this;
    if (at < 0) return;
    const old = array[at] as Item;
    const isRenamed = keyOf?.(old) !== keyOf?.(item);
    if (isRenamed) index.forget(at);
    array[at] = item;
    if (isRenamed) index.remember(at);
    // One object for a row, which transformItem has changed, tells no rank.
    if (!compare || (old !== item && compare(old, item) === 0)) return;
    // It arrives after those that have arrived.
    leaving.delete(at);
    leaving.set(at, true);
  }

  private discard(at = -1): boolean {
    if (at < 0) return false;
    this.index.forget(at);
    this.leaving.set(at, false);
    return true;
  }

  /**
   * The place of an item.
   *
   * @param search Whether to look for it where the index does not know of it.
   */
  private find(key: Key | undefined, search: boolean): number | undefined {
    const { index } = this;
    if (key === undefined) return undefined;
    const at = index.find(key);
    if (at === undefined ? !search : at >= 0) return at;
    if (!this.searches) return undefined;
    // Most are not there, and to index all rows takes many times as long.
    const isKey = (item: Item): boolean => this.keyOf?.(item) === key;
    if (at !== -1 && --this.searches && !this.array.some(isKey)) return at;
    this.reindex();
    return index.find(key);
  }

  private reindex(): void {
    const { array, compare } = this;
    this.settle();
    if (compare) array.sort(compare);
    this.index.rebuild(array.length);
    this.searches = 0;
  }

  /** Makes the array dense, and puts everything to its place. */
  private settle(): void {
    const { array, index, leaving } = this;
    if (leaving.size === 0) return;
    const places = [...leaving.keys()].sort((left, right) => left - right);
    const items: Item[] = [];
    for (const [place, comesBack] of leaving) {
      if (!comesBack) continue;
      items.push(array[place] as Item);
      index.forget(place);
    }
    leaving.clear();
    removeAt(array, places);
    index.remove(places);
    if (items.length > MANY) {
      for (const item of items) array.push(item);
      this.reindex();
      return;
    }
    for (const item of items) {
      const at = this.placeFor(item);
      array.splice(at, 0, item);
      index.insert(at);
    }
  }

  /** Behind the equal ones. */
  private placeFor(item: Item): number {
    let low = 0;
    let high = this.array.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const order = this.compare?.(this.array[middle] as Item, item) ?? 0;
      if (order > 0) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** Removes what is at some ascending places, all in one pass. */
function removeAt(list: unknown[], places: readonly number[]): void {
  let to = places[0] as number;
  if (places.length === 1) {
    // Moves the rest many times faster than a loop.
    list.splice(to, 1);
    return;
  }
  for (const [nth, place] of places.entries()) {
    const end = places[nth + 1] ?? list.length;
    for (let from = place + 1; from < end; from++) list[to++] = list[from];
  }
  list.length = to;
}
