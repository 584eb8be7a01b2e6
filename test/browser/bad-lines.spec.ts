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
import type { Route } from 'playwright-core';
import { recover } from './support/random-operations.js';
import { Line } from '../../harness/line.js';
import { Stage, START } from './support/stage.js';
import type { TodoWindow } from './support/todo-window.js';

jest.setTimeout(60_000);

describe('A window on a bad line', () => {
  let stage: Stage;
  let line: Line;
  let window: TodoWindow;

  beforeAll(async () => {
    stage = await Stage.start();
  }, START);
  afterAll(() => stage[Symbol.asyncDispose]());

  beforeEach(async () => {
    await stage.rest.clear();
    line = await Line.to(stage.server.port, { webSocketsOnly: true });
    window = await stage.open({ url: line.http });
  });
  afterEach(async () => {
    const { problems } = window.window;
    await window[Symbol.asyncDispose]();
    await line[Symbol.asyncDispose]();
    expect(problems).toEqual([]);
  });

  /** Decides on what is added. */
  async function onAdd(decide: (route: Route) => Promise<void>): Promise<void> {
    await window.page.route('**/tasks', (route) =>
      route.request().method() === 'POST' ? decide(route) : route.fallback(),
    );
  }

  /** What is added arrives, but no answer does. */
  async function loseAnswers(): Promise<void> {
    await onAdd(async (route) => {
      await route.fetch();
      await route.abort();
    });
  }

  it('adds one task by two Enters', async () => {
    let arrive = (): void => {};
    const held = new Promise<void>((resolve) => (arrive = resolve));
    await onAdd(async (route) => {
      await held;
      await route.continue();
    });
    await window.add('Buy milk');
    expect(await window.field.inputValue()).toBe('');
    await window.field.press('Enter');
    const add = window.page.getByRole('button', { name: 'Add' });
    expect(await add.getAttribute('aria-busy')).toBe('true');
    arrive();
    await window.shows([['Buy milk', false]]);
    await window.settled();
    expect(await add.getAttribute('aria-busy')).toBe('false');
    expect(await stage.rest.shown()).toEqual([['Buy milk', false]]);
  });

  it('gives back what was refused, to be corrected', async () => {
    await onAdd((route) => route.continue({ postData: '{"title": ""}' }));
    await window.add('Buy milk');
    await window.says('Not added: “Buy milk”. Title must');
    expect(await window.field.inputValue()).toBe('Buy milk');
    await window.page.unrouteAll();
    await window.add('Buy flour');
    await window.shows([['Buy flour', false]]);
    expect(await window.text('#new-problem')).toBe('');
  });

  it('keeps what was not added while somebody types on', async () => {
    let fail = (): void => {};
    const held = new Promise<void>((resolve) => (fail = resolve));
    await onAdd(async (route) => {
      await held;
      await route.abort();
    });
    await window.add('one');
    await window.add('two');
    await window.field.fill('three');
    fail();
    await window.says('Perhaps not added: “one”, “two”.');
    expect(await window.field.inputValue()).toBe('three');
    await window.page.unrouteAll();
    await window.page.getByRole('button', { name: 'Try again' }).click();
    await window.field.press('Enter');
    await window.shows([
      ['one', false],
      ['two', false],
      ['three', false],
    ]);
    expect(await window.text('#new-problem')).toBe('');
  });

  it('says nothing of a lost answer to what is in the list', async () => {
    await loseAnswers();
    await window.add('Pay rent');
    await window.shows([['Pay rent', false]]);
    await window.settled();
    expect(await window.text('#new-problem')).toBe('');
    expect(await window.field.inputValue()).toBe('');
  });

  it('adds nothing twice where an answer was lost', async () => {
    line.break();
    await window.inState('offline');
    await loseAnswers();
    await window.add('Pay rent');
    await window.says('Perhaps not added: “Pay rent”.');
    expect(await window.field.inputValue()).toBe('Pay rent');
    await window.page.unrouteAll();
    await window.field.press('Enter');
    await window.shows([['Pay rent', false]]);
    expect(await window.text('#new-problem')).toBe('');
    expect(await stage.rest.shown()).toEqual([['Pay rent', false]]);
  });

  it('adds nothing twice that was deleted while it was edited', async () => {
    const task = await stage.rest.add('Buy milk');
    await window.edit('Buy milk', 'Buy milk and eggs');
    await stage.rest.delete(task);
    await window.says('Deleted elsewhere.');
    await loseAnswers();
    await window.editor.press('Enter');
    await window.says('Perhaps not saved.');
    await window.page.unrouteAll();
    await window.editor.press('Enter');
    await window.editor.waitFor({ state: 'hidden' });
    await window.shows([['Buy milk and eggs', false]]);
    expect(await stage.rest.shown()).toEqual([['Buy milk and eggs', false]]);
  });

  it('finds in the list what was added without an answer', async () => {
    line.break();
    await window.inState('offline');
    await loseAnswers();
    await window.add('Pay rent');
    await window.says('Perhaps not added: “Pay rent”.');
    line.repair();
    await recover(window, [['Pay rent', false]]);
    expect(await window.text('#new-problem')).toBe('');
    expect(await window.field.inputValue()).toBe('');
  });

  it('shows what is done in it without a live connection', async () => {
    line.break();
    await window.inState('offline');
    expect(await window.text('#notice-text')).toMatch(/^No live connection\./);
    await window.add('one');
    await window.add('two');
    await window.shows([
      ['one', false],
      ['two', false],
    ]);
    await window.toggle('one');
    await window.edit('two', 'three');
    await window.editor.press('Enter');
    await window.shows([
      ['one', true],
      ['three', false],
    ]);
    await window.clearCompleted();
    await window.shows([['three', false]]);
    await window.delete('three');
    await window.shows([]);
    await window.inState('offline');
    line.repair();
    await recover(window, []);
    await stage.rest.add('four');
    await window.shows([['four', false]]);
  });

  it('has its tasks where no WebSocket ever opens', async () => {
    await stage.rest.add('Buy milk');
    await window.page.routeWebSocket(/ws$/, (socket) => socket.close());
    await window.page.reload();
    await window.shows([['Buy milk', false]]);
    await window.inState('offline');
    await window.delete('Buy milk');
    await window.says('Nothing to do. Add a task above.');
    expect(await window.text('#notice-text')).toMatch(
      /^No live connection\. You see the tasks as of [1-9]?\d:\d\d( [AP]M)?\.$/,
    );
  });
});
