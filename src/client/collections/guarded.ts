import { reportUncaught } from '../signal.js';

/**
 * A function of the application's that may be called in the middle of things:
 * when it throws, it has answered the fallback. Its first error is reported; it
 * may be called for each of many rows.
 */
export function guarded<Left, Right, Result>(
  callback: (left: Left, right: Right) => Result,
  fallback: Result,
): (left: Left, right?: Right) => Result {
  let reported = false;
  return (left, right) => {
    try {
      return callback(left, right as Right);
    } catch (error) {
      if (!reported) reportUncaught(error);
      reported = true;
      return fallback;
    }
  };
}

/** Does something that may throw; the error is reported. */
export function attempt<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch (error) {
    reportUncaught(error);
    return undefined;
  }
}
