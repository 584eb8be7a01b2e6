import { reportUncaught } from '../signal.js';

/**
 * A function of the application's that may be called in the middle of things:
 * when it throws, it has not answered. Its first error is reported; it may be
 * called for each of many rows.
 */
export function guarded<Args extends unknown[], Result>(
  callback: (...args: Args) => Result,
): (...args: Args) => Result | undefined {
  let reported = false;
  return (...args) => {
    try {
      return callback(...args);
    } catch (error) {
      if (!reported) reportUncaught(error);
      reported = true;
      return undefined;
    }
  };
}
