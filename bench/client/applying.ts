import type { Sample } from '../group.js';
import type { ApplySize } from './apply.js';
import { Fork } from './fork.js';

/** One sample for each round. */
export async function applying(
  { rows, deltas, batch }: ApplySize,
  rounds: number,
): Promise<Sample[]> {
  const fork = Fork.start('apply-process', rows, deltas, batch, rounds);
  try {
    return await fork.next<Sample[]>('figures', 300_000);
  } finally {
    await fork.kill();
  }
}
