import { randomBytes } from 'node:crypto';
import type { Position } from '../../ports/log.js';

/** Epochs whose positions can still be put in order. */
const EPOCHS = 100;

/**
 * One count for everything a store logs. Because it never starts again, a topic
 * or a set that was forgotten and made anew cannot mistake an old position for
 * one of its own.
 */
export class Sequence {
  /** Tells this store's positions from those of another, or of another run. */
  #epoch = newEpoch();
  /** Epochs before, each with its last number. */
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

  /** Voids all positions that were issued until now: nothing is read from them. */
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

  /** The place where everything logged until now ends. */
  end(): Position {
    return this.position(this.#last);
  }

  /**
   * The number in a position, or `undefined` when nothing can be read from there:
   * this store has never issued it, or it is void.
   */
  read(position: Position): number | undefined {
    const [epoch, number] = this.#parts(position) ?? [];
    return epoch === this.#epoch ? number : undefined;
  }

  /**
   * How two positions are ordered. Those that are void by now still are among
   * themselves.
   */
  compare(left: Position, right: Position): number | undefined {
    const one = this.#parts(left);
    const other = this.#parts(right);
    if (one === undefined || other?.[0] !== one[0]) return undefined;
    return one[1] - other[1];
  }

  /** Positions travel through browsers, so anything may come back. */
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
