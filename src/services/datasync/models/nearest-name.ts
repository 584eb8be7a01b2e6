/** Characters of the longest name that is compared. */
const LONGEST = 40;
/** The number of names that one is compared with at most. */
const MOST = 1000;

/**
 * The known name that was probably meant. It differs only in capitals, or in at
 * most two characters; swapped neighbours count as one.
 */
export function nearestName(
  name: string,
  names: Iterable<string>,
): string | undefined {
  if (name.length > LONGEST) return undefined;
  const asked = name.toLowerCase();
  // In a name of three characters, two changes could make any name.
  let least = Math.min(2, Math.floor(asked.length / 3)) + 1;
  let nearest: string | undefined;
  let left = MOST;
  for (const candidate of names) {
    if (left-- === 0) break;
    const { length } = candidate;
    if (length > LONGEST || Math.abs(length - asked.length) >= least) continue;
    const distance = distanceOf(asked, candidate.toLowerCase());
    if (distance < least) [least, nearest] = [distance, candidate];
  }
  return nearest;
}

/** The number of characters to add, drop, change or swap with the next. */
function distanceOf(left: string, right: string): number {
  let [before, last]: [number[], number[]] = [[], []];
  let row = Array.from({ length: right.length + 1 }, (_, i) => i);
  for (let i = 1; i <= left.length; i++) {
    [before, last] = [last, row];
    row = [i];
    for (let j = 1; j <= right.length; j++) {
      const same = left[i - 1] === right[j - 1];
      let cost = Math.min(
        at(last, j) + 1,
        at(row, j - 1) + 1,
        at(last, j - 1) + (same ? 0 : 1),
      );
      if (
        i > 1 &&
        j > 1 &&
        left[i - 1] === right[j - 2] &&
        left[i - 2] === right[j - 1]
      ) {
        cost = Math.min(cost, at(before, j - 2) + 1);
      }
      row.push(cost);
    }
  }
  return at(row, right.length);
}

function at(costs: readonly number[], index: number): number {
  return costs[index] ?? Infinity;
}
