import type { Delay } from './random-delays.js';

/** How a mailbox treats what is pushed into it. */
export interface Delivery {
  readonly delay: Delay;
  /** Takes what the listener throws. */
  readonly fail: (error: unknown) => void;
  /** Whether what is pushed next is lost. */
  readonly loses: () => boolean;
  readonly onGap: (() => void) | undefined;
}

/**
 * Calls a listener later, in the order in which things were pushed. From a loss
 * on, everything pushed is lost until the listener is told of it, as while a
 * network is cut.
 */
export class Mailbox<A extends readonly unknown[]> {
  readonly #listener: (...args: A) => void;
  readonly #how: Delivery;
  #last: Promise<unknown> = Promise.resolve();
  #cut = false;
  #stopped = false;

  constructor(listener: (...args: A) => void, how: Delivery) {
    this.#listener = listener;
    this.#how = how;
  }

  /**
   * Settles when everything pushed until now has been delivered, or the
   * listener has been told of its loss.
   */
  get delivered(): Promise<unknown> {
    return this.#last;
  }

  push(...args: A): void {
    if (this.#cut) return;
    if (this.#how.loses()) this.lose();
    else this.#put(() => this.#listener(...args));
  }

  /** Tells the listener of a loss that happened before this mailbox. */
  gap(): void {
    if (this.#cut) return;
    this.#put(() => this.#how.onGap?.());
  }

  /** Loses what is pushed from now on, until the listener is told of it. */
  lose(): void {
    if (this.#cut) return;
    this.#cut = true;
    this.#put(() => {
      this.#cut = false;
      this.#how.onGap?.();
    });
  }

  /** Drops what is still on its way. */
  stop(): void {
    this.#stopped = true;
  }

  #put(act: () => void): void {
    this.#last = Promise.all([this.#last, this.#how.delay()]).then(() => {
      if (this.#stopped) return;
      try {
        act();
      } catch (error) {
        this.#how.fail(error);
      }
    });
  }
}
