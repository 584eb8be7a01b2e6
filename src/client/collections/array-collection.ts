import type {
  ArrayCollectionOptions,
  Making,
} from './array-collection-options.js';
import { ArrayIterator } from './array-iterator.js';
import type { CollectionIterator, KeyedCollection } from './collection.js';
import { type Key, type KeyReader, keyReader } from './key.js';
import { LOOKED_AT, RowList, type Slot } from './row-list.js';

/**
 * A collection of the items of an array, which stays the application's: it is
 * changed in place, and the application may change it too: put items in, take
 * them out, replace, move and rename them. A delta finds its row wherever that is
 * then, and there are no two items of one row unless the application has put both
 * there. With an order, items that were moved, or rank otherwise, are sorted again.
 *
 * For that, a batch with a row that is not known takes one look at all items; of up
 * to 1,000, every batch does.
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
  /**
   * The rows that items were made of, which have the keys. Undefined where rows
   * are items.
   */
  private readonly $rows: WeakMap<object, unknown> | undefined;
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
    return this.$batch(() => super.put(value, was));
  }

  override has(value: Row): boolean {
    return this.$batch(() => super.has(value));
  }

  override delete(value: Row): boolean {
    return this.$batch(() => super.delete(value));
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
          // Where two items have one key, the first is looked for.
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

  /** Looks where the item of a key is, as far as it takes. */
  protected override $find(
    row: Row,
    key: Key | undefined = this.$keyOf?.(row),
  ): Slot<Item> | undefined {
    const slot = super.$find(row, key);
    if (this.$isSure || key === undefined) return slot;
    // An item that is where it was left has not been moved. An unknown one may be anywhere.
    if (slot) {
      if (this.$isLeft(slot, this.$placeOf(slot))) return slot;
    } else if (this.$isAsLeft(Infinity)) {
      this.$isSure = true;
      return slot;
    }
    this.$renew();
    return super.$find(row, key);
  }

  protected override $isLeft(slot: Slot<Item>, at: number): boolean {
    return super.$isLeft(slot, at) && slot.key === this.$keyOf?.(slot.item);
  }

  /** Takes the array as it is: that is what the application has made of it. */
  protected override $renew(): void {
    const items = this.$items;
    const slots = this.$slots;
    this.$settle();
    if (this.$compare) items.sort(this.$compare);
    const before = this.$byKey;
    const byKey = (this.$byKey = new Map<Key, Slot<Item>>());
    slots.length = this.$shifted = 0;
    for (const [at, item] of items.entries()) {
      const key = this.$keyOf?.(item) as Key;
      const isFirst = !byKey.has(key);
      // No array is left with a key like that.
      const made = { item, key: isFirst ? key : NaN, at };
      const known = isFirst && before.get(key);
      // It may have been found already.
      const slot = known ? Object.assign(known, made) : made;
      slots.push(slot);
      if (isFirst && key !== undefined) byKey.set(key, slot);
    }
    this.$isSure = true;
    this.$isTouched = false;
  }
}
