import {
  afterEach,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import { DataSync, liveCollection, RpcError, type Live } from 'snorky/client';
import { DelayedBroker } from '../../../src/broker/delayed-broker.js';
import {
  FailingBroker,
  type Failure,
} from '../../support/services/failing-broker.js';
import { connect } from '../support/client.js';
import { Line } from '../../../harness/line.js';
import { startLiveApp, type LiveApp, type Task } from '../support/live-app.js';

async function until(live: Live, holds: () => boolean): Promise<void> {
  while (!holds()) {
    await new Promise<void>((resolve) => {
      live.changed.addOnce(() => resolve());
    });
  }
}

/** A list, and all states that it has been in. */
function listOf(port: number, more: object = {}) {
  const snorky = connect(`ws://127.0.0.1:${port}/ws`, { datasync: DataSync });
  const url = `http://127.0.0.1:${port}/tasks`;
  const list = liveCollection<Task>(snorky.services.datasync, url, {
    model: 'Task',
    ...more,
  });
  const states: string[] = [];
  list.changed.add(() => states.push(list.state));
  return Object.assign(list, {
    states,
    [Symbol.dispose]() {
      list.close();
      snorky.disconnect();
    },
  });
}

/** Lets claims of tokens fail alone, or whatever the broker is asked. */
function breakDown(
  broker: FailingBroker,
  failure: Failure,
  what: 'claims' | 'all',
): void {
  broker.failure = failure;
  broker.which = () => what === 'all';
  broker.whichOfTokens = (name) => what === 'all' || name === 'claim';
}

describe('A live list, while what the servers share cannot be reached', () => {
  let broker: FailingBroker;
  let app: LiveApp;
  let line: Line;

  beforeEach(async () => {
    // Half of what a delay may be, so that it can be told from none.
    jest.spyOn(Math, 'random').mockReturnValue(0.5);
    broker = new FailingBroker();
    const far = new DelayedBroker(broker, { maxDelay: 2 });
    app = await startLiveApp({}, 'express', far);
    line = await Line.to(app.port);
    app.tasks.put({ id: 1, title: 'a' });
  });

  afterEach(async () => {
    broker.failure = 'none';
    await line[Symbol.asyncDispose]();
    await app[Symbol.asyncDispose]();
    jest.restoreAllMocks();
  });

  it.each([
    ['unavailable', 'Unavailable'],
    ['uncertain', 'Outcome unknown'],
  ] as const)(
    'is stale, fetches again after a delay, and is right in the end: %s',
    async (failure, text) => {
      using list = listOf(line.port);
      await list.ready;
      const { fetched } = app.tasks;
      list.states.length = 0;
      breakDown(broker, failure, 'claims');
      line.cut();
      await until(list, () => list.error instanceof RpcError);
      const refused = performance.now();
      expect(list.error).toEqual(new RpcError(text));
      app.tasks.put({ id: 2, title: 'b' });
      // All pages hear that at once: a fetch by each would not help.
      expect(app.tasks.fetched).toBe(fetched);
      await until(list, () => app.tasks.fetched === fetched + 1);
      expect(performance.now() - refused).toBeGreaterThan(450);
      await until(list, () => list.items.length === 2);
      expect(new Set(list.states)).toEqual(new Set(['stale']));
      broker.failure = 'none';
      app.tasks.put({ id: 3, title: 'c' });
      await until(list, () => list.state === 'live');
      expect(list.items.map(({ id }) => id)).toEqual([1, 2, 3]);
      expect(list.error).toBeUndefined();
      expect(app.tasks.fetched).toBeLessThanOrEqual(fetched + 3);
    },
  );

  it('goes on loading while its fetches are answered 503', async () => {
    breakDown(broker, 'unavailable', 'all');
    using list = listOf(app.port);
    await until(list, () => list.error !== undefined);
    expect(String(list.error)).toContain('it answered 503');
    expect(app.tasks.fetched).toBe(0);
    const failed = performance.now();
    broker.failure = 'none';
    await list.ready;
    expect(performance.now() - failed).toBeGreaterThan(450);
    expect(new Set(list.states)).toEqual(new Set(['loading', 'live']));
    expect(list.items.map(({ id }) => id)).toEqual([1]);
  });

  it('waits for as long as a 503 says', async () => {
    breakDown(broker, 'unavailable', 'all');
    let asked = 0;
    using list = listOf(app.port, {
      // As a proxy does in front of the server.
      fetch: async (url: string, init: RequestInit) => {
        asked++;
        const answer = await fetch(url, init);
        if (answer.status !== 503) return answer;
        return new Response(null, {
          status: 503,
          headers: { 'Retry-After': '1' },
        });
      },
    });
    await until(list, () => list.error !== undefined);
    const failed = performance.now();
    broker.failure = 'none';
    await list.ready;
    expect(performance.now() - failed).toBeGreaterThan(1450);
    expect(asked).toBe(2);
  });
});
