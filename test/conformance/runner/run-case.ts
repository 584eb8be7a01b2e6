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
export async function runCase(
  wireCase: WireCase,
  target: Target,
): Promise<void> {
  const run = new CaseRun(target);
  const total = wireCase.steps.length;
  try {
    for (const [index, step] of wireCase.steps.entries()) {
      await explain(`step ${index + 1} of ${total} ${brief(step)}`, () =>
        doStep(step, run),
      );
    }
    await explain('the end', () => run.assertNothingLeft());
  } catch (error) {
    const { group, name } = wireCase;
    throw new Error(`${group}/${name}, ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    await run.dispose();
  }
}

async function doStep(step: Step, run: CaseRun): Promise<void> {
  if ('http' in step) return doHttpStep(step, run);
  if ('client' in step) return doClientStep(step, run);
  await sleep(step.sleep);
}

async function explain(
  where: string,
  action: () => Promise<void>,
): Promise<void> {
  try {
    await action();
  } catch (error) {
    throw new Error(`${where}: ${(error as Error).message}`, { cause: error });
  }
}

function brief(step: Step): string {
  const text = JSON.stringify(step);
  return text.length <= 300 ? text : `${text.slice(0, 300)}...`;
}
