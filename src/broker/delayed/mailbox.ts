import type { Delay } from './random-delays.js';

/** How a mailbox treats what is pushed into it. */
export interface Delivery {
  readonly delay: Delay;
  /** Takes what the listener throws. */
  readonly fail: (error: unknown) => void;
  /** Whether the next is lost. */
  readonly loses: () => boolean;
  readonly onGap: (() => void) | undefined;
}

/**
 * Calls a listener later, in the order of what was pushed. What is pushed from a
 * loss on until the listener is told of it is lost too, as while a network is cut.
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
   * Settles when all that was pushed until now has been delivered, or its loss
   * told.
   */
  get delivered(): Promise<unknown> {
    return this.#last;
  }

  push(...args: A): void {
    if (this.#cut) return;
    if (this.#how.loses()) this.lose();
    else this.#put(() => this.#listener(...args));
  }

  /** What was lost, was lost before it came here. */
  gap(): void {
    if (this.#cut) return;
    this.#put(() => this.#how.onGap?.());
  }

  /** Loses what is pushed for a while. */
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
