const STILL = 20;

/**
 * Settles with a number once so many turns of the event loop have not changed
 * it: each of them reads and writes all sockets that can be.
 */
export async function unchanging(value: () => number): Promise<number> {
  let last = value();
  for (let still = 0; still < STILL; still++) {
    await new Promise((resolve) => setImmediate(resolve));
    const now = value();
    if (now === last) continue;
    last = now;
    still = 0;
  }
  return last;
}
