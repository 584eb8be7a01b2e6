/** Milliseconds before the first further attempt; it doubles with each. */
const FIRST = 1000;
const LONGEST = 30_000;

/** Where time comes from. */
export interface Timing {
  /** Calls back after so many milliseconds, unless it is stopped before. */
  after(delay: number, act: () => void): () => void;
}

const REAL_TIME: Timing = {
  after: (delay, act) => {
    const timer = setTimeout(act, delay).unref();
    return () => clearTimeout(timer);
  },
};

/**
 * What the broker failed at and what has to happen all the same: a token that
 * nobody gives back would be held for ever. There is at most one for each
 * subscription and thing to do.
 */
export class Retries {
  private readonly stops = new Set<() => void>();
  private stopped = false;

  constructor(private readonly timing: Timing = REAL_TIME) {}

  /** How many wait. */
  get size(): number {
    return this.stops.size;
  }

  /** @param attempt How many have failed: from 1 on. */
  later(attempt: number, act: () => void): void {
    // What fails after the end would fail for ever: nothing is left to succeed at.
    if (this.stopped) return;
    const delay = Math.min(FIRST * 2 ** (attempt - 1), LONGEST);
    const stop = this.timing.after(delay, () => {
      this.stops.delete(stop);
      act();
    });
    this.stops.add(stop);
  }

  stop(): void {
    this.stopped = true;
    for (const stop of this.stops) stop();
    this.stops.clear();
  }
}
