import { setTimeout as sleep } from 'node:timers/promises';
import type { Step, WireCase } from './case-format.js';
import { CaseRun } from './case-run.js';
import { doClientStep } from './client-step.js';
import { doHttpStep } from './http-step.js';
import type { Target } from './target.js';

/**
 * Replays a case against a fixture server, with fresh connections. Rejects
 * with an error that tells the step, and what came instead.
 */
export async function expectCase(
  wireCase: WireCase,
  target: Target,
): Promise<void> {
  const { group, name, steps } = wireCase;
  const run = new CaseRun(target);
  let where = 'the start';
  try {
    for (const [index, step] of steps.entries()) {
      where = `step ${index + 1} of ${steps.length} ${brief(step)}`;
      await doStep(step, run);
    }
    where = 'the end';
    await run.assertNothingLeft();
  } catch (error) {
    const why = (error as Error).message;
    throw new Error(`${group}/${name}, ${where}: ${why}`, { cause: error });
  } finally {
    await run.dispose();
  }
}

async function doStep(step: Step, run: CaseRun): Promise<void> {
  if ('http' in step) return doHttpStep(step, run);
  if ('client' in step) return doClientStep(step, run);
  await sleep(step.sleep);
}

function brief(step: Step): string {
  const text = JSON.stringify(step);
  return text.length <= 300 ? text : `${text.slice(0, 300)}...`;
}
