const FIRST = 500;
const LONGEST = 30_000;

/**
 * Milliseconds until the next attempt. The longest wait doubles each time, up
 * to half a minute. The wait is random between half of it and all of it, so
 * that nodes do not come together.
 */
export function backoff(attempt: number): number {
  const longest = Math.min(FIRST * 2 ** attempt, LONGEST);
  return longest * (0.5 + Math.random() / 2);
}
