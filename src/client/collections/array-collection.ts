import type {
  ArrayCollectionOptions,
  Making,
} from './array-collection-options.js';
import { ArrayIterator } from './array-iterator.js';
import type { CollectionIterator, KeyedCollection } from './collection.js';
import { type Key, type KeyReader, keyReader } from './key.js';
import { LOOKED_AT, RowList, type Slot } from './row-list.js';

/** Up to here all items are looked at before a row counts as a new one. */
const FEW = 4000;

/** Beyond, so many of them for each new row: all of them now and then. */
const LOOKS = 30;

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
  extends RowList<Row, Item>
  implements KeyedCollection<Row, Item>
{
  /** What items were made of: that has their keys. None where rows are items. */
  private readonly $rows: WeakMap<object, unknown> | undefined;
  /** Rows that were new, as far as was looked. */
  private readonly $unsure = new Set<Key>();
  /** Whether all slots are right: nobody else changes the array in a batch. */
  private $isSure = false;

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
    super(array, options, undefined);
    if (options.transformItem) this.$rows = new WeakMap();
    if (options.key !== undefined) this.adoptKey(keyReader(options.key));
    if (this.$compare) array.sort(this.$compare);
  }

  /** Vue makes no proxy of it then, which could not reach what is private. */
  get __v_skip(): boolean {
    return true;
  }

  adoptKey(key: KeyReader | undefined): KeyReader | undefined {
    const rows = this.$rows;
    if (key && !this.$keyOf) {
      // Where items are rows, they need not be looked up.
      this.$keyOf = rows
        ? (value) => key(rows.get(value as object) ?? value)
        : key;
      this.$slots.length = 0;
    }
    return this.$keyOf;
  }

  /** Appends an item. If there is one of the same key, replaces that. */
  insert(value: Row): void {
    this.put(value);
  }

  override put(value: Row, was?: Row): boolean {
    return this.$batch(() => {
      const key = this.$keyOf?.(value);
      const oldKey = this.$keyOf?.(was);
      const isMoved = oldKey !== key && this.$look(oldKey);
      this.$look(key, was !== undefined && !isMoved);
      return super.put(value, was);
    });
  }

  override has(value: Row): boolean {
    return this.$batch(() => {
      this.$look(this.$keyOf?.(value));
      return super.has(value);
    });
  }

  override delete(value: Row): boolean {
    return this.$batch(() => {
      const key = this.$keyOf?.(value);
      // If it is there twice, nobody would tell the other one to go.
      const isUnsure = this.$unsure.has(key as Key);
      if (isUnsure && !this.$areLeft(true)) this.$renew();
      this.$look(key);
      return super.delete(value);
    });
  }

  /** Over the items that there are now. */
  getIterator(): CollectionIterator<Row, Item> {
    const array = this.$items;
    const change = (item: Item, work: (slot: Slot<Item>) => void): void => {
      this.$batch(() => {
        const slot = this.$slots[array.indexOf(item)];
        if (slot) work(slot);
      });
    };
    return new ArrayIterator<Row, Item>(
      [...array],
      (item) => change(item, (slot) => this.$discard(slot)),
      (value, item) => {
        const next = this.$make(value);
        const key = this.$keyOf?.(next);
        change(item, (slot) => {
          const other = this.$byKey.get(key as Key);
          // Of two items with one key, the first is looked for.
          if (other && other !== slot) other.key = NaN;
          this.$replace(slot, next, key);
        });
        return next;
      },
    );
  }

  override begin(): void {
    if (!this.$isOpen) this.$isSure = this.$slots.length <= LOOKED_AT;
    super.begin();
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

  protected override $make(row: Row): Item {
    const item = super.$make(row) as Item & object;
    const rows = this.$rows;
    const keyOf = this.$keyOf;
    if (!rows) return item;
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

  protected override $add(item: Item, key: Key | undefined): void {
    super.$add(item, key);
    if (!this.$isSure && key !== undefined) this.$unsure.add(key);
  }

  /**
   * Looks where the item of a key is, as far as it takes.
   *
   * @param isOwn Whether it should be there: nobody would look for it again.
   * @returns whether there is one.
   */
  private $look(key: Key | undefined, isOwn = true): boolean {
    if (key === undefined) return false;
    const slot = this.$byKey.get(key);
    // Who is where it was left has not been moved, and is no new one.
    const isLeft =
      this.$isSure ||
      (slot ? this.$isLeft(this.$placeOf(slot)) : this.$areLeft(isOwn));
    if (isLeft) return slot !== undefined;
    this.$renew();
    return this.$byKey.has(key);
  }

  /**
   * Whether no item was put there, renamed or moved, so that who is not known is new.
   *
   * @param isThorough Whether to look at all of them, however many there are.
   */
  private $areLeft(isThorough: boolean): boolean {
    const unsure = this.$unsure;
    const { length } = this.$slots;
    if (!isThorough && length > FEW && length > unsure.size * LOOKS) {
      return this.$isLeft(0) && this.$isLeft(length - 1);
    }
    this.$isSure = this.$slots.every((_slot, at) => this.$isLeft(at));
    if (this.$isSure) unsure.clear();
    return this.$isSure;
  }

  protected override $isLeft(at: number): boolean {
    return (
      super.$isLeft(at) &&
      this.$slots[at]?.key === this.$keyOf?.(this.$items[at])
    );
  }

  /** Takes the array as it is: that is what the application has made of it. */
  protected override $renew(): void {
    const items = this.$items;
    const unsure = this.$unsure;
    this.$settle();
    if (this.$compare) items.sort(this.$compare);
    const before = this.$byKey;
    this.$byKey = new Map();
    this.$slots.length = this.$shifted = 0;
    for (const [at, item] of items.entries()) {
      const key = this.$keyOf?.(item);
      const first = this.$byKey.get(key as Key);
      // No array is left like that.
      const slot = { item, key: first ? NaN : key, at };
      this.$slots.push(slot);
      if (!first) {
        if (key !== undefined) this.$byKey.set(key, slot);
      } else if (unsure.has(key as Key)) {
        // It was not new after all: what is known of it goes to where it was put.
        if (before.get(key as Key)?.item === item) {
          this.$replace(first, item, key);
        }
        this.$discard(slot);
      }
    }
    unsure.clear();
    this.$isSure = true;
    this.$isTouched = false;
    this.$settle();
  }
}
