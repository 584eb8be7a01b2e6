/**
 * Texts that were made lately, up to a bound in UTF-16 units. The next question
 * is mostly for the same text. The oldest text is dropped first.
 */
export class RecentTexts<Key extends object> {
  private readonly texts = new Map<Key, string>();
  private units = 0;

  constructor(private readonly limit: number) {}

  /** The length of the kept texts, in UTF-16 units. */
  get size(): number {
    return this.units;
  }

  get(key: Key): string | undefined {
    return this.texts.get(key);
  }

  /**
   * Keeps the text of a key that has none yet. A text that is too long is not
   * kept.
   */
  add(key: Key, text: string): void {
    if (text.length > this.limit) return;
    this.units += text.length;
    this.texts.set(key, text);
    if (this.units > this.limit) this.shrink();
  }

  private shrink(): void {
    for (const [oldest, { length }] of this.texts) {
      this.texts.delete(oldest);
      this.units -= length;
      if (this.units <= this.limit) return;
    }
  }
}
