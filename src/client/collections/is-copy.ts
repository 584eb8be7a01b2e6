import { attempt } from './guarded.js';

/** So many values of a row are compared. It may be a graph that has no end. */
const VALUES = 1000;

/** What may have values of its own. */
interface Values {
  readonly [name: string]: Values;
}

/**
 * Whether an item that was made anew is another object that shows the same: plain
 * objects, lists, dates and simple values, compared by their values. Instances of
 * classes may have what does not show, so they are no copies; nor is what has more
 * than 1,000 values.
 */
export function isCopy(before: unknown, now: unknown): boolean {
  let left = VALUES;
  const isSame = (one: Values, other: Values): boolean => {
    // There is none of what has no values.
    const kind = (one as Values | undefined)?.constructor as unknown;
    return (
      one === other ||
      (left-- > 0 &&
        kind === (other as Values | undefined)?.constructor &&
        (kind === Date
          ? +one === +other
          : (kind === Object || kind === Array) &&
            Object.keys(one).length === Object.keys(other).length &&
            Object.keys(one).every(
              (name) =>
                name in other &&
                isSame(one[name] as Values, other[name] as Values),
            )))
    );
  };
  // What looks like a value may be a function of the application's.
  return (
    before !== now &&
    attempt(() => isSame(before as Values, now as Values)) === true
  );
}
