import type { Delay } from './random-delays.js';

/** Calls a listener later, in the order of what was pushed. */
export class Mailbox<A extends readonly unknown[]> {
  readonly #delay: Delay;
  readonly #listener: (...args: A) => void;
  readonly #fail: (error: unknown) => void;
  #last: Promise<unknown> = Promise.resolve();
  #stopped = false;

  constructor(
    delay: Delay,
    listener: (...args: A) => void,
    fail: (error: unknown) => void,
  ) {
    this.#delay = delay;
    this.#listener = listener;
    this.#fail = fail;
  }

  /** Settles when all that was pushed until now has been delivered. */
  get delivered(): Promise<unknown> {
    return this.#last;
  }

  push(...args: A): void {
    this.#last = Promise.all([this.#last, this.#delay()]).then(() => {
      if (this.#stopped) return;
      try {
        this.#listener(...args);
      } catch (error) {
        this.#fail(error);
      }
    });
  }

  /** Drops what is still on its way. */
  stop(): void {
    this.#stopped = true;
  }
}
