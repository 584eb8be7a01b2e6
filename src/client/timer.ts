import { LONGEST_TIMER } from '../protocol/longest-timer.js';

/** A pending `setTimeout`. */
export type Timer = ReturnType<typeof setTimeout> | undefined;

/** Calls back after a time. Never does for 0 or `Infinity`. */
export function after(milliseconds: number, act: () => void): Timer {
  return milliseconds > 0 && milliseconds < Infinity
    ? setTimeout(act, Math.min(milliseconds, LONGEST_TIMER))
    : undefined;
}

/**
 * The time of a clock that cannot be set. Realms without a window may have
 * none.
 */
export const now = (): number => (globalThis.performance ?? Date).now();
