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
import { removeAt } from './remove-at.js';

/** From here on it is faster to sort than to put items to their places. */
const MANY = 100;

/** Up to here all items are looked at before a row counts as a new one. */
const FEW = 4000;

/** Beyond, so many of them for each new row: all of them now and then. */
const LOOKS = 30;

/** Up to here every batch looks whether all items are in order. */
const ORDERED = 1000;

/** So many places may have shifted before all are numbered anew. */
const SHIFTED = 10_000;

/** What is known of a place in the array. */
interface Slot<Item> {
  /** Where it was once: at most as many have left places before it as have since. */
  at: number;
  /** Undefined if its key is that of another one: no array is left like that. */
  item: Item | undefined;
  key: Key | undefined;
}

/**
 * A collection of the items of an array, which stays the application's: it is
 * changed in place, and the application may change it too: put items in, take
 * them out, replace, move and rename them. A delta finds its row wherever that is
 * then, and there are no two items of one row unless the application has put both
 * there. With an order, items that were moved, or rank otherwise, are sorted again.
 *
 * Each batch that brings a new row takes a look at all items for that. Of more than
 * 4,000 only the first and the last one are looked at each time, and all of them now
 * and then: a row that took the place of another one in the midst of so many may be
 * there twice until then. An order is looked at for up to 1,000 items.
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
  /** By place: the array as it was left. */
  private readonly $slots: Slot<Item>[] = [];
  /** Where several items have a key, the first of them. */
  private $byKey = new Map<Key, Slot<Item>>();
  /** Rows that were new, as far as was looked. */
  private readonly $unsure = new Set<Key>();

  private $isOpen = false;
  /** Whether the slots are right: nobody else changes the array in a batch. */
  private $isKnown = false;
  /** Whether that is so of all of them, and not of some that were looked at. */
  private $isSure = false;
  /** How many items have left their places since all were numbered. */
  private $shifted = 0;
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
      this.$slots.length = 0;
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
      const isMoved = oldKey !== key && this.$find(oldKey) >= 0;
      const here = this.$find(key, was !== undefined && !isMoved);
      // Only now: a place is of no use after all were looked at.
      const old = isMoved ? this.$find(oldKey) : here;
      const at = here < 0 ? old : here;
      if (at < 0) this.$add(item);
      else this.$replace(at, item);
      // There must not be two items of one row.
      if (old !== at) this.$discard(old);
    });
  }

  has(value: Row): boolean {
    return this.$batch(() => this.$find(this.$keyOf?.(value)) >= 0);
  }

  delete(value: Row): boolean {
    const key = this.$keyOf?.(value);
    return this.$batch(() => {
      // If it is there twice, nobody would tell the other one to go.
      const isUnsure = this.$unsure.has(key as Key);
      if (isUnsure && !this.$isAsLeft(true)) this.$reindex();
      return this.$discard(this.$find(key));
    });
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
      this.$reindex();
      for (const value of values) attempt(() => this.put(value));
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
    this.$isKnown = this.$isSure = false;
    if (this.$slots.length !== this.$array.length || !this.$isInOrder()) {
      this.$reindex();
    }
  }

  commit(): void {
    this.$isOpen = false;
    this.$settle();
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
    const at = this.$array.push(item) - 1;
    const key = this.$note(at);
    if (at > FEW && key !== undefined && !this.$isSure) this.$unsure.add(key);
    if (this.$compare) this.$leaving.set(at, true);
  }

  private $replace(at: number, item: Item): void {
    const array = this.$array;
    const compare = this.$compare;
    const leaving = this.$leaving;
    if (at < 0) return;
    const old = array[at] as Item;
    array[at] = item;
    this.$note(at);
    // One object for a row, which transformItem has changed, tells no rank.
    if (!compare || (old !== item && compare(old, item) === 0)) return;
    // It arrives after those that have arrived.
    leaving.delete(at);
    leaving.set(at, true);
  }

  private $discard(at: number): boolean {
    if (at < 0) return false;
    this.$forget(at);
    this.$leaving.set(at, false);
    return true;
  }

  /** Takes what is at a place now for the item of its key, unless there is one. */
  private $note(at: number): Key | undefined {
    const byKey = this.$byKey;
    const item = this.$array[at];
    const key = this.$keyOf?.(item);
    const slot = (this.$slots[at] ??= { at, item, key });
    if (key !== slot.key) this.$forget(at);
    const owner = byKey.get(key as Key) ?? slot;
    if (key !== undefined) byKey.set(key, owner);
    slot.key = key;
    slot.item = owner === slot ? item : undefined;
    return key;
  }

  private $forget(at: number): void {
    const slot = this.$slots[at] as Slot<Item>;
    const key = slot.key as Key;
    if (this.$byKey.get(key) === slot) this.$byKey.delete(key);
  }

  /**
   * The place of an item; -1 if there is none.
   *
   * @param isOwn Whether it should be there: nobody would look for it again.
   */
  private $find(key: Key | undefined, isOwn = true): number {
    const at = this.$placeOf(key);
    if (key === undefined || this.$isKnown) return at;
    // Who is where it was left has not been moved, and is no new one.
    if (at >= 0 && this.$isLeft(at)) return at;
    this.$isKnown = at < 0 && this.$isAsLeft(isOwn);
    if (!this.$isKnown) this.$reindex();
    return this.$placeOf(key);
  }

  private $placeOf(key: Key | undefined): number {
    const slot = this.$byKey.get(key as Key);
    if (!slot) return -1;
    return this.$slots.indexOf(slot, Math.max(0, slot.at - this.$shifted));
  }

  /**
   * Whether no item was put there, renamed or moved, so that who is not known is new.
   *
   * @param isThorough Whether to look at all of them, however many there are.
   */
  private $isAsLeft(isThorough: boolean): boolean {
    const unsure = this.$unsure;
    let { length } = this.$slots;
    if (this.$isSure) return true;
    if (!isThorough && length > FEW && length > unsure.size * LOOKS) {
      return this.$isLeft(0) && this.$isLeft(length - 1);
    }
    while (length > 0) if (!this.$isLeft(--length)) return false;
    unsure.clear();
    return (this.$isSure = true);
  }

  private $isLeft(at: number): boolean {
    const slot = this.$slots[at];
    const item = this.$array[at];
    return slot?.item === item && slot?.key === this.$keyOf?.(item);
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

  private $reindex(): void {
    const array = this.$array;
    const compare = this.$compare;
    const unsure = this.$unsure;
    this.$settle();
    if (compare) array.sort(compare);
    const before = this.$byKey;
    this.$byKey = new Map();
    this.$slots.length = this.$shifted = 0;
    for (const [at, item] of array.entries()) {
      const key = this.$note(at) as Key;
      const first = this.$placeOf(key);
      if (first === at || !unsure.has(key)) continue;
      // It was not new after all: what is known of it goes to where it was put.
      if (before.get(key)?.item === item) this.$replace(first, item);
      this.$leaving.set(at, false);
    }
    unsure.clear();
    this.$isKnown = this.$isSure = true;
    this.$settle();
  }

  /** Makes the array dense, and puts everything to its place. */
  private $settle(): void {
    const array = this.$array;
    const slots = this.$slots;
    const leaving = this.$leaving;
    if (leaving.size === 0) return;
    const places = [...leaving.keys()].sort((left, right) => left - right);
    const coming: [Item, Slot<Item>][] = [];
    for (const [at, comesBack] of leaving) {
      if (comesBack) coming.push([array[at] as Item, slots[at] as Slot<Item>]);
    }
    leaving.clear();
    removeAt(array, places);
    removeAt(slots, places);
    this.$shifted += places.length;
    if (coming.length > MANY || this.$shifted > SHIFTED) {
      for (const [item] of coming) array.push(item);
      this.$reindex();
      return;
    }
    for (const [item, slot] of coming) {
      const at = this.$placeFor(item);
      array.splice(at, 0, item);
      slots.splice(at, 0, slot);
      slot.at = at;
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
