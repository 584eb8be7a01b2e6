import { randomBytes } from 'node:crypto';
import type { Position } from '../ports.js';

/**
 * One count for everything a store logs. Because it never starts again, a topic
 * or a set that was forgotten and made anew cannot mistake an old position for
 * one of its own.
 */
export class Sequence {
  /** Tells this store's positions from those of another, or of another run. */
  #epoch = newEpoch();
  #last = 0;

  /** The number given out last; 0 before the first. */
  get last(): number {
    return this.#last;
  }

  next(): number {
    this.#last += 1;
    return this.#last;
  }

  /** Voids all positions that were issued until now. */
  renew(): void {
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
   * The number in a position, or `undefined` when this store has never issued
   * it. Positions travel through browsers, so anything may come back.
   */
  read(position: Position): number | undefined {
    if (!Array.isArray(position) || position.length !== 2) return undefined;
    const [epoch, number] = position as readonly unknown[];
    if (epoch !== this.#epoch) return undefined;
    if (typeof number !== 'number' || !Number.isSafeInteger(number)) {
      return undefined;
    }
    return number >= 0 && number <= this.#last ? number : undefined;
  }
}

function newEpoch(): string {
  return randomBytes(6).toString('base64url');
}
