/** Identities remembered at most. */
const LIMIT = 10_000;

/**
 * The identities that were closed lately. A client may be in the middle of its
 * admission then, by guards that have looked before.
 */
export class RecentClosings {
  /** By key, with the number of the last closing; the earliest first. */
  private readonly numbers = new Map<string, number>();
  private count = 0;
  /** Closings up to this number are no longer known. */
  private floor = 0;

  /** @param limit Identities remembered at most. */
  constructor(private readonly limit: number = LIMIT) {}

  /** How far they have come. */
  mark(): number {
    return this.count;
  }

  add(key: string): void {
    this.numbers.delete(key);
    this.numbers.set(key, ++this.count);
    if (this.numbers.size <= this.limit) return;
    for (const [oldest, number] of this.numbers) {
      this.numbers.delete(oldest);
      this.floor = number;
      break;
    }
  }

  /** There may have been any. */
  lose(): void {
    this.floor = ++this.count;
    this.numbers.clear();
  }

  /** Whether an identity was closed after a mark, or nobody can tell. */
  mayHave(key: string, mark: number): boolean {
    return mark < this.floor || (this.numbers.get(key) ?? 0) > mark;
  }
}
