import { reportUncaught } from '../signal.js';
import { ArrayIterator } from './array-iterator.js';
import {
  Collection,
  type CollectionIterator,
  type KeyedCollection,
} from './collection.js';
import { guarded } from './guarded.js';
import { type Key, type KeyOption, type KeyReader, keyReader } from './key.js';
import { RowIndex, SLOT_LIMIT } from './row-index.js';

/** Up to here it costs nothing to look for a row that should not be there. */
const FEW = 500;

type Compare<Item> = (left: Item, right: Item) => number;

/** What an {@link ArrayCollection} may be told. */
export interface ArrayCollectionOptions<Row, Item = Row> {
  /** What becomes an item of each row that is inserted or updated. */
  transformItem?: ((row: Row) => Item) | undefined;
  /**
   * What tells rows apart: a property, or a function of the row. Rows without
   * it - it is undefined or null - are inserted and never found again.
   *
   * @default the processor's: `id`, unless that has its own `itemsAreEqual`
   */
  key?: KeyOption<Row | Item> | undefined;
  /**
   * Keeps the array in this order; equal items in that of their arrival. An
   * item whose rank has changed arrives anew.
   *
   * @default items stay where they are, new ones come to the end
   */
  compare?: Compare<Item> | undefined;
}

/**
 * A collection of the items of an array, which stays the application's: it is
 * changed in place, and the application may change it too. Rows that were
 * pushed, spliced, sorted or replaced are found when their deltas come. (In an
 * array of more than 500 items an *insert* does not find a row that took the
 * place of another one, unless it is the first or the last.)
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
  private readonly transformItem: (row: Row) => Item;
  private readonly compare: Compare<Item> | undefined;
  private keyOf: KeyReader | undefined;
  private readonly index = new RowIndex();
  /** Whether the index is about the array as it is. */
  private indexed = false;

  /** Open batches. */
  private depth = 0;
  /** Looks at the whole array within this batch that were in vain. */
  private searches = 0;
  /** Places of items that go when the batch ends. */
  private readonly leaving = new Set<number>();
  /** Where, in a sorted array, those begin that get a place when it ends. */
  private tail = 0;

  /** How we left the array, to notice what the application did to it. */
  private length = -1;
  private first: Key | undefined;
  private last: Key | undefined;

  constructor(
    private readonly array: Item[],
    options: ArrayCollectionOptions<Row, Item> = {},
  ) {
    super();
    const { key, compare, transformItem } = options;
    this.transformItem =
      transformItem ?? ((row: Row) => row as unknown as Item);
    if (key !== undefined) this.keyOf = keyReader(key);
    if (compare !== undefined) {
      const safe = guarded(compare);
      this.compare = (left, right) => safe(left, right) ?? 0;
    }
    this.sort();
  }

  adoptKey(key: KeyReader | undefined): KeyReader | undefined {
    this.keyOf ??= key;
    return this.keyOf;
  }

  /** Appends an item. If there is one of the same key, replaces that. */
  insert(value: Row): void {
    this.put(value);
  }

  put(value: Row, was?: Row): void {
    // Before anything is changed: it may throw.
    const item = this.transformItem(value);
    this.batch(() => this.place(item, was));
  }

  delete(value: Row): boolean {
    return this.batch(() => this.discard(this.keyOf?.(value)));
  }

  /**
   * Replaces all items, after the rows were fetched for example. A row whose
   * `transformItem` throws is reported and left out.
   */
  reset(rows: readonly Row[]): void {
    // It may be the very array.
    const values = [...rows];
    this.batch(() => {
      this.settle();
      this.array.length = this.tail = 0;
      this.indexed = false;
      for (const value of values) {
        try {
          this.put(value);
        } catch (error) {
          reportUncaught(error);
        }
      }
    });
  }

  /** An iterator over a sorted array does not meet what comes meanwhile. */
  getIterator(): CollectionIterator<Row, Item> {
    const { array } = this;
    const live = this.compare === undefined;
    return new ArrayIterator<Row, Item>(
      live ? array : [...array],
      {
        remove: (item, place) => {
          const at = live ? place : array.indexOf(item);
          if (at >= 0) array.splice(at, 1);
          this.indexed = false;
        },
        update: (value, item, place) => {
          const next = this.transformItem(value);
          const at = live ? place : array.indexOf(item);
          if (at >= 0) this.batch(() => this.replace(at, next));
          this.indexed = false;
          return next;
        },
      },
      live,
    );
  }

  begin(): void {
    if (this.depth++ > 0) return;
    this.searches = 0;
    const { array, keyOf } = this;
    if (
      array.length !== this.length ||
      keyOf?.(array[0]) !== this.first ||
      keyOf?.(array[array.length - 1]) !== this.last
    ) {
      this.indexed = false;
      this.sort();
    }
    this.tail = array.length;
  }

  commit(): void {
    if (this.depth === 0 || --this.depth > 0) return;
    this.settle();
    const { array, keyOf } = this;
    this.length = array.length;
    this.first = keyOf?.(array[0]);
    this.last = keyOf?.(array[array.length - 1]);
  }

  private batch<Result>(work: () => Result): Result {
    this.begin();
    try {
      return work();
    } finally {
      this.commit();
    }
  }

  private place(item: Item, was: Row | undefined): void {
    const key = this.keyOf?.(item);
    const oldKey = was === undefined ? key : this.keyOf?.(was);
    const isMoved = oldKey !== key && this.find(oldKey, true) !== undefined;
    const isNew = was === undefined || isMoved;
    let at = this.find(key, !isNew || this.array.length <= FEW);
    // There must not be two items of one key.
    const isDouble = isMoved && at !== undefined;
    if (isMoved && !isDouble) {
      at = this.find(oldKey, false);
      this.index.rename(oldKey, key);
    }
    if (at === undefined) this.add(item, key);
    else this.replace(at, item, key);
    if (isDouble) this.discard(oldKey);
  }

  private add(item: Item, key: Key | undefined): void {
    this.array.push(item);
    if (!this.index.append(key)) this.indexed = false;
  }

  private replace(at: number, item: Item, key?: Key): void {
    if (this.keepsRank(at, item)) {
      this.array[at] = item;
    } else {
      this.leaving.add(at);
      this.add(item, key);
    }
  }

  private keepsRank(at: number, item: Item): boolean {
    const { array, compare, tail } = this;
    if (!compare) return true;
    const order = (place: number): number =>
      compare(array[place] as Item, item);
    return (
      order(at) === 0 &&
      // The application may have changed the item that we compared with.
      (at >= tail ||
        ((at === 0 || order(at - 1) <= 0) &&
          (at + 1 === tail || order(at + 1) >= 0)))
    );
  }

  private discard(key: Key | undefined): boolean {
    const at = this.find(key, true);
    if (key === undefined || at === undefined) return false;
    this.index.slots.delete(key);
    this.leaving.add(at);
    return true;
  }

  /**
   * The place of an item.
   *
   * @param search Whether to look for it where the index does not know of it:
   * once through all items, and the next time in a new index.
   */
  private find(key: Key | undefined, search: boolean): number | undefined {
    if (key === undefined) return undefined;
    if (!this.indexed) this.reindex();
    const at = this.lookUp(key);
    if (at === undefined) {
      if (!search || this.searches > 1) return undefined;
      if (this.searches++ === 0 && !this.has(key)) return undefined;
    }
    if (typeof at === 'number') return at;
    this.reindex();
    return this.lookUp(key) ?? undefined;
  }

  private has(key: Key): boolean {
    this.settle();
    return this.array.some((item) => this.keyOf?.(item) === key);
  }

  /** The same as the index knows it; null if another item is there. */
  private lookUp(key: Key): number | null | undefined {
    const slot = this.index.slots.get(key);
    if (slot === undefined) return undefined;
    const start = this.index.placeOf(slot);
    const end = start + (this.compare ? SLOT_LIMIT : 1);
    for (let at = start; at < end && at < this.array.length; at++) {
      if (this.keyOf?.(this.array[at]) === key && !this.leaving.has(at)) {
        return at;
      }
    }
    return null;
  }

  private reindex(): void {
    this.settle();
    this.sort();
    const { array, keyOf } = this;
    this.index.rebuild(array.length, (place) => keyOf?.(array[place]));
    this.indexed = true;
    this.searches = 2;
  }

  private sort(): void {
    const { array, compare } = this;
    if (!compare) return;
    const isSorted = array.every(
      (item, at) => at === 0 || compare(array[at - 1] as Item, item) <= 0,
    );
    if (!isSorted) array.sort(compare);
  }

  /** Makes the array dense, and puts everything to its place. */
  private settle(): void {
    const { array, compare, leaving } = this;
    if (leaving.size > 0) this.compact();
    if (compare && this.tail < array.length) this.merge(compare);
    this.tail = array.length;
  }

  private compact(): void {
    const { array, leaving } = this;
    const places = [...leaving].sort((left, right) => left - right);
    leaving.clear();
    this.forget(places);
    this.tail -= places.filter((place) => place < this.tail).length;
    let to = places[0] ?? 0;
    if (places.length === 1) {
      array.splice(to, 1);
      return;
    }
    for (const [nth, place] of places.entries()) {
      const end = places[nth + 1] ?? array.length;
      for (let from = place + 1; from < end; from++) {
        array[to++] = array[from] as Item;
      }
    }
    array.length = to;
  }

  private merge(compare: Compare<Item>): void {
    const { array, tail, index, keyOf } = this;
    const places = array.slice(tail).map((_, nth) => tail + nth);
    // More than are worth telling the index of one by one.
    if (places.length > tail / 16) this.indexed = false;
    this.forget(places);
    const items = array.slice(tail).sort(compare);
    let end = tail;
    for (let before = items.length - 1; before >= 0; before--) {
      const item = items[before] as Item;
      const at = this.placeFor(item, end);
      for (let from = end - 1; from >= at; from--) {
        array[from + before + 1] = array[from] as Item;
      }
      array[at + before] = item;
      places[before] = at + before;
      end = at;
    }
    for (const place of places) {
      if (!this.indexed) return;
      this.indexed = index.insert(keyOf?.(array[place]), place);
    }
  }

  /** Takes places, in their order, from the index. */
  private forget(places: readonly number[]): void {
    if (!this.indexed) return;
    // From the end: the places before are what they were.
    for (let nth = places.length - 1; nth >= 0; nth--) {
      this.index.remove(places[nth] ?? 0);
    }
  }

  /** Behind the equal ones. */
  private placeFor(item: Item, end: number): number {
    let low = 0;
    let high = end;
    while (low < high) {
      const middle = (low + high) >> 1;
      const order = this.compare?.(this.array[middle] as Item, item) ?? 0;
      if (order <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
