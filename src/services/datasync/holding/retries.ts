/** Milliseconds before the first further attempt. They double with each. */
const FIRST = 1000;
const LONGEST = 30_000;

/** The time source. */
export interface Timing {
  /**
   * Calls back after a delay in milliseconds, unless the returned function is
   * called first.
   */
  after(delay: number, act: () => void): () => void;
}

const REAL_TIME: Timing = {
  after: (delay, act) => {
    const timer = setTimeout(act, delay).unref();
    return () => clearTimeout(timer);
  },
};

/**
 * Tries again what the broker has failed at and what has to happen: a token
 * that is never given back would be held for ever. There is at most one attempt
 * waiting for each subscription and effect.
 */
export class Retries {
  private readonly stops = new Set<() => void>();
  private stopped = false;

  constructor(private readonly timing: Timing = REAL_TIME) {}

  /** The number of attempts that wait. */
  get size(): number {
    return this.stops.size;
  }

  /** @param attempt The number of failed attempts, from 1. */
  later(attempt: number, act: () => void): void {
    // After the end of the service, nothing could succeed any more.
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
