import type { Key } from './key.js';

/** How many rows may share a slot before all are given new ones. */
export const SLOT_LIMIT = 512;

/**
 * Where the rows of an array are, by their keys, while rows come and go.
 *
 * A row keeps the slot that it was given. Its place in the array is the number
 * of rows in the slots before, which a Fenwick tree counts: neither a removal
 * nor an insertion touches the rows behind it. Rows that were appended have a
 * slot each; one that was put between others shares the slot of its neighbour,
 * so a slot says where to begin to look.
 */
export class RowIndex {
  /** A slot, or for rows that have no place yet what their owner wants. */
  readonly slots = new Map<Key, number>();
  private tree = new Int32Array(1);
  private capacity = 0;
  private next = 0;

  /** Gives new slots. Of equal keys the first row's counts. */
  rebuild(length: number, keyAt: (place: number) => Key | undefined): void {
    this.slots.clear();
    for (let place = length - 1; place >= 0; place--) {
      const key = keyAt(place);
      if (key !== undefined) this.slots.set(key, place);
    }
    this.capacity = 64;
    while (this.capacity < 2 * length) this.capacity *= 2;
    this.tree = new Int32Array(this.capacity + 1);
    for (let node = 1; node <= this.capacity; node++) {
      const first = node - (node & -node);
      this.tree[node] = Math.max(0, Math.min(node, length) - first);
    }
    this.next = length;
  }

  /** Takes a row at the end. Answers whether there was a slot for it. */
  append(key: Key | undefined): boolean {
    if (this.next === this.capacity) return false;
    if (key !== undefined) this.slots.set(key, this.next);
    this.add(this.next++, 1);
    return true;
  }

  /** Takes a row at a place. Answers whether its slot can take another one. */
  insert(key: Key | undefined, place: number): boolean {
    if (place === this.placeOf(this.next)) return this.append(key);
    const slot = this.slotAt(place - 1);
    if (key !== undefined) this.slots.set(key, slot);
    this.add(slot, 1);
    return this.placeOf(slot + 1) - this.placeOf(slot) < SLOT_LIMIT;
  }

  /** Forgets the row at a place, but not its key. */
  remove(place: number): void {
    this.add(this.slotAt(place), -1);
  }

  /** Moves a slot to another key. */
  rename(from: Key | undefined, to: Key | undefined): void {
    if (from === to || from === undefined) return;
    const slot = this.slots.get(from);
    this.slots.delete(from);
    if (to !== undefined && slot !== undefined) this.slots.set(to, slot);
  }

  /** Where the rows of a slot begin. */
  placeOf(slot: number): number {
    let place = 0;
    for (let node = slot; node > 0; node &= node - 1) {
      place += this.tree[node] ?? 0;
    }
    return place;
  }

  private slotAt(place: number): number {
    let slot = 0;
    let rest = Math.max(place, 0);
    for (let step = this.capacity; step > 0; step >>= 1) {
      const count = this.tree[slot + step];
      if (count !== undefined && count <= rest) {
        slot += step;
        rest -= count;
      }
    }
    return slot;
  }

  private add(slot: number, count: number): void {
    const { tree } = this;
    for (let node = slot + 1; node < tree.length; node += node & -node) {
      tree[node] = (tree[node] ?? 0) + count;
    }
  }
}
