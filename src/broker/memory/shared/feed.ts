import type { Stop } from '../../ports/listening.js';
import { Queue } from './queue.js';

/** A listener of a feed. */
export interface Subscription<E> {
  readonly listener: (event: E) => void;
  /** Called when events may have been lost. */
  readonly onGap: (() => void) | undefined;
  /** The listener gets the events with a higher number. */
  readonly from: number;
  /** Takes what the listener throws; must not throw itself. */
  readonly fail: (error: unknown) => void;
}

/** What waits in a feed: an event, or the notice that some were lost. */
interface Waiting<E> {
  readonly number: number;
  readonly event: E | typeof GAP;
}

const GAP: unique symbol = Symbol('gap');

/**
 * Hands events to listeners in the order of their numbers, whatever listeners
 * do meanwhile. An event that arrives while another is being delivered waits.
 * Delivered at once, it would overtake the current event at the listeners that
 * have not had it yet, and would call the current listener again inside its own
 * call.
 */
export class Feed<E> {
  readonly #subscriptions = new Set<Subscription<E>>();
  readonly #waiting = new Queue<Waiting<E>>();
  readonly #onIdle: () => void;
  #busy = false;

  /**
   * @param onIdle Called when there are no listeners and nothing is under way.
   */
  constructor(onIdle: () => void) {
    this.#onIdle = onIdle;
  }

  get idle(): boolean {
    return !this.#busy && this.#subscriptions.size === 0;
  }

  deliver(number: number, event: E): void {
    this.#deliver(number, event);
  }

  /** Tells the listeners that events before this number may have been lost. */
  lose(number: number): void {
    this.#deliver(number, GAP);
  }

  subscribe(subscription: Subscription<E>): Stop {
    this.#subscriptions.add(subscription);
    return () => {
      if (this.#subscriptions.delete(subscription) && this.idle) this.#onIdle();
    };
  }

  /**
   * Gives a new listener the events that it has missed, before anything else.
   */
  catchUp(subscription: Subscription<E>, backlog: readonly E[]): void {
    const outermost = !this.#busy;
    this.#busy = true;
    try {
      for (const event of backlog) {
        if (!this.#subscriptions.has(subscription)) break;
        call(subscription, event);
      }
    } finally {
      if (outermost) this.#settle();
    }
  }

  #deliver(number: number, event: E | typeof GAP): void {
    if (this.#busy) {
      this.#waiting.push({ number, event });
      return;
    }
    this.#busy = true;
    try {
      this.#toAll(number, event);
    } finally {
      this.#settle();
    }
  }

  #settle(): void {
    try {
      let next;
      while ((next = this.#waiting.shift())) {
        this.#toAll(next.number, next.event);
      }
    } finally {
      this.#busy = false;
    }
    if (this.#subscriptions.size === 0) this.#onIdle();
  }

  // The loop walks the set itself. A listener that stops meanwhile is skipped
  // at once. One that is added is visited, but its `from` is too high for this
  // event.
  #toAll(number: number, event: E | typeof GAP): void {
    for (const subscription of this.#subscriptions) {
      if (number > subscription.from) call(subscription, event);
    }
  }
}

function call<E>(subscription: Subscription<E>, event: E | typeof GAP): void {
  try {
    if (event === GAP) subscription.onGap?.();
    else subscription.listener(event as E);
  } catch (error) {
    subscription.fail(error);
  }
}
