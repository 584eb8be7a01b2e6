import { Collection } from './collection.js';
import type { RowTarget } from './delta-target.js';
import { attempt, guarded } from './guarded.js';
import type { Key, KeyReader } from './key.js';
import { removeAt } from './remove-at.js';
import { isCopy } from './is-copy.js';

/** From here on it is faster to sort than to put rows to their places. */
const MANY = 100;

/** Up to here every batch looks at the whole array. */
export const LOOKED_AT = 1000;

/** So many places may have shifted before all are numbered anew. */
const SHIFTED = 10_000;

/** How a list tells rows apart where it has no key, what it shows, and where. */
export interface RowListOptions<Row, Item> {
  readonly itemsAreEqual?: ((item: Item, row: Row) => boolean) | undefined;
  readonly compare?: ((left: Item, right: Item) => number) | undefined;
  readonly transformItem?: ((row: Row) => Item) | undefined;
}

/** A row's place in the list. */
export interface Slot<Item> {
  item: Item;
  key: Key | undefined;
  /** Where it was once: at most as many have left places before it as have since. */
  at: number;
}

/**
 * Rows in the order of their arrival, or in that of a comparison, and an array that
 * shows their items. The list does not rely on the array: whoever else changes it
 * changes no row, and finds that undone after the next batch; in more than 1,000
 * items, if the length is another or the batch comes to such a place.
 */
