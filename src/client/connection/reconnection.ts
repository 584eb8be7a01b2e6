import type { Close } from './connection.js';
import { reportUncaught } from '../signal.js';
import { LONGEST_TIMER } from '../../protocol/longest-timer.js';

/** When to come back after the connection was lost. Times in milliseconds. */
export interface ReconnectionOptions {
  /** The longest delay of the first attempt. @default 1000 */
  readonly minDelay?: number;
  /** The longest delay of any attempt. @default 30000 */
  readonly maxDelay?: number;
  /** By what the longest delay grows with each attempt. @default 2 */
  readonly factor?: number;
  /** Attempts in a row before giving up; 0: never come back. @default Infinity */
  readonly attempts?: number;
  /**
   * How long a connection has to hold before the delays begin anew. Without it,
   * a server that accepts and closes would be asked again without end. 0: it is
   * enough that it has opened.
   *
   * @default 5000
   */
  readonly stableAfter?: number;
  /**
   * Whether to come back after a close.
   *
   * @default not after 1009 and 4100-4199
   * @see comesBack
   */
  readonly comesBack?: (close: Close) => boolean;
  /**
   * Whether to come back also after 4100, when what proved the identity has
   * expired: the address is asked for again, and may bring a new proof. After
   * three such closes in a row, with no connection between them that held for
   * `stableAfter`, it stops: the new proofs are no better.
   *
   * @default false
   */
  readonly renew?: boolean;
  /** From 0 to below 1. @default Math.random */
  readonly random?: () => number;
}

/**
 * What the server's close codes say: after 1009 (a message was too large) and
 * 4100-4199 (the identity has expired, ...) the same would happen again, unless
 * something is changed first.
 */
export function comesBack({ code }: Close): boolean {
  return code !== 1009 && !(code >= 4100 && code < 4200);
}

/** The close code of an identity that has expired. */
const EXPIRED = 4100;
/** So many times in a row a new proof is tried. */
const RENEWALS = 3;

/** The policy of coming back: exponential, with full jitter. */
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

  /** Why not to come back, or undefined. */
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
   * Milliseconds until the next attempt: anything up to a bound that grows.
   * Everybody loses the server at once; nobody may come back at once.
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

  /** The next loss is the first of a new row. */
  reset(): void {
    this.#attempt = this.#renewals = 0;
  }
}
