import type { SnorkyOptions } from '../snorky-options.js';
import { after, now, type Timer } from '../timer.js';

/** The connection that {@link Liveness} watches. */
export interface Living {
  /**
   * Asks the server for a sign of life. Answers false if it cannot be asked.
   */
  $ask(): boolean;
  /**
   * Whether the server has a reason for silence: the question waits behind
   * other messages.
   */
  $isBusy(): boolean;
  /** Called when no sign of life came. */
  $dead(): void;
}

/** How often a busy connection gets the whole time again. */
const BUSY = 6;

/**
 * Notices a connection that only looks open: after sleep, after a change of
 * networks, or when the server has lost its power. A browser would wait for
 * minutes, and a page that only listens would never know.
 */
export class Liveness {
  #heardAt = 0;
  #beat: Timer;
  #deadline: Timer;
  /** Milliseconds of silence after which the server is asked; 0: never. */
  readonly #heartbeat: number;
  /** Milliseconds that an answer may take; 0: any time. */
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

  /**
   * Notes that a message has arrived. It does nothing else, since it runs for
   * each message.
   */
  heard(): void {
    this.#heardAt = now();
  }

  /**
   * Asks now, unless a question is open. An open question may get less time.
   *
   * @param most Milliseconds that the answer may take, if that is less than
   *   usual.
   */
  check(most = Infinity): void {
    if (!this.#heartbeat) return;
    const isOpen = this.#deadline && this.#heardAt < 0;
    if (isOpen ? most > this.#patience : !this.#living.$ask()) return;
    clearTimeout(this.#deadline);
    // A time before any message that arrives from now on.
    this.#heardAt = -1;
    this.#wait(Math.min(this.#patience, most), BUSY);
  }

  /**
   * The silence counts from the last message. With a fixed tick it could be
   * twice as long.
   */
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
