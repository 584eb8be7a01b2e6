import { Reconnection } from '../connection/reconnection.js';
import type { RefetchOptions } from './part.js';
import { now, type Timer } from '../timer.js';

/** Decides when rows are fetched next, and waits for that. */
export class FetchTiming {
  /** Slows down fetching that fails. */
  readonly $backoff = new Reconnection();
  /** The delays of fetches of a part, which grow while changes do not pause. */
  readonly #pace: Reconnection;
  readonly #fetch: () => void;
  #next: Timer;
  /** Since when they are live; `Infinity` if not since the last delay. */
  #since = Infinity;
  /** Whether a new connection makes the next fetch happen at once. */
  $isHasty = false;

  constructor(fetch: () => void, refetch?: RefetchOptions) {
    this.#fetch = fetch;
    this.#pace = new Reconnection({
      maxDelay: 5000,
      stableAfter: 1000,
      ...refetch,
    });
  }

  /** Gives up the next fetch. */
  $stop(): void {
    clearTimeout(this.#next);
    this.#next = undefined;
    this.$isHasty = false;
  }

  /**
   * Fetches again some time after a fetch, or what followed it, has failed.
   *
   * @param wait Milliseconds that the server asks to wait at least.
   */
  $afterFailure(wait: number): void {
    this.$isHasty = wait === 0;
    this.#next = setTimeout(this.#fetch, wait + this.$backoff.nextDelay());
  }

  /**
   * Fetches after a change that outdated the rows, unless a fetch is due already.
   *
   * @param delay Milliseconds until the fetch; default: random, and longer with
   *   each fetch until changes pause.
   */
  $afterChange(delay?: number): void {
    this.#next ??= setTimeout(this.#fetch, delay ?? this.#paced());
  }

  /** Notes that the rows are live. Answers whether no fetch is due already. */
  $live(): boolean {
    this.$backoff.reset();
    if (this.#next) return false;
    this.#since = now();
    return true;
  }

  #paced(): number {
    if (now() - this.#since >= this.#pace.stableAfter) this.#pace.reset();
    this.#since = Infinity;
    return this.#pace.nextDelay();
  }
}
