/** Milliseconds that a test waits for a message by default. */
export const PATIENCE = 2000;

/** The number of messages that an error lists. */
const TOLD = 10;

interface Waiting<T> {
  readonly takes: (item: T) => boolean;
  readonly resolve: (item: T) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** What a test waits for. */
export interface Wish<T> {
  /** Whether an item is the right one. @default any item is */
  readonly takes?: (item: T) => boolean;
  /** The name of the item in errors. */
  readonly what: string;
  /** Milliseconds to wait. */
  readonly patience: number;
}

/** Keeps what arrives until a test asks for it. */
export class Inbox<T> {
  private readonly arrived: T[] = [];
  private readonly waiting: Waiting<T>[] = [];
  private ended: string | undefined;

  /** @param show Describes one item in a short line, for errors. */
  constructor(private readonly show: (item: T) => string) {}

  put(item: T): void {
    const at = this.waiting.findIndex(({ takes }) => takes(item));
    const [first] = at === -1 ? [] : this.waiting.splice(at, 1);
    if (first === undefined) {
      this.arrived.push(item);
    } else {
      clearTimeout(first.timer);
      first.resolve(item);
    }
  }

  /** The items that no test has taken yet. */
  get unread(): readonly T[] {
    return this.arrived;
  }

  /**
   * Takes the next item that fits, in the order of arrival. Other items stay.
   *
   * Rejects when none arrives in time, or none can arrive any more.
   */
  next({ takes = () => true, what, patience }: Wish<T>): Promise<T> {
    const at = this.arrived.findIndex(takes);
    if (at !== -1) return Promise.resolve(this.arrived.splice(at, 1)[0] as T);
    if (this.ended !== undefined) return Promise.reject(new Error(this.ended));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.splice(this.waiting.indexOf(entry), 1);
        reject(
          new Error(`${what} came within ${patience} ms.${this.others()}`),
        );
      }, patience);
      const entry = { takes, resolve, reject, timer };
      this.waiting.push(entry);
    });
  }

  /** Rejects those who wait: nothing will arrive any more. */
  end(reason: string): void {
    this.ended = reason;
    for (const { timer, reject } of this.waiting.splice(0)) {
      clearTimeout(timer);
      reject(new Error(reason));
    }
  }

  private others(): string {
    const { arrived } = this;
    if (arrived.length === 0) return ' Nothing else arrived.';
    const told = arrived.slice(0, TOLD).map((item) => `\n  ${this.show(item)}`);
    const more = arrived.length - told.length;
    return ` What arrived and was not asked for:${told.join('')}${more > 0 ? `\n  and ${more} more` : ''}`;
  }
}
