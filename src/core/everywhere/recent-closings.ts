/** Identities remembered at most. */
const LIMIT = 10_000;

/**
 * The identities that were closed lately. Guards may have decided about a
 * client before the closing, while the client is not in yet.
 */
export class RecentClosings {
  /**
   * The number of the last closing by the key of its identity, the earliest
   * first.
   */
  private readonly numbers = new Map<string, number>();
  private count = 0;
  /** Closings up to this number have been forgotten. */
  private floor = 0;

  /** @param limit Identities remembered at most. */
  constructor(private readonly limit: number = LIMIT) {}

  /** The number of the last closing. */
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

  /** Closings were lost: any identity may have been closed until now. */
  lose(): void {
    this.floor = ++this.count;
    this.numbers.clear();
  }

  /** Whether an identity was closed after a mark, or may have been. */
  mayHave(key: string, mark: number): boolean {
    return mark < this.floor || (this.numbers.get(key) ?? 0) > mark;
  }
}
