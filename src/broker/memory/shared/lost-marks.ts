/**
 * Remembers up to which number forgotten logs have lost entries, in constant
 * memory.
 *
 * Names share marks by their hash. A log may seem to have lost more than it
 * has, and its reader then fetches again. It never seems to have lost less,
 * which would be a silent hole. Remembering each name instead would be a leak.
 */
export class LostMarks {
  readonly #marks = new Float64Array(1024);

  /** Notes that entries of `name` up to `number` are lost. */
  mark(name: string, number: number): void {
    const slot = slotOf(name);
    if (number > (this.#marks[slot] ?? 0)) this.#marks[slot] = number;
  }

  /** The number after which no entry of a forgotten `name` has been lost. */
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
  // The high half is folded in: the low bits alone are badly distributed.
  return (hash ^ (hash >>> 15)) & 1023;
}
