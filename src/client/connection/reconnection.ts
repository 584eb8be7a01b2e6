import type { Close } from './connection.js';
import { reportUncaught } from '../signal.js';
import { LONGEST_TIMER } from '../../protocol/longest-timer.js';

/** When a lost connection comes back. All times are milliseconds. */
export interface ReconnectionOptions {
  /** The upper bound of the first delay. @default 1000 */
  readonly minDelay?: number;
  /** The upper bound of all delays. @default 30000 */
  readonly maxDelay?: number;
  /** The factor by which the upper bound grows with each attempt. @default 2 */
  readonly factor?: number;
  /**
   * Attempts in a row until it gives up; 0: it never comes back. @default
   * Infinity
   */
  readonly attempts?: number;
  /**
   * How long a connection has to hold before the delays begin anew. 0: opening it
   * is enough; a server that accepts and closes at once is then asked again and
   * again, with hardly a delay.
   *
   * @default 5000
   */
  readonly stableAfter?: number;
  /**
   * Decides whether to come back after a close.
   *
   * @default not after 1009 and 4100-4199
   * @see comesBack
   */
  readonly comesBack?: (close: Close) => boolean;
  /**
   * Whether to come back after 4100 too, when the proof of the identity has
   * expired. The address is asked for again, and may have a new proof. It stops
   * after three such closes in a row, with no connection between them that held
   * for `stableAfter`: the new proofs are no better.
   *
   * @default false
   */
  readonly renew?: boolean;
  /** Gives random numbers from 0 to below 1. @default Math.random */
  readonly random?: () => number;
}

/**
 * Whether the server's close code allows to come back. After 1009 (a message
 * was too large) and 4100-4199 (for example: the identity has expired) the same
 * would happen again, unless something is changed first.
 */
export function comesBack({ code }: Close): boolean {
  return code !== 1009 && !(code >= 4100 && code < 4200);
}

/** The close code of an identity that has expired. */
const EXPIRED = 4100;
/** How many times in a row a new proof is tried. */
const RENEWALS = 3;

/**
 * The delays of a connection that comes back: exponential, with full jitter.
 */
export class Reconnection {
  #attempt = 0;
  #renewals = 0;
  readonly #options: ReconnectionOptions;

  constructor(options: ReconnectionOptions = {}) {
    this.#options = options;
  }

  /** How long a connection has to hold before the delays begin anew. */
  get stableAfter(): number {
    return this.#options.stableAfter ?? 5000;
  }

  /** Why the connection does not come back; undefined if it does. */
  objection(close: Close): string | undefined {
    const { attempts = Infinity } = this.#options;
    if (!this.#isAllowed(close)) {
      return `the server closed with ${close.code} "${close.reason}"`;
    }
    return this.#attempt < attempts
      ? undefined
      : `${attempts} attempts are allowed`;
  }

  #isAllowed(close: Close): boolean {
    const { renew = false, comesBack: allowed = comesBack } = this.#options;
    if (renew && close.code === EXPIRED) return this.#renewals++ < RENEWALS;
    try {
      return allowed(close);
    } catch (error) {
      reportUncaught(error);
      return true;
    }
  }

  /**
   * Milliseconds until the next attempt: a random number up to a bound that
   * grows. All clients lose a server at the same moment, and must not come back
   * at the same moment.
   */
  nextDelay(): number {
    const {
      minDelay = 1000,
      maxDelay = 30_000,
      factor = 2,
      random = Math.random,
    } = this.#options;
    const bound = minDelay * factor ** this.#attempt++;
    return random() * Math.min(maxDelay, bound, LONGEST_TIMER);
  }

  /** Begins the delays anew: the next loss is the first of a row. */
  reset(): void {
    this.#attempt = this.#renewals = 0;
  }
}
