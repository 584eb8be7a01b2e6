import { LONGEST_TIMER } from '../protocol/longest-timer.js';

/** A pending `setTimeout`. */
export type Timer = ReturnType<typeof setTimeout> | undefined;

/** Acts after a time. After none, or for ever, it never does. */
export function after(milliseconds: number, act: () => void): Timer {
  return milliseconds > 0 && milliseconds < Infinity
    ? setTimeout(act, Math.min(milliseconds, LONGEST_TIMER))
    : undefined;
}

/** By a clock that nobody sets. Realms that are no window may have none. */
export const now = (): number => (globalThis.performance ?? Date).now();
