import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  buildBrowserFiles,
  temporaryDirectory,
} from '../package/build-package.js';
import { startMembersApp, type MembersApp } from './support/members-app.js';
import { START } from './support/stage.js';
import { TestBrowser, type TestWindow } from './support/test-browser.js';

jest.setTimeout(60_000);

let directory: string;
let browser: TestBrowser;
let app: MembersApp;

beforeAll(async () => {
  directory = await temporaryDirectory('tokens');
  browser = await TestBrowser.launch();
  await buildBrowserFiles(directory);
  app = await startMembersApp(join(directory, 'dist/browser'));
}, START);
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await app[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

/** Opens the page, with nothing in the table. */
function open(): Promise<TestWindow> {
  app.notes.begin();
  return browser.open(app.http);
}

/** Waits until the list is in a state, with the rows of these ids. */
async function shows(
  window: TestWindow,
  state: string,
  ...ids: number[]
): Promise<void> {
  const wanted = JSON.stringify(`${state} ${ids.join()}`);
  try {
    await window.until(`shown() === ${wanted}`);
  } catch (cause) {
    const is = await window.evaluate<string>('shown()');
    throw new Error(`The list is ${is}, and not ${wanted}`, { cause });
  }
}

const states = (window: TestWindow): Promise<string[]> =>
  window.evaluate('states');

const logIn = (window: TestWindow, user: string): Promise<void> =>
  window.evaluate(`post('/session/log-in', { user: '${user}' })`);

const reconnect = (window: TestWindow): Promise<void> =>
  window.evaluate('snorky.disconnect(), snorky.connect()');

/** The page's requests for its rows, whoever has answered them. */
const requests = ({ requests }: TestWindow): number =>
  requests.filter((request) => request === 'GET /notes').length;

describe('Two tabs that a service worker gives one answer', () => {
  it('do not take the subscription from each other, and are live without the worker', async () => {
    await using one = await open();
    await one.evaluate('beginWorker()');
    await one.evaluate('follow()');
    await shows(one, 'live');
    await app.notes.add(1, null);
    await shows(one, 'live', 1);
    const other = await one.tab(app.http);
    await other.evaluate('follow()');
    // The rows are as old as the token. Later changes have come with the
    // subscription.
    await shows(other, 'live', 1);
    await shows(one, 'failed');
    expect(await one.evaluate('list.error.code')).toBe('SNORKY_TOKEN_TAKEN');
    expect(await one.evaluate('list.error.message')).toMatch(
      /^\/notes .*service worker/,
    );
    for (const tab of [one, other]) await tab.evaluate('goRound()');
    await app.notes.add(2, null);
    await shows(other, 'live', 1, 2);
    await shows(one, 'failed');
    expect(await states(one)).toEqual(['loading', 'live', 'stale', 'failed']);
    expect(await states(other)).toEqual(['loading', 'live']);
    // The first window asked again, and did not take over the token in the
    // cached answer.
    expect([requests(one), requests(other)]).toEqual([2, 1]);
    expect(app.notes.fetched).toBe(1);
    expect(app.notes.acquisitions).toBe(2);
    expect(one.problems).toEqual([expect.stringMatching(/\/notes/)]);
    expect(other.problems).toEqual([]);

    await one.evaluate('endWorker()');
    for (const tab of [one, other]) {
      await tab.page.reload();
      await tab.evaluate('follow()');
      await shows(tab, 'live', 1, 2);
    }
    await app.notes.add(3, null);
    for (const tab of [one, other]) {
      await shows(tab, 'live', 1, 2, 3);
      expect(await states(tab)).toEqual(['loading', 'live']);
    }
    expect(app.notes.fetched).toBe(3);
    expect(app.notes.acquisitions).toBe(4);
  });
});

describe('A page that was opened before somebody logged in by REST', () => {
  /** Opens the page as nobody, logs in, and has it follow its rows. */
  async function mismatched(): Promise<TestWindow> {
    const window = await open();
    expect(await window.evaluate('whoAmI()')).toBeNull();
    await logIn(window, 'alice');
    await window.evaluate('follow()');
    await shows(window, 'mismatched');
    await window.evaluate('goRound()');
    await app.notes.add(1, 'alice');
    expect(await states(window)).toEqual(['loading', 'mismatched']);
    expect(app.notes.fetched).toBe(1);
    expect(app.notes.acquisitions).toBe(1);
    return window;
  }

  /** It fetched once, and hears of its own rows and of nobody else's. */
  async function expectAlices(window: TestWindow): Promise<void> {
    await shows(window, 'live', 1);
    await app.notes.add(2, null);
    await app.notes.add(3, 'bob');
    await app.notes.add(4, 'alice');
    await shows(window, 'live', 1, 4);
    expect(await states(window)).toEqual([
      'loading',
      'mismatched',
      'stale',
      'live',
    ]);
    expect(app.notes.fetched).toBe(2);
    expect(app.notes.acquisitions).toBe(2);
    expect(requests(window)).toBe(2);
    expect(window.problems).toEqual([]);
  }

  it('waits for a connection of that user', async () => {
    await using window = await mismatched();
    await reconnect(window);
    await expectAlices(window);
  });

  it('waits for the connection to log in', async () => {
    await using window = await mismatched();
    await window.evaluate(
      "snorky.services.account.rpcCall('logIn', { user: 'alice' })",
    );
    await expectAlices(window);
  });

  it('waits with what it fetches then, where it was live before', async () => {
    await using window = await open();
    await app.notes.add(1, 'alice');
    await app.notes.add(2, null);
    await window.evaluate('follow()');
    await shows(window, 'live', 2);
    await logIn(window, 'alice');
    await window.evaluate('list.refresh()');
    await shows(window, 'mismatched', 1);
    await window.evaluate('goRound()');
    await reconnect(window);
    await shows(window, 'live', 1);
    await app.notes.add(3, null);
    await app.notes.add(4, 'alice');
    await shows(window, 'live', 1, 4);
    const after = ['stale', 'mismatched', 'stale', 'live'];
    expect(await states(window)).toEqual(['loading', 'live', ...after]);
    expect(app.notes.fetched).toBe(3);
    expect(app.notes.acquisitions).toBe(3);
  });

  it('goes on waiting while the connection is somebody else', async () => {
    await using window = await mismatched();
    await window.evaluate(
      "snorky.services.account.rpcCall('logIn', { user: 'bob' })",
    );
    // Once more, for its proof may come after the log-in; and no further time.
    const again = ['stale', 'mismatched'];
    await window.until('states.length === 6');
    await window.evaluate('goRound()');
    expect(await states(window)).toEqual([
      'loading',
      'mismatched',
      ...again,
      ...again,
    ]);
    expect(app.notes.fetched).toBe(3);
  });
});

describe('A log-out', () => {
  it('ends what the tabs of that user follow, which go on as nobody', async () => {
    await using one = await open();
    await using stranger = await browser.open(app.http);
    await logIn(one, 'alice');
    await logIn(stranger, 'bob');
    await reconnect(one);
    await reconnect(stranger);
    const other = await one.tab(app.http);
    const tabs = [one, other];
    const all = [...tabs, stranger];
    await app.notes.add(1, 'alice');
    await app.notes.add(2, 'bob');
    await app.notes.add(3, null);
    for (const window of all) await window.evaluate('follow()');
    for (const tab of tabs) await shows(tab, 'live', 1);
    await shows(stranger, 'live', 2);

    await one.evaluate("post('/session/log-out')");
    for (const tab of tabs) await shows(tab, 'live', 3);
    await app.notes.add(4, 'alice');
    await app.notes.add(5, null);
    await app.notes.add(6, 'bob');
    for (const tab of tabs) {
      await shows(tab, 'live', 3, 5);
      expect(await states(tab)).toEqual(['loading', 'live', 'stale', 'live']);
      expect(await tab.evaluate('whoAmI()')).toBeNull();
    }
    await shows(stranger, 'live', 2, 6);
    expect(await states(stranger)).toEqual(['loading', 'live']);
    expect(app.notes.fetched).toBe(5);
    expect(app.notes.acquisitions).toBe(5);
    for (const window of all) expect(window.problems).toEqual([]);
  });
});
