import type {
  ArrayCollectionOptions,
  Making,
} from './array-collection-options.js';
import { ArrayIterator } from './array-iterator.js';
import {
  Collection,
  type CollectionIterator,
  type KeyedCollection,
} from './collection.js';
import { attempt, guarded } from './guarded.js';
import { type Key, type KeyReader, keyReader } from './key.js';
import { RowIndex } from './row-index.js';

/** From here on it is faster to sort than to put items to their places. */
const MANY = 100;

/** Up to here all items are looked at before a row counts as a new one. */
const FEW = 4000;

/** Beyond, so many of them for each new row: all of them now and then. */
const LOOKS = 30;

/** Up to here every batch looks whether all items are in order. */
const ORDERED = 1000;

/**
 * A collection of the items of an array, which stays the application's: it is
 * changed in place, and the application may change it too: put items in, take
 * them out, replace, move and rename them. A delta finds its row wherever that is
 * then, and there are no two items of one row unless the application has put both
 * there. With an order, items that were moved, or rank otherwise, are sorted again.
 *
 * Each batch that brings a new row takes a look at all keys for that. Of more than
 * 4,000 items only the first and the last one are looked at each time, and all of
 * them now and then: a row that took the place of another one in the midst of so
 * many may be there twice until then. An order is looked at for up to 1,000 items.
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
  private readonly $array: Item[];
  private readonly $transformItem: ((row: Row) => Item) | undefined;
  private readonly $compare: ((left: Item, right: Item) => number) | undefined;
  /** What items were made of: that has their keys. */
  private readonly $rows = new WeakMap<object, unknown>();
  /** Of rows and items. */
  private $keyOf: KeyReader | undefined;
  private readonly $index = new RowIndex((place) =>
    this.$keyOf?.(this.$array[place]),
  );

  private $isOpen = false;
  /** Whether that was found out in this batch: nobody else changes it meanwhile. */
  private $isKnown = false;
  /** Items of rows that were new, as far as was looked; undefined: gone again. */
  private readonly $unsure = new Map<Key, Item | undefined>();
  /** Places that items leave when the batch ends, and whether for another one. */
  private readonly $leaving = new Map<number, boolean>();

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
  constructor(array: Item[], options: ArrayCollectionOptions<Row, Item> = {}) {
    super();
    const { key, compare, transformItem } = options;
    this.$array = array;
    this.$transformItem = transformItem;
    if (key !== undefined) this.adoptKey(keyReader(key));
    if (compare !== undefined) {
      this.$compare = guarded(compare, 0);
      array.sort(this.$compare);
    }
  }

  /** Vue makes no proxy of it then, which could not reach what is private. */
  get __v_skip(): boolean {
    return true;
  }

  adoptKey(key: KeyReader | undefined): KeyReader | undefined {
    if (key && !this.$keyOf) {
      // Where items are rows, they need not be looked up.
      this.$keyOf = this.$transformItem
        ? (value) => key(this.$rows.get(value as object) ?? value)
        : key;
      this.$index.rebuild(0);
    }
    return this.$keyOf;
  }

  /** Appends an item. If there is one of the same key, replaces that. */
  insert(value: Row): void {
    this.put(value);
  }

  put(value: Row, was?: Row): void {
    // Before anything is changed: it may throw.
    const item = this.$make(value);
    this.$batch(() => {
      const key = this.$keyOf?.(item);
      const oldKey = this.$keyOf?.(was);
      const isMoved = oldKey !== key && this.$find(oldKey, true) !== undefined;
      const here = this.$find(key, was !== undefined && !isMoved);
      const at = here ?? (isMoved ? this.$find(oldKey, false) : undefined);
      if (at === undefined) this.$add(item);
      else this.$replace(at, item);
      // There must not be two items of one row.
      if (here !== undefined && isMoved)
        this.$discard(this.$find(oldKey, false));
    });
  }

  has(value: Row): boolean {
    return this.$batch(
      () => this.$find(this.$keyOf?.(value), true) !== undefined,
    );
  }

  delete(value: Row): boolean {
    return this.$batch(() =>
      this.$discard(this.$find(this.$keyOf?.(value), true)),
    );
  }

  /**
   * Replaces all items, after the rows were fetched for example. A row whose
   * `transformItem` throws is reported and left out.
   */
  reset(rows: readonly Row[]): void {
    // It may be the very array.
    const values = [...rows];
    this.$batch(() => {
      this.$array.length = 0;
      this.$leaving.clear();
      this.$index.rebuild(0);
      this.$isKnown = true;
      for (const value of values) attempt(() => this.put(value));
      this.$unsure.clear();
    });
  }

  /** Over the items that there are now. */
  getIterator(): CollectionIterator<Row, Item> {
    const array = this.$array;
    return new ArrayIterator<Row, Item>(
      [...array],
      (item) => this.$batch(() => this.$discard(array.indexOf(item))),
      (value, item) => {
        const next = this.$make(value);
        this.$batch(() => this.$replace(array.indexOf(item), next));
        return next;
      },
    );
  }

  begin(): void {
    if (this.$isOpen) return;
    this.$isOpen = true;
    const array = this.$array;
    const index = this.$index;
    if (index.length !== array.length || !this.$isInOrder()) this.$reindex();
  }

  commit(): void {
    this.$isOpen = false;
    this.$settle();
    this.$isKnown = false;
  }

  private $batch<Result>(work: () => Result): Result {
    if (this.$isOpen) return work();
    this.begin();
    try {
      return work();
    } finally {
      this.commit();
    }
  }

  private $make(row: Row): Item {
    const transformItem = this.$transformItem;
    const rows = this.$rows;
    const keyOf = this.$keyOf;
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

  private $add(item: Item): void {
    const array = this.$array;
    const index = this.$index;
    const unsure = this.$unsure;
    const at = array.push(item) - 1;
    index.insert(at);
    const key = this.$keyOf?.(item);
    if (at > FEW && key !== undefined) unsure.set(key, item);
    if (this.$compare) this.$leaving.set(at, true);
  }

  private $replace(at: number, item: Item): void {
    const array = this.$array;
    const compare = this.$compare;
    const leaving = this.$leaving;
    const index = this.$index;
    const keyOf = this.$keyOf;
    if (at < 0) return;
    const old = array[at] as Item;
    const isRenamed = keyOf?.(old) !== keyOf?.(item);
    if (isRenamed) index.forget(at);
    array[at] = item;
    if (isRenamed) index.remember(at);
    this.$note(keyOf?.(item), item);
    // One object for a row, which transformItem has changed, tells no rank.
    if (!compare || (old !== item && compare(old, item) === 0)) return;
    // It arrives after those that have arrived.
    leaving.delete(at);
    leaving.set(at, true);
  }

  private $discard(at = -1): boolean {
    if (at < 0) return false;
    this.$index.forget(at);
    this.$note(this.$keyOf?.(this.$array[at]));
    this.$leaving.set(at, false);
    return true;
  }

  /**
   * The place of an item.
   *
   * @param isOwn Whether it should be there: nobody would look for it again.
   */
  private $find(key: Key | undefined, isOwn: boolean): number | undefined {
    const index = this.$index;
    if (key === undefined) return undefined;
    const at = index.find(key);
    if (at === undefined ? this.$isAsLeft(isOwn) : at >= 0) return at;
    this.$reindex();
    return index.find(key);
  }

  /** Otherwise items would come to wrong places among those in disorder. */
  private $isInOrder(): boolean {
    const array = this.$array;
    const compare = this.$compare;
    return (
      !compare ||
      array.length > ORDERED ||
      !array.some((item, at) => at && compare(array[at - 1] as Item, item) > 0)
    );
  }

  /**
   * Whether the index knows all items, so that who is not in it is new.
   *
   * @param isThorough Whether to look at all of them, however many there are.
   */
  private $isAsLeft(isThorough: boolean): boolean {
    const array = this.$array;
    const index = this.$index;
    const leaving = this.$leaving;
    const unsure = this.$unsure;
    const last = array.length - 1;
    const isLeft = (at: number): boolean => index.knows(at) || leaving.has(at);
    if (this.$isKnown) return true;
    if (isThorough || last < FEW || last < unsure.size * LOOKS) {
      this.$isKnown = array.every((_, at) => isLeft(at));
      if (this.$isKnown) unsure.clear();
    } else {
      this.$isKnown = isLeft(0) && isLeft(last);
    }
    return this.$isKnown;
  }

  private $reindex(): void {
    const array = this.$array;
    const compare = this.$compare;
    this.$settle();
    this.$unite();
    if (compare) array.sort(compare);
    this.$index.rebuild(array.length);
    this.$isKnown = true;
  }

  /** Leaves one item, or none, of each row that was not new after all. */
  private $unite(): void {
    const array = this.$array;
    const keyOf = this.$keyOf;
    const unsure = this.$unsure;
    if (unsure.size === 0) return;
    let to = 0;
    for (const item of array) {
      const key = keyOf?.(item) as Key;
      const own = unsure.get(key);
      if (own || !unsure.has(key)) array[to++] = own ?? item;
      this.$note(key);
    }
    array.length = to;
    unsure.clear();
  }

  /** What has become of a row that was new. */
  private $note(key: Key | undefined, item?: Item): void {
    const unsure = this.$unsure;
    if (unsure.has(key as Key)) unsure.set(key as Key, item);
  }

  /** Makes the array dense, and puts everything to its place. */
  private $settle(): void {
    const array = this.$array;
    const index = this.$index;
    const leaving = this.$leaving;
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
      this.$reindex();
      return;
    }
    for (const item of items) {
      const at = this.$placeFor(item);
      array.splice(at, 0, item);
      index.insert(at);
    }
  }

  /** Behind the equal ones. */
  private $placeFor(item: Item): number {
    let low = 0;
    let high = this.$array.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const order = this.$compare?.(this.$array[middle] as Item, item) ?? 0;
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
