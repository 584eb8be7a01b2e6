/**
 * Up to where logs that were forgotten have lost entries, in constant memory.
 *
 * Names share marks by their hash: a log may seem to have lost more than it has
 * - its reader then fetches afresh - but never less, which would be a silent
 * hole. Remembering each name instead would be a leak.
 */
export class LostMarks {
  readonly #marks = new Float64Array(1024);

  /** Notes that entries of `name` up to `number` can no longer be had. */
  mark(name: string, number: number): void {
    const slot = slotOf(name);
    if (number > (this.#marks[slot] ?? 0)) this.#marks[slot] = number;
  }

  /** No entry of a forgotten `name` after this number has been lost. */
  of(name: string): number {
    return this.#marks[slotOf(name)] ?? 0;
  }
}

/** FNV-1a over UTF-16 units. */
function slotOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < name.length; index += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  }
  // Folded: the low bits alone are weak.
  return (hash ^ (hash >>> 15)) & 1023;
}
