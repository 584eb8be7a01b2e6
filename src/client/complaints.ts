/** How many lines of one kind are printed within a period. */
const LINES = 10;
/** Milliseconds. */
const PERIOD = 10_000;

/**
 * Prints errors to the console. Servers and strangers can cause only so many
 * lines of one kind; the kinds are the program's own.
 */
export class Complaints {
  readonly #counts = new Map<string, number>();
  #since = 0;

  print(kind: string, ...message: unknown[]): void {
    const now = Date.now();
    if (now - this.#since >= PERIOD) {
      this.#counts.clear();
      this.#since = now;
    }
    const count = this.#counts.get(kind) ?? 0;
    if (count >= LINES) return;
    this.#counts.set(kind, count + 1);
    console.error(`Snorky: ${kind}`, ...message);
  }
}
