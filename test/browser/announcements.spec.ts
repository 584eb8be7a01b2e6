import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { Line } from '../../harness/line.js';
import { Stage, START } from './support/stage.js';
import type { TestWindow } from './support/test-browser.js';

jest.setTimeout(60_000);

const NOT_SHOWN =
  /^Announcements made between [1-9]?\d:\d\d:\d\d(\s[AP]M)? and [1-9]?\d:\d\d:\d\d(\s[AP]M)? are not shown\.$/;

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.start();
}, START);
afterAll(() => stage[Symbol.asyncDispose]());

/** What is shown, from the newest to the oldest; without the times. */
function shown({ page }: TestWindow): Promise<string[]> {
  return page
    .getByRole('list', { name: 'Announcements' })
    .locator('.message span, .gap')
    .allTextContents();
}

it('Announcements appear in all windows, and gaps are admitted', async () => {
  await using line = await Line.to(stage.server.port, { webSocketsOnly: true });
  const url = `${line.http}/announcements`;
  await using one = await stage.browser.open(url);
  await using other = await stage.browser.open(url);
  const windows = [one, other];
  const all = async (work: (window: TestWindow) => Promise<unknown>) => {
    for (const window of windows) await work(window);
  };
  const state = (name: string) => (window: TestWindow) =>
    window.until(`document.body.dataset.state === '${name}'`);

  await all(state('subscribed'));
  await stage.announce('Hello, <b>everybody</b>!');
  await all(async (window) => {
    await window.page.getByText('Hello, <b>everybody</b>!').waitFor();
    expect(await shown(window)).toEqual(['Hello, <b>everybody</b>!']);
  });

  expect(line.break()).toBe(2);
  await all(state('lost'));
  await stage.announce('To nobody');
  line.repair();
  await all(async (window) => {
    // Unless it has come back by itself meanwhile.
    await window.evaluate("document.getElementById('retry').click()");
    await state('subscribed')(window);
  });
  await stage.announce({ and: 'now' });
  await all(async (window) => {
    await window.page.getByText('"and": "now"').waitFor();
    const [last, gap, first, ...more] = await shown(window);
    expect(JSON.parse(last ?? '')).toEqual({ and: 'now' });
    expect(gap).toMatch(NOT_SHOWN);
    expect([first, ...more]).toEqual(['Hello, <b>everybody</b>!']);
    expect(window.problems).toEqual([]);
  });
});

it('Who unsubscribes hears nothing, and knows it', async () => {
  const url = `${stage.server.http}/announcements`;
  await using one = await stage.browser.open(url);
  await using other = await stage.browser.open(url);
  for (const window of [one, other]) {
    await window.until("document.body.dataset.state === 'subscribed'");
  }
  await one.page.getByRole('button', { name: 'Unsubscribe' }).click();
  await one.until("document.body.dataset.state === 'idle'");
  await stage.announce('Missed');
  await other.page.getByText('Missed').waitFor();
  await one.page.getByRole('button', { name: 'Subscribe' }).click();
  await one.until("document.body.dataset.state === 'subscribed'");
  await stage.announce('Heard');
  await one.page.getByText('Heard').waitFor();
  expect(await shown(one)).toEqual(['Heard', expect.stringMatching(NOT_SHOWN)]);
  expect(await shown(other)).toEqual(['Heard', 'Missed']);
  expect([...one.problems, ...other.problems]).toEqual([]);
});
