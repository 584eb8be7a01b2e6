import type { Delta } from '../protocol/delta.js';
import { isJsonObject } from '../protocol/json.js';
import { Reconnection } from './reconnection.js';

/**
 * When a part of the rows is fetched again, after it has changed in a way that
 * only the server can tell. Times in milliseconds.
 */
export interface RefetchOptions {
  /** How long further changes are waited for. @default 100 */
  readonly delay?: number;
  /**
   * The most that is added at random, so that pages that hear of a change in one
   * moment do not fetch in one moment. It doubles with each fetch that finds no
   * rest: as long as the part is not `live` for that long.
   *
   * @default 1000
   */
  readonly jitter?: number;
  /** The most that `jitter` becomes. @default 5000 */
  readonly maxJitter?: number;
}

/** How long to wait before each fetch of a part, where changes do not end. */
export class RefetchPace {
  /** Since when the part is live, if it has been since the last delay. */
  #since = Infinity;
  readonly #delay: number;
  readonly #jitter: number;
  readonly #backoff: Reconnection;

  constructor({
    delay = 100,
    jitter = 1000,
    maxJitter = 5000,
  }: RefetchOptions = {}) {
    this.#delay = delay;
    this.#jitter = jitter;
    this.#backoff = new Reconnection({ minDelay: jitter, maxDelay: maxJitter });
  }

  /** The part is live from now on. */
  begin(): void {
    this.#since = performance.now();
  }

  nextDelay(): number {
    if (performance.now() - this.#since >= this.#jitter) this.#backoff.reset();
    this.#since = Infinity;
    return this.#delay + this.#backoff.nextDelay();
  }
}

/**
 * Whether a row that is in a part stays in it, at its place, and no other one
 * comes: what decides about that has not changed. An insert of it was before it
 * was fetched.
 *
 * @param fields What decides; none if that is not known.
 */
export function staysInPlace(
  delta: Delta<unknown>,
  fields: readonly string[],
): boolean {
  if (fields.length === 0) return false;
  if (delta.type !== 'update') return delta.type === 'insert';
  const { newData, oldData } = delta;
  if (!isJsonObject(newData) || !isJsonObject(oldData)) return false;
  return fields.every(
    (name) =>
      Object.hasOwn(oldData, name) &&
      JSON.stringify(newData[name]) === JSON.stringify(oldData[name]),
  );
}
