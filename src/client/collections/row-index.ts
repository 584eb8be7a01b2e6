import type { Key } from './key.js';

/**
 * Where the rows of an array are, by their keys, while rows come and go.
 *
 * Each row has a number, and the numbers ascend along the array: a row that is
 * put between two others gets one between theirs. So a row keeps its number when
 * others move, and a search among the numbers tells its place.
 */
export class RowIndex {
  /** Of how many rows it knows. */
  length = 0;
  readonly #numbers = new Map<Key, number>();
  /** By place, with room for more. */
  #order = new Float64Array(0);

  readonly #keyAt: (place: number) => Key | undefined;

  constructor(keyAt: (place: number) => Key | undefined) {
    this.#keyAt = keyAt;
  }

  /** The place of a row; -1 if another row is there, undefined if it is new. */
  find(key: Key): number | undefined {
    const order = this.#order;
    const { length } = this;
    const number = this.#numbers.get(key);
    if (number === undefined) return undefined;
    let low = 0;
    let high = length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((order[middle] as number) < number) low = middle + 1;
      else high = middle;
    }
    // Numbers may have become so close that there was none between them.
    return low < length && this.#keyAt(low) === key ? low : -1;
  }

  /** Whether it knows the row at a place. */
  knows(place: number): boolean {
    const key = this.#keyAt(place);
    return key === undefined || this.#numbers.get(key) === this.#order[place];
  }

  /** Is told that a row has come to a place. */
  insert(place: number): void {
    const order = this.#order;
    const { length } = this;
    if (length === order.length) {
      this.#order = new Float64Array(2 * length + 64);
      this.#order.set(order);
      this.insert(place);
      return;
    }
    const last = order[place - 1] ?? 0;
    const next = place < length ? (order[place] as number) : last + 2;
    order.copyWithin(place + 1, place, this.length++);
    order[place] = (last + next) / 2;
    this.remember(place);
  }

  /** Takes the key of the row at a place, unless it is another's. */
  remember(place: number): void {
    const key = this.#keyAt(place);
    if (key === undefined || this.#numbers.has(key)) return;
    this.#numbers.set(key, this.#order[place] as number);
  }

  /** Forgets the key of the row at a place. */
  forget(place: number): void {
    this.#numbers.delete(this.#keyAt(place) as Key);
  }

  /** Is told that rows have left their places, which ascend. */
  remove(places: readonly number[]): void {
    for (const [nth, place] of places.entries()) {
      const end = places[nth + 1] ?? this.length;
      this.#order.copyWithin(place - nth, place + 1, end);
    }
    this.length -= places.length;
  }

  rebuild(length: number): void {
    this.#numbers.clear();
    this.length = 0;
    while (this.length < length) this.insert(this.length);
  }
}
