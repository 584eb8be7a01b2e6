import { it } from '@jest/globals';
import type { Step, WireCase } from './runner/case-format.js';
import type { FixturePool } from './fixture-pool.js';
import type { RunningFixture } from './start-fixture.js';

/**
 * Makes a test of each case. Those that mostly wait run beside each other; the
 * others, some of which send 10 MiB, would only be in each other's way.
 *
 * @param title What the test of a case is called.
 */
export function testCases<Fixture extends RunningFixture>(
  title: (name: string) => string,
  cases: readonly WireCase[],
  fixtures: FixturePool<Fixture>,
  expectIt: (wireCase: WireCase, fixture: Fixture) => Promise<void>,
): void {
  for (const wireCase of cases) {
    const test = waits(wireCase) ? it.concurrent : it;
    test(title(`${wireCase.group}/${wireCase.name}`), () =>
      fixtures.use((fixture) => expectIt(wireCase, fixture)),
    );
  }
}

const WAITS = ['sleep', 'expectNothing', 'expectNoPing', 'expectPing'];

function waits({ steps }: WireCase): boolean {
  return steps.some((step: Step) => WAITS.some((wait) => wait in step));
}
