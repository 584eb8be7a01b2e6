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
import { START } from '../support/stage.js';
import { describeChannel } from './channel.cases.js';
import { describeConcurrency } from './concurrency.cases.js';
import { describeConnection } from './connection.cases.js';
import { REACTS, ReactStage } from './react-stage.js';
import type { ReactWindow } from './react-window.js';
import { describeRows } from './rows.cases.js';
import { describeStrictMode } from './strict-mode.cases.js';

jest.setTimeout(60_000);

let stage: ReactStage;
let window: ReactWindow;

beforeAll(async () => {
  stage = await ReactStage.start();
}, START);
afterAll(() => stage[Symbol.asyncDispose]());

describe.each(REACTS)('In $name,', ({ name, version }) => {
  const page = {
    name,
    get stage() {
      return stage;
    },
    get window() {
      return window;
    },
  };

  beforeAll(async () => {
    // What is not there would be a problem, told at any time.
    stage.begin('a');
    window = await stage.open(name);
  });
  afterAll(() => window[Symbol.asyncDispose]());

  beforeEach(async () => {
    stage.begin('a', 'c', 'e', 'g');
    await window.reload();
  });
  afterEach(() => {
    expect(window.problems).toEqual([]);
  });

  it('the page is of the version that it says', async () => {
    expect(await window.call('version')).toMatch(version);
  });

  describeRows(page);
  describeStrictMode(page);
  describeConnection(page);
  describeChannel(page);
  describeConcurrency(page);
});
