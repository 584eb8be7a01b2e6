/** Lines of one kind that are printed within a period. */
const LINES = 10;
/** The length of a period in milliseconds. */
const PERIOD = 10_000;

/**
 * Prints errors to the console. The number of lines of one kind is bounded,
 * since servers and strangers can cause them. The kinds are chosen by the
 * program.
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
