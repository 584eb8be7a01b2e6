/**
 * Measures the collections in a process of its own, started with --expose-gc.
 * Arguments: rows, deltas, deltas in one batch, rounds.
 */
import { type ApplyFigures, measureApply } from './apply.js';

const [rows, deltas, batch, rounds] = process.argv.slice(2).map(Number) as [
  number,
  number,
  number,
  number,
];
const figures: ApplyFigures[] = [];
// The first round warms the compiler up.
for (let seed = 0; seed <= rounds; seed++) {
  const measured = await measureApply({ rows, deltas, batch }, seed);
  if (seed > 0) figures.push(measured);
}
process.send?.(figures);
process.disconnect();
