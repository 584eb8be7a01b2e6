import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { Random, seedOfRun } from '../../harness/random.js';
import {
  operateAtRandom,
  recover,
  tryNow,
} from './support/random-operations.js';
import { Line } from '../../harness/line.js';
import { Stage, START } from './support/stage.js';
import type { TodoWindow } from './support/todo-window.js';

jest.setTimeout(120_000);

const OPERATIONS = 50;

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.start();
}, START);
afterAll(() => stage[Symbol.asyncDispose]());

const seed = seedOfRun();

it(`Two windows end up with what the database has, whatever was cut (seed ${seed})`, async () => {
  const random = new Random(seed);
  await using line = await Line.to(stage.server.port, { webSocketsOnly: true });
  await using one = await stage.open({ url: line.http });
  await using other = await stage.open({ url: line.http });
  const windows = [one, other] as const;
  let cuts = 0;
  let broken = false;
  for (let number = 1; number <= OPERATIONS; number++) {
    await operateAtRandom(random.pick(windows), random, `Task ${number}`);
    if (broken) {
      broken = random.chance(0.7);
      if (!broken) line.repair();
    } else if (random.chance(0.25)) {
      cuts += line.cut();
    } else if (random.chance(0.15)) {
      broken = true;
      cuts += line.break();
    }
    for (const window of windows) {
      if (random.chance(0.5)) await tryNow(window);
    }
    if (!broken && random.chance(0.2)) await agree(windows);
  }
  line.repair();
  await agree(windows);
  // And so they do when something happens later.
  await stage.rest.add('Last');
  const left = await agree(windows);
  console.log(`${cuts} WebSockets were cut, ${left} tasks are left`);
  expect(cuts).toBeGreaterThan(4);
  // Subscriptions were resumed, unless there was something to be seen at once.
  for (const window of windows) {
    expect(window.fetches).toBeLessThanOrEqual(1 + (await window.late));
  }
  expect([...one.window.problems, ...other.window.problems]).toEqual([]);
});

/** Waits until all windows show what the database has. Gives its tasks' number. */
async function agree(windows: readonly TodoWindow[]): Promise<number> {
  for (const window of windows) {
    await window.settled();
    await window.window.evaluate('inPage.cancel()');
  }
  const expected = await stage.rest.shown();
  for (const window of windows) await recover(window, expected);
  return expected.length;
}
