import {
  afterAll,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrowserContextOptions } from 'playwright-core';
import { ROOT } from '../package/build-package.js';
import { Stage, START } from './support/stage.js';
import type { TestWindow } from './support/test-browser.js';
import { Line } from '../../harness/line.js';

jest.setTimeout(60_000);

/** Where pictures are left, for somebody to look at. */
const PICTURES = join(ROOT, '.build/screenshots');

const DESKTOP = { viewport: { width: 1280, height: 800 } };
const PHONE = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  hasTouch: true,
  isMobile: true,
};
const NARROW = { ...PHONE, viewport: { width: 320, height: 568 } };

const TASKS: readonly (readonly [title: string, completed: boolean])[] = [
  ['Buy oat milk', true],
  ['Book the train to Lyon', false],
  ['Call the landlord about the heating, before the first frost', false],
  ['Water the plants', true],
  ['Supercalifragilisticexpialidocious'.repeat(3), false],
  ['Send the invoice', false],
];

/** Elements with more in them than fits into their width. */
function tooWide(window: TestWindow): Promise<readonly string[]> {
  return window.evaluate(`[...document.querySelectorAll('*:not(input)')]
    .filter((element) => element.clientWidth > 0)
    .filter((element) => element.scrollWidth > element.clientWidth)
    .map((element) => element.outerHTML.slice(0, 80))`);
}

describe('The pages', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.start();
    await mkdir(PICTURES, { recursive: true });
  }, START);
  afterAll(() => stage[Symbol.asyncDispose]());

  beforeEach(async () => {
    await stage.rest.clear();
    for (const [title, completed] of TASKS) {
      await stage.rest.add(title, completed);
    }
  });

  async function picture({ page }: TestWindow, name: string): Promise<void> {
    await page.screenshot({
      path: join(PICTURES, `${name}.png`),
      // What is still fading in is shown as it will be.
      animations: 'disabled',
    });
  }

  const sizes: readonly [name: string, options: BrowserContextOptions][] = [
    ['desktop', DESKTOP],
    ['desktop-dark', { ...DESKTOP, colorScheme: 'dark' }],
    ['phone', PHONE],
    ['phone-dark', { ...PHONE, colorScheme: 'dark' }],
    ['narrow', NARROW],
  ];

  it.each(sizes)(
    'have no more than fits: %s, live and offline',
    async (name, options) => {
      await using line = await Line.to(stage.server.port, {
        webSocketsOnly: true,
      });
      await using todo = await stage.open({ ...options, url: line.http });
      await todo.shows(TASKS);
      await picture(todo.window, `todo-${name}`);
      expect(await tooWide(todo.window)).toEqual([]);
      line.break();
      await todo.inState('offline');
      await todo.says(/Trying again in/);
      await picture(todo.window, `todo-${name}-offline`);
      expect(await tooWide(todo.window)).toEqual([]);
      await todo.edit('Send the invoice', 'Send the invoice to Ana');
      await picture(todo.window, `todo-${name}-editing`);
      expect(await tooWide(todo.window)).toEqual([]);
      await todo.editor.press('Escape');
      let fail = (): void => {};
      const held = new Promise<void>((resolve) => (fail = resolve));
      await todo.page.route('**/tasks', async (route) => {
        await held;
        await route.abort();
      });
      await todo.add('Pay the rent');
      await todo.add('Ask Ana for the keys of the cellar');
      fail();
      await todo.says(/“Pay the rent”, “Ask Ana.+adds nothing twice\./);
      await picture(todo.window, `todo-${name}-not-added`);
      expect(await tooWide(todo.window)).toEqual([]);
    },
  );

  it.each(sizes)(
    'have no more than fits: %s, of announcements',
    async (name, options) => {
      await using window = await stage.browser.open(
        `${stage.server.http}/announcements`,
        options,
      );
      await window.until("document.body.dataset.state === 'subscribed'");
      await stage.announce('The office is closed on Friday.');
      await stage.announce({
        version: '2.0',
        url: 'https://example.com/'.padEnd(80, 'x'),
      });
      await window.page.getByText('"version": "2.0"').waitFor();
      await picture(window, `announcements-${name}`);
      expect(await tooWide(window)).toEqual([]);
    },
  );

  it('have something to say when there are no tasks', async () => {
    await stage.rest.clear();
    await using todo = await stage.open(PHONE);
    await todo.says('Nothing to do. Add a task above.');
    await picture(todo.window, 'todo-phone-empty');
    expect(await tooWide(todo.window)).toEqual([]);
  });

  it.each([
    ['a desktop', DESKTOP],
    ['a phone', PHONE],
  ])('have buttons that can be hit, on %s', async (_name, options) => {
    await using todo = await stage.open(options);
    await todo.row('Water the plants').hover();
    const small: string[] = [];
    for (const button of await todo.page.getByRole('button').all()) {
      const box = await button.boundingBox();
      if (box === null) continue;
      const label = await button.evaluate('(button) => button.outerHTML');
      if (box.width < 40 || box.height < 40) small.push(String(label));
    }
    expect(small).toEqual([]);
  });
});
