/**
 * The longest time that Node's timers can wait, in milliseconds: nearly 25
 * days. Longer ones, `Infinity` included, would fire at once.
 */
export const LONGEST_TIMER: number = 2 ** 31 - 1;
