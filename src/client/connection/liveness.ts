import { after, now, type Timer } from '../timer.js';

/** What {@link Liveness} is given. Times in milliseconds. */
export interface LivenessOptions {
  /** How long it may be silent before it is asked; 0: it is never asked. */
  readonly heartbeat: number;
  /** How long it may then take to say anything; 0: for ever. */
  readonly patience: number;
  /** Asks the server for a sign of life; false where that is not possible. */
  readonly ask: () => boolean;
  /** Whether there is a reason for silence: the question waits behind others. */
  readonly $isBusy: () => boolean;
  /** Nothing came. */
  readonly dead: () => void;
}

/** How often patience is had anew with a connection that is busy. */
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
  readonly #options: LivenessOptions;

  constructor(options: LivenessOptions) {
    this.#options = options;
  }

  start(): void {
    this.heard();
    this.#beatIn(this.#options.heartbeat);
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
   * Asks now, unless it was asked and still has time to answer.
   *
   * @param most Milliseconds that the answer may take, if that is less.
   */
  check(most = Infinity): void {
    const { heartbeat, patience, ask } = this.#options;
    if (heartbeat === 0 || this.#deadline || !ask()) return;
    // Earlier than anything that is heard from now on.
    this.#heardAt = -1;
    this.#wait(Math.min(patience, most), BUSY);
  }

  /** Silence counts from what was heard last: a fixed tick would let it double. */
  #beatIn(time: number): void {
    this.#beat = after(time, () => {
      const { heartbeat } = this.#options;
      const left = this.#heardAt + heartbeat - now();
      if (left <= 0) this.check();
      this.#beatIn(left > 0 ? left : heartbeat);
    });
  }

  #wait(patience: number, times: number): void {
    const { $isBusy, dead } = this.#options;
    this.#deadline = after(patience, () => {
      this.#deadline = undefined;
      if (this.#heardAt >= 0) return;
      if (times > 0 && $isBusy()) this.#wait(patience, times - 1);
      else dead();
    });
  }
}
