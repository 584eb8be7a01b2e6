/** How long a test waits for a message, in milliseconds, unless it says. */
export const PATIENCE = 2000;

interface Waiting<T> {
  readonly resolve: (item: T) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** Keeps what arrives until a test asks for it. */
export class Inbox<T> {
  private readonly arrived: T[] = [];
  private readonly waiting: Waiting<T>[] = [];
  private ended: string | undefined;

  put(item: T): void {
    const first = this.waiting.shift();
    if (first === undefined) {
      this.arrived.push(item);
    } else {
      clearTimeout(first.timer);
      first.resolve(item);
    }
  }

  /** What arrived and was not asked for yet. */
  get unread(): readonly T[] {
    return this.arrived;
  }

  /**
   * The next item, in the order of arrival.
   *
   * Rejects when none comes within `patience` milliseconds, or none can come
   * any more.
   */
  next(patience: number = PATIENCE): Promise<T> {
    if (this.arrived.length > 0)
      return Promise.resolve(this.arrived.shift() as T);
    if (this.ended !== undefined) return Promise.reject(new Error(this.ended));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.splice(this.waiting.indexOf(entry), 1);
        reject(new Error(`No message came within ${patience} ms.`));
      }, patience);
      const entry = { resolve, reject, timer };
      this.waiting.push(entry);
    });
  }

  /** Nothing will come any more. */
  end(reason: string): void {
    this.ended = reason;
    for (const { timer, reject } of this.waiting.splice(0)) {
      clearTimeout(timer);
      reject(new Error(reason));
    }
  }
}
