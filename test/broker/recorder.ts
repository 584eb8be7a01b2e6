/** Keeps what a listener is called with, and lets a test wait for it. */
export class Recorder<T> {
  readonly seen: T[] = [];
  #waiting: { readonly isEnough: () => boolean; readonly done: () => void }[] =
    [];

  readonly listener = (item: T): void => {
    this.seen.push(item);
    const waiting = this.#waiting;
    this.#waiting = waiting.filter(({ isEnough }) => !isEnough());
    for (const { isEnough, done } of waiting) if (isEnough()) done();
  };

  /** Settles when so many calls have been recorded. */
  async count(count: number): Promise<readonly T[]> {
    return this.until((seen) => seen.length >= count);
  }

  async until(
    isEnough: (seen: readonly T[]) => boolean,
  ): Promise<readonly T[]> {
    if (!isEnough(this.seen)) {
      await new Promise<void>((done) => {
        this.#waiting.push({ isEnough: () => isEnough(this.seen), done });
      });
    }
    return this.seen;
  }
}
