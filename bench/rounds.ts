import type { Sample } from './group.js';

/**
 * Runs the entries one after the other, round by round (A B C A B C), so that
 * other load on the machine falls on all of them. Compare figures of one round
 * with each other rather than with those of other rounds.
 */
export async function interleave<T extends { name: string }>(
  rounds: number,
  entries: readonly T[],
  run: (entry: T) => Promise<Sample>,
): Promise<{ name: string; samples: Sample[] }[]> {
  const rows = entries.map(({ name }) => ({ name, samples: [] as Sample[] }));
  for (let round = 0; round < rounds; round++)
    for (const [index, entry] of entries.entries())
      rows[index]?.samples.push(await run(entry));
  return rows;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1
    ? upper
    : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}

/** Ratios of one row's figure to another's, round by round: a slow round divides out. Empty if a row was not measured. */
export function ratios(
  rows: readonly { name: string; samples: Sample[] }[],
  key: string,
  of: string,
  to: string,
): number[] {
  const figures = (name: string): number[] =>
    rows
      .find((row) => row.name === name)
      ?.samples.map((sample) => sample[key] ?? NaN) ?? [];
  const divisors = figures(to);
  return figures(of).flatMap((figure, round) => {
    const divisor = divisors[round];
    return divisor === undefined ? [] : [figure / divisor];
  });
}
