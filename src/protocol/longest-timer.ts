/**
 * What Node's timers can wait at most, in milliseconds: nearly 25 days. Beyond,
 * `Infinity` included, they would fire at once.
 */
export const LONGEST_TIMER: number = 2 ** 31 - 1;