export class RowList<Row, Item = Row>
  // `ArrayCollection` is one, and has its abstract members.
  extends (Collection as new () => object)
  implements RowTarget
{
  protected readonly $slots: Slot<Item>[] = [];
  protected $byKey = new Map<Key, Slot<Item>>();
  protected readonly $compare:
    ((left: Item, right: Item) => number) | undefined;
  /** How many rows have left their places since all were numbered. */
  protected $shifted = 0;
  protected $isOpen = false;
  /** Slots that leave their place when the batch ends, and whether for another one. */
  private readonly $leaving = new Map<Slot<Item>, boolean>();
  /** Whether somebody else has changed a place of the array. */
  protected $isTouched = false;
  /** The items that were shown last; none if nobody has ever asked. */
  private $shown: readonly Item[] | undefined;
  /** Whether there may be others since. */
  private $isOld = true;
  /** What there was before all rows were replaced, while they are. */
  private $before: ReadonlyMap<unknown, Slot<Item>> | undefined;
  private readonly $options: RowListOptions<Row, Item>;

  /** @param $keyOf Tells rows apart; without, `itemsAreEqual` does. */
  constructor(
    /** @internal */
    readonly $items: Item[],
    options: RowListOptions<Row, Item>,
    /** @internal */
    public $keyOf: KeyReader | undefined,
  ) {
    super();
    this.$options = options;
    if (options.compare) this.$compare = guarded(options.compare, 0);
  }

  /**
   * Inserts a row at the end, or at its place in the order; or replaces the item
   * that has its key.
   *
   * @param was What the row was before, for the case that its key was another.
   */
  put(row: Row, was?: Row): boolean {
    // Before anything is changed: it may throw.
    const made = this.$make(row);
    const key = this.$keyOf?.(row);
    const oldKey = this.$keyOf?.(was);
    const here = this.$find(row, key);
    // Rows of one key are the same: mostly, there is nothing to be looked for.
    const isOther = key === undefined || key !== oldKey;
    const old = was && isOther ? this.$find(was, oldKey) : undefined;
    const slot = here ?? old;
    const known = slot ?? this.$before?.get(key);
    const isKept = known && this.$shown && isCopy(known.item, made);
    if (!slot) this.$add(isKept ? known.item : made, key);
    else if (!isKept || key !== slot.key) this.$replace(slot, made, key);
    // There must not be two items of one row.
    if (old && old !== slot) this.$discard(old);
    return true;
  }

  /** Whether there is an item that has this row's key. */
  has(row: Row): boolean {
    return this.$find(row) !== undefined;
  }

  /** Removes the item that has this row's key. Answers whether there was one. */
  delete(row: Row): boolean {
    const slot = this.$find(row);
    if (slot) this.$discard(slot);
    return slot !== undefined;
  }

  /**
   * Replaces all rows, after they were fetched for example. A row whose
   * `transformItem` throws is reported and left out.
   */
  reset(rows: readonly Row[]): void {
    // It may be the very array.
    const values = [...rows];
    this.$before = this.$byKey;
    this.$byKey = new Map();
    this.$items.length = this.$slots.length = 0;
    this.$leaving.clear();
    this.begin();
    for (const value of values) attempt(() => this.put(value));
    this.commit();
    this.$before = undefined;
  }

  /** @internal The items, which nobody changes: the same list while they are the same. */
  $show(): readonly Item[] {
    const slots = this.$slots;
    const shown = this.$shown;
    const isSame =
      shown?.length === slots.length &&
      (!this.$isOld || slots.every(({ item }, at) => item === shown[at]));
    // In the middle of a batch, its rows are not all there.
    this.$isOld = this.$isOpen;
    return isSame
      ? shown
      : (this.$shown = Object.freeze(slots.map(({ item }) => item)));
  }

  begin(): void {
    if (this.$isOpen) return;
    this.$isOpen = this.$isOld = true;
    if (!this.$isAsLeft(LOOKED_AT)) this.$renew();
  }

  commit(): void {
    this.$isOpen = false;
    this.$settle();
    if (this.$isTouched) this.$renew();
  }

  protected $make(row: Row): Item {
    const { transformItem } = this.$options;
    return transformItem ? transformItem(row) : (row as unknown as Item);
  }

  protected $find(
    row: Row,
    key: Key | undefined = this.$keyOf?.(row),
  ): Slot<Item> | undefined {
    const { itemsAreEqual } = this.$options;
    if (!itemsAreEqual) return this.$byKey.get(key as Key);
    return this.$slots.find(
      (slot) =>
        this.$leaving.get(slot) !== false && itemsAreEqual(slot.item, row),
    );
  }

  protected $add(item: Item, key: Key | undefined): void {
    const slot = { item, key, at: this.$slots.length + this.$shifted };
    this.$items.push(item);
    this.$slots.push(slot);
    this.$name(slot, key);
    if (this.$compare) this.$leaving.set(slot, true);
  }

  protected $replace(slot: Slot<Item>, item: Item, key: Key | undefined): void {
    const compare = this.$compare;
    const leaving = this.$leaving;
    const old = slot.item;
    this.$items[this.$placeOf(slot)] = slot.item = item;
    if (key !== slot.key) this.$name(slot, key);
    // One object for a row, which transformItem has changed, tells no rank.
    if (!compare || (old !== item && compare(old, item) === 0)) return;
    // It arrives after those that have arrived.
    leaving.delete(slot);
    leaving.set(slot, true);
  }

  protected $discard(slot: Slot<Item>): void {
    this.$forget(slot);
    this.$leaving.set(slot, false);
  }

  protected $placeOf(slot: Slot<Item>): number {
    const from = Math.max(0, slot.at - this.$shifted);
    const at = this.$slots.indexOf(slot, from);
    slot.at = at + this.$shifted;
    if (this.$items[at] !== slot.item) this.$isTouched = true;
    return at;
  }

  /**
   * Whether the array shows the list, in order.
   *
   * @param limit Of more items, only the number is looked at.
   */
  protected $isAsLeft(limit: number): boolean {
    const compare = this.$compare;
    const slots = this.$slots;
    const { length } = this.$items;
    if (slots.length !== length) return false;
    let at = 0;
    let before: Slot<Item> | undefined;
    // A function for each would take twice as long.
    for (const slot of length > limit ? [] : slots) {
      const isBehind = compare && before && compare(before.item, slot.item) > 0;
      if (isBehind || !this.$isLeft(slot, at++)) return false;
      before = slot;
    }
    return true;
  }

  protected $isLeft({ item }: Slot<Item>, at: number): boolean {
    return item === this.$items[at];
  }

  /** Puts the array right. */
  protected $renew(): void {
    const items = this.$items;
    const compare = this.$compare;
    const slots = this.$slots;
    if (compare) slots.sort((left, right) => compare(left.item, right.item));
    items.length = this.$shifted = 0;
    this.$isTouched = false;
    for (const slot of slots) slot.at = items.push(slot.item) - 1;
  }

  /** Makes list and array dense, and puts everything to its place. */
  protected $settle(): void {
    const items = this.$items;
    const slots = this.$slots;
    const leaving = this.$leaving;
    if (leaving.size === 0) return;
    const places: number[] = [];
    const coming: Slot<Item>[] = [];
    for (const [slot, comesBack] of leaving) {
      places.push(this.$placeOf(slot));
      if (comesBack) coming.push(slot);
    }
    leaving.clear();
    places.sort((left, right) => left - right);
    removeAt(items, places);
    removeAt(slots, places);
    this.$shifted += places.length;
    const areMany = coming.length > MANY || this.$shifted > SHIFTED;
    for (const slot of coming) {
      const at = areMany ? slots.length : this.$placeFor(slot.item);
      items.splice(at, 0, slot.item);
      slots.splice(at, 0, slot);
      slot.at = at + this.$shifted;
    }
    if (areMany) this.$renew();
  }

  private $name(slot: Slot<Item>, key: Key | undefined): void {
    this.$forget(slot);
    slot.key = key;
    if (key !== undefined) this.$byKey.set(key, slot);
  }

  private $forget(slot: Slot<Item>): void {
    const key = slot.key as Key;
    if (this.$byKey.get(key) === slot) this.$byKey.delete(key);
  }

  /** Behind the equal ones. */
  private $placeFor(item: Item): number {
    const slots = this.$slots;
    let low = 0;
    let high = slots.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const known = (slots[middle] as Slot<Item>).item;
      if ((this.$compare?.(known, item) ?? 0) > 0) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
