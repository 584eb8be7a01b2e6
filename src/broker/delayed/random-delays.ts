/** Settles after some time, differently at each call. */
export type Delay = () => Promise<void>;

/**
 * Delays that repeat with their seed. Some pass within the turn of the event
 * loop, others take up to `maxDelay` milliseconds.
 */
export function randomDelays(seed: number, maxDelay: number): Delay {
  const random = mulberry32(seed);
  return async () => {
    const kind = random();
    if (kind < 0.4) {
      for (let hops = Math.floor(kind * 10); hops > 0; hops -= 1) {
        await Promise.resolve();
      }
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, random() * maxDelay));
  };
}

/**
 * Answers true with the probability `rate`, from 0 to 1. Repeats with its seed.
 */
export function randomly(seed: number, rate: number): () => boolean {
  // A rate of 0 costs nothing.
  if (rate === 0) return () => false;
  const random = mulberry32(seed);
  return () => random() < rate;
}

/** Numbers from 0 to 1, by Tommy Ettinger's generator with 32 bits of state. */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
