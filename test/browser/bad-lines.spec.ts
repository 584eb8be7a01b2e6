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
import { SocketLine } from './support/socket-line.js';
import { Stage, START } from './support/stage.js';
import type { TodoWindow } from './support/todo-window.js';

jest.setTimeout(60_000);

describe('A window on a bad line', () => {
  let stage: Stage;
  let line: SocketLine;
  let window: TodoWindow;

  beforeAll(async () => {
    stage = await Stage.start();
  }, START);
  afterAll(() => stage[Symbol.asyncDispose]());

  beforeEach(async () => {
    await stage.rest.clear();
    line = await SocketLine.to(stage.server.port);
    window = await stage.open({ url: line.http });
  });
  afterEach(async () => {
    const { problems } = window.window;
    await window[Symbol.asyncDispose]();
    await line[Symbol.asyncDispose]();
    expect(problems).toEqual([]);
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
    await window.page.getByRole('button', { name: 'Try now' }).click();
    await window.inState('live');
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
      /^No live connection\. You see the tasks as of \d\d:\d\d\.$/,
    );
  });
});
