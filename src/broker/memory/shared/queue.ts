/**
 * First in, first out, with access by index. `Array.prototype.shift` moves
 * every element once an array is large; this queue moves each at most once.
 */
export class Queue<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** The item at `index`, counted from the oldest. */
  at(index: number): T | undefined {
    return this.#items[this.#head + index];
  }

  shift(): T | undefined {
    const item = this.#items[this.#head];
    if (this.length === 0) return undefined;
    // The slot is cleared: it would hold the item in memory until the next
    // compaction.
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
  }

  /**
   * The index of the first item for which `isAfter` is true. The queue must be
   * sorted by it.
   */
  firstIndex(isAfter: (item: T) => boolean): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isAfter(this.at(middle) as T)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
