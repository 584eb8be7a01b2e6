import { randomBytes } from 'node:crypto';
import type { Position } from '../../ports/log.js';

/**
 * Past epochs that are remembered, so that their positions can still be
 * compared.
 */
const EPOCHS = 100;

/**
 * One count for everything that a store logs. It never starts again. So a topic
 * or a set that was forgotten and made anew cannot mistake an old position for
 * one of its own.
 */
export class Sequence {
  /**
   * Tells positions of this store from those of another store, or of an earlier
   * run.
   */
  #epoch = newEpoch();
  /** Earlier epochs, each with its last number. */
  readonly #past = new Map<string, number>();
  #last = 0;

  /** The number given out last; 0 before the first. */
  get last(): number {
    return this.#last;
  }

  next(): number {
    this.#last += 1;
    return this.#last;
  }

  /**
   * Makes all positions void that were issued until now: nothing is read from
   * them.
   */
  renew(): void {
    this.#past.set(this.#epoch, this.#last);
    const [oldest] = this.#past.keys();
    if (this.#past.size > EPOCHS && oldest !== undefined) {
      this.#past.delete(oldest);
    }
    this.#epoch = newEpoch();
  }

  position(number: number): Position {
    return [this.#epoch, number];
  }

  /** The position after everything logged until now. */
  end(): Position {
    return this.position(this.#last);
  }

  /**
   * The number in a position; `undefined` when nothing can be read from it,
   * because this store has never issued it or because it is void.
   */
  read(position: Position): number | undefined {
    const [epoch, number] = this.#parts(position) ?? [];
    return epoch === this.#epoch ? number : undefined;
  }

  /**
   * Compares two positions: see `Topics.compare`. Void positions of one
   * epoch can still be compared with each other.
   */
  compare(left: Position, right: Position): number | undefined {
    const one = this.#parts(left);
    const other = this.#parts(right);
    if (one === undefined || other?.[0] !== one[0]) return undefined;
    return one[1] - other[1];
  }

  /**
   * Takes a position apart; `undefined` for any value that is none. Positions
   * travel through browsers, so anything may come back.
   */
  #parts(position: Position): readonly [string, number] | undefined {
    if (!Array.isArray(position) || position.length !== 2) return undefined;
    const [epoch, number] = position as readonly unknown[];
    if (typeof epoch !== 'string') return undefined;
    const last = epoch === this.#epoch ? this.#last : this.#past.get(epoch);
    if (last === undefined) return undefined;
    if (typeof number !== 'number' || !Number.isSafeInteger(number)) {
      return undefined;
    }
    return number >= 0 && number <= last ? [epoch, number] : undefined;
  }
}

function newEpoch(): string {
  return randomBytes(6).toString('base64url');
}
