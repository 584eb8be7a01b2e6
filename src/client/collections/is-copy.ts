import { attempt } from './guarded.js';

/** So many values of a row are compared. It may be a graph that has no end. */
const VALUES = 1000;

/** What may have values of its own. */
type Values = Readonly<Record<string, unknown>> | null | undefined;

/**
 * Whether an item that was made anew is another object that shows the same: plain
 * objects, lists, dates and simple values, compared by their values. Instances of
 * classes may have what does not show, so they are no copies; nor is what has more
 * than 1,000 values.
 */
export function isCopy(before: unknown, now: unknown): boolean {
  let left = VALUES;
  const isSame = (one: Values, other: Values): boolean => {
    // `null` and `undefined` have none.
    const kind = one?.constructor as unknown;
    if (one === other) return true;
    if (left-- < 1 || kind !== other?.constructor) return false;
    if (kind === Date) return Number(one) === Number(other);
    // What has another prototype is an instance that only says so.
    const isPlain = kind === Object || kind === Array;
    if (
      !isPlain ||
      Object.getPrototypeOf(one) !== (kind as typeof Object).prototype
    )
      return false;
    const names = Object.keys(one as object);
    const others = Object.keys(other as object);
    return (
      names.length === others.length &&
      names.every(
        (name, at) =>
          name === others[at] &&
          isSame(one?.[name] as Values, other?.[name] as Values),
      )
    );
  };
  // What looks like a value may be a function of the application's.
  return (
    before !== now &&
    attempt(() => isSame(before as Values, now as Values)) === true
  );
}
