import type { SnorkyOptions } from '../snorky-options.js';
import { after, now, type Timer } from '../timer.js';

/** The connection that {@link Liveness} watches. */
export interface Living {
  /** Asks the server for a sign of life; false where that is not possible. */
  $ask(): boolean;
  /** Whether there is a reason for silence: the question waits behind others. */
  $isBusy(): boolean;
  /** Nothing came. */
  $dead(): void;
}

/** How many times a busy connection gets its time anew. */
const BUSY = 6;

/**
 * Notices a connection that only looks open: after sleep, a change of networks,
 * a server that lost its power. A browser would wait for minutes, and a page
 * that only listens would never know.
 */
export class Liveness {
  #heardAt = 0;
  #beat: Timer;
  #deadline: Timer;
  /** Milliseconds; 0: it is never asked. */
  readonly #heartbeat: number;
  /** Milliseconds that an answer may take; 0: for ever. */
  readonly #patience: number;
  readonly #living: Living;

  constructor(
    { heartbeat = 30_000, heartbeatTimeout = 10_000 }: SnorkyOptions,
    living: Living,
  ) {
    this.#heartbeat = heartbeat;
    this.#patience = heartbeatTimeout;
    this.#living = living;
  }

  start(): void {
    this.heard();
    this.#beatIn(this.#heartbeat);
  }

  stop(): void {
    clearTimeout(this.#beat);
    clearTimeout(this.#deadline);
    this.#deadline = undefined;
  }

  /** Something arrived. On the way of every message, so it does nothing else. */
  heard(): void {
    this.#heardAt = now();
  }

  /**
   * Asks now, unless a question is open: that may get less time.
   *
   * @param most Milliseconds that the answer may take, if that is less.
   */
  check(most = Infinity): void {
    if (!this.#heartbeat) return;
    const isOpen = this.#deadline && this.#heardAt < 0;
    if (isOpen ? most > this.#patience : !this.#living.$ask()) return;
    clearTimeout(this.#deadline);
    // Earlier than anything that is heard from now on.
    this.#heardAt = -1;
    this.#wait(Math.min(this.#patience, most), BUSY);
  }

  /** Silence counts from what was heard last: a fixed tick would let it double. */
  #beatIn(time: number): void {
    this.#beat = after(time, () => {
      const left = this.#heardAt + this.#heartbeat - now();
      if (left <= 0) this.check();
      this.#beatIn(left > 0 ? left : this.#heartbeat);
    });
  }

  #wait(patience: number, times: number): void {
    this.#deadline = after(patience, () => {
      this.#deadline = undefined;
      if (this.#heardAt >= 0) return;
      const living = this.#living;
      if (times > 0 && living.$isBusy()) this.#wait(patience, times - 1);
      else living.$dead();
    });
  }
}
