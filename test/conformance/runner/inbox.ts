/**
 * What has arrived and was not looked at yet. Arrivals are queued, so nothing
 * is missed between two steps.
 */
export class Inbox<T> {
  readonly #waiting: T[] = [];
  #wake: (() => void) | undefined;

  put(item: T): void {
    this.#waiting.push(item);
    this.#wake?.();
  }

  /** The next item; `undefined` when none comes in time. */
  async take(milliseconds: number): Promise<T | undefined> {
    if (this.#waiting.length === 0) await this.#arrival(milliseconds);
    return this.#waiting.shift();
  }

  /** Everything that is left. */
  drain(): T[] {
    return this.#waiting.splice(0);
  }

  #arrival(milliseconds: number): Promise<void> {
    return new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    }).then(() => {
      this.#wake = undefined;
    });
  }
}
