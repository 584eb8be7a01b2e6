import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import { Stage, START } from './support/stage.js';
import type { Shown, TodoWindow } from './support/todo-window.js';

jest.setTimeout(60_000);

const NOT_LIVE =
  /^No live connection\. You see the tasks as of [1-9]?\d:\d\d( [AP]M)?\.$/;
const DEVICE_OFFLINE =
  /^This device is offline\. You see the tasks as of [1-9]?\d:\d\d( [AP]M)?\.$/;

describe('Windows that lose their server', () => {
  let stage: Stage;
  let windows: readonly [TodoWindow, TodoWindow];

  beforeAll(async () => {
    stage = await Stage.start();
  }, START);
  afterAll(() => stage[Symbol.asyncDispose]());

  beforeEach(async () => {
    await stage.rest.clear();
    await stage.rest.add('Buy milk');
    windows = [await stage.open(), await stage.open()];
  });
  afterEach(async () => {
    const problems = windows.flatMap(({ window }) => window.problems);
    for (const window of windows) await window[Symbol.asyncDispose]();
    expect(problems).toEqual([]);
  });

  async function bothAre(state: string): Promise<void> {
    for (const window of windows) await window.inState(state);
  }

  async function expectBoth(...expected: readonly Shown[]): Promise<void> {
    for (const window of windows) await window.shows(expected);
    expect(await stage.rest.shown()).toEqual(expected);
  }

  it('say so, and recover by themselves when it is back', async () => {
    const [one, other] = windows;
    await stage.kill();
    await bothAre('offline');
    for (const window of windows) {
      expect(await window.text('#state')).toBe('Not live');
      expect(await window.text('#notice-text')).toMatch(NOT_LIVE);
      await window.says(/Trying again (now|in \d+\ss)\./);
      // What was known can still be read.
      expect(await window.tasks()).toEqual([['Buy milk', false]]);
    }
    await stage.restart();
    await stage.rest.add('After the restart');
    await bothAre('live');
    for (const window of windows) {
      expect(await window.text('#state')).toBe('Live');
      expect(await window.page.locator('#try-now').isVisible()).toBe(false);
      expect(await window.text('#notice-text')).toBe('');
    }
    await expectBoth(['Buy milk', false], ['After the restart', false]);
    // Who is live has a subscription to the server that there is now.
    await one.add('From one');
    await other.toggle('Buy milk');
    await expectBoth(
      ['Buy milk', true],
      ['After the restart', false],
      ['From one', false],
    );
  });

  it('lose nothing that was typed meanwhile', async () => {
    const [one, other] = windows;
    await stage.kill();
    await bothAre('offline');
    await one.add('Typed without a server');
    await one.says('Perhaps not added: “Typed without a server”.');
    expect(await one.field.inputValue()).toBe('Typed without a server');
    await other.edit('Buy milk', 'Buy flour');
    await other.editor.press('Enter');
    await other.says('Perhaps not saved. The server cannot be reached.');
    expect(await other.editor.inputValue()).toBe('Buy flour');
    await one.toggle('Buy milk');
    await one.row('Buy milk').getByText('Perhaps not saved.').waitFor();
    await one.toggleAll.click();
    await one.page.locator('#list-problem').getByText('reached').waitFor();
    // It is not done, so it does not look like it.
    expect(await one.tasks()).toEqual([['Buy milk', false]]);
    await stage.restart();
    await bothAre('live');
    // Changes that the server never got are sent again, and nothing red stays
    // next to `Live`.
    await one.shows([
      ['Buy milk', false],
      ['Typed without a server', false],
    ]);
    for (const { page } of windows) {
      expect(await page.getByText(/reached|not (added|saved)/i).count()).toBe(
        0,
      );
    }
    // Text in an editor is its visitor's to send.
    expect(await other.editor.inputValue()).toBe('Buy flour');
    await other.editor.press('Enter');
    await expectBoth(['Buy flour', false], ['Typed without a server', false]);
    expect(await one.field.inputValue()).toBe('');
    expect(await one.page.getByText('not added').count()).toBe(0);
  });

  it('show what there is after a backup was restored', async () => {
    const [one] = windows;
    const restore = await stage.backUp();
    await one.toggle('Buy milk');
    await expectBoth(['Buy milk', true]);
    await one.edit('Buy milk', 'Buy nothing');
    await one.editor.press('Enter');
    await expectBoth(['Buy nothing', true]);
    await stage.kill();
    await restore();
    await stage.restart();
    await bothAre('live');
    await expectBoth(['Buy milk', false]);
  });

  it('try at once when they are told to', async () => {
    const [one] = windows;
    await stage.kill();
    await one.inState('offline');
    // The button is there between the attempts and during them.
    await one.page.getByRole('button', { name: 'Try now' }).click();
    await one.inState('offline');
    await stage.restart();
    await one.page.getByRole('button', { name: 'Try now' }).click();
    await one.inState('live');
    expect(await one.tasks()).toEqual([['Buy milk', false]]);
  });

  it('say so when it is their device that is offline', async () => {
    const [one, other] = windows;
    await one.window.context.setOffline(true);
    await one.inState('offline');
    expect(await one.text('#notice-text')).toMatch(DEVICE_OFFLINE);
    await one.add('Typed offline');
    await one.says('Perhaps not added: “Typed offline”.');
    expect(await one.field.inputValue()).toBe('Typed offline');
    await other.add('Elsewhere');
    await other.toggle('Buy milk');
    await other.shows([
      ['Buy milk', true],
      ['Elsewhere', false],
    ]);
    expect(await one.tasks()).toEqual([['Buy milk', false]]);
    await one.window.context.setOffline(false);
    await one.inState('live');
    await expectBoth(
      ['Buy milk', true],
      ['Elsewhere', false],
      ['Typed offline', false],
    );
    // The subscription was resumed, and nothing fetched.
    expect(one.fetches).toBe(1);
  });
});
