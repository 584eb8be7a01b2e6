import { describe, expect, it, jest } from '@jest/globals';
import type { ConnectorError, FollowEnd, FollowState } from 'snorky/client';
import { dispatched } from '../support/client.js';
import { hushedErrors } from '../support/hushed-errors.js';
import {
  acquisition,
  FEATURES,
  listIn,
  ScriptedRows,
} from '../support/scripted-rows.js';
import type { ScriptedConnection } from '../support/scripted-server.js';

const errors = hushedErrors();

const notify = (connection: ScriptedConnection, message: object): void =>
  connection.send('datasync', message);

const insert = (token: string, id: number): object => ({
  type: 'deltas',
  subscription: token,
  deltas: [{ type: 'insert', model: 'Row', data: { id } }],
  position: id,
});

/** What a follower hears. */
class Heard {
  readonly log: unknown[] = [];
  private readonly waiting: (() => void)[] = [];

  onDeltas(deltas: readonly { readonly type: string }[]): void {
    this.add(deltas.length);
  }

  onState(state: FollowState, _error?: unknown, end?: FollowEnd): void {
    this.add(end === undefined ? state : [state, end]);
  }

  async until(count: number): Promise<unknown[]> {
    while (this.log.length < count) {
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    return this.log;
  }

  private add(entry: unknown): void {
    this.log.push(entry);
    for (const wake of this.waiting.splice(0)) wake();
  }
}

describe('what the server says of the end of a subscription', () => {
  it('is asked for in hello, where DataSync is used', async () => {
    await using page = await ScriptedRows.start();
    const connection = await page.server.connection();
    const { features } = (await connection.hello()).message.params;
    expect(features).toEqual(FEATURES);
  });

  it.each<[string, object, object]>([
    ['taken', { subscription: 't1' }, { subscription: 't1' }],
    ['revoked', { subscriptions: ['t0', 't1'] }, {}],
    ['refetch', { subscriptions: ['t1'], delay: 700 }, { delay: 700 }],
    ['identity', { subscriptions: ['t1'] }, {}],
  ])('is told to a follower: %s', async (type, said, told) => {
    await using page = await ScriptedRows.start();
    const connection = await page.connection();
    const heard = new Heard();
    const followed = page.datasync.follow('t1', heard);
    await page.acquired(connection, 't1');
    await heard.until(2);
    notify(connection, { type, ...said });
    // Nothing of it is heard any more.
    notify(connection, insert('t1', 1));
    await dispatched(page.datasync.deltaReceived);
    expect(heard.log).toEqual([
      'catching-up',
      'live',
      ['gone', expect.objectContaining({ type, ...told })],
    ]);
    followed.cancel();
    expect(connection.unread).toEqual([]);
    expect(errors).not.toHaveBeenCalled();
  });

  it('is told to whoever loses a token to another object of the page', async () => {
    await using page = await ScriptedRows.start();
    const connection = await page.connection();
    const [one, other] = [new Heard(), new Heard()];
    page.datasync.follow('t1', one);
    await page.acquired(connection, 't1');
    page.datasync.follow('t1', other);
    expect(one.log.at(-1)).toEqual(['gone', { type: 'taken' }]);
    await page.acquired(connection, 't1');
    expect(await other.until(2)).toEqual(['catching-up', 'live']);
  });

  it('is no news of tokens that nobody follows', async () => {
    await using page = await ScriptedRows.start();
    const connection = await page.connection();
    for (const type of ['taken', 'mismatch']) {
      notify(connection, { type, subscription: 'stranger' });
    }
    for (const type of ['revoked', 'refetch', 'identity']) {
      notify(connection, { type, subscriptions: ['stranger', 7, null] });
    }
    notify(connection, insert('stranger', 1));
    await dispatched(page.datasync.deltaReceived);
    expect(errors).not.toHaveBeenCalled();
    notify(connection, { type: 'revoked', subscriptions: 'all' });
    notify(connection, insert('stranger', 2));
    await dispatched(page.datasync.deltaReceived);
    expect(errors.mock.calls).toEqual([
      [
        'Snorky: datasync: an unknown notification',
        { type: 'revoked', subscriptions: 'all' },
      ],
    ]);
  });

  it('waits for another identity, or connection, where the token is for another', async () => {
    await using page = await ScriptedRows.start();
    const connection = await page.connection();
    const heard = new Heard();
    page.datasync.follow('t1', heard);
    const mismatch = { type: 'mismatch', subscription: 't1' };
    const refuse = async (by: ScriptedConnection): Promise<void> => {
      const call = await acquisition(by, 't1');
      notify(by, mismatch);
      by.refuse(call, 'No such subscription');
    };
    await refuse(connection);
    expect(await heard.until(2)).toEqual(['catching-up', 'mismatched']);
    notify(connection, { type: 'identity', subscriptions: [] });
    await refuse(connection);
    await heard.until(4);
    connection.cut();
    const second = await page.connection();
    await page.acquired(second, 't1');
    expect(await heard.until(7)).toEqual([
      ...['catching-up', 'mismatched', 'catching-up', 'mismatched'],
      ...['waiting', 'catching-up', 'live'],
    ]);
  });
});

describe('a live list', () => {
  /** A list that is live with the token t1. */
  async function live(
    page: ScriptedRows,
  ): Promise<[ReturnType<ScriptedRows['list']>, ScriptedConnection]> {
    const connection = await page.connection();
    const list = page.list();
    (await page.request()).rows('t1', [1]);
    await page.acquired(connection, 't1');
    await list.ready;
    return [list, connection];
  }

  it('fetches again when its token was taken, and goes on with another', async () => {
    await using page = await ScriptedRows.start();
    const [list, connection] = await live(page);
    notify(connection, { type: 'taken', subscription: 't1' });
    await listIn(list, 'stale');
    (await page.request()).rows('t2', [1, 2]);
    await page.acquired(connection, 't2');
    await listIn(list, 'live');
    expect(list.items).toEqual([{ id: 1 }, { id: 2 }]);
  });

  it('has failed when the same token comes again, and names the cache', async () => {
    await using page = await ScriptedRows.start();
    const [list, connection] = await live(page);
    notify(connection, { type: 'taken', subscription: 't1' });
    (await page.request()).rows('t1', [1]);
    await listIn(list, 'failed');
    const { code, message } = list.error as ConnectorError;
    expect(code).toBe('SNORKY_TOKEN_TAKEN');
    expect(message).toMatch(/rows\.test\/rows .* cache .*service worker/);
    expect(connection.unread).toEqual([]);
    expect(page.asked).toBe(2);
    // When the cache is gone, so is the problem.
    list.refresh();
    (await page.request()).rows('t2', [1]);
    await page.acquired(connection, 't2');
    await listIn(list, 'live');
  });

  it('does not take its token from another list of the page for ever', async () => {
    await using page = await ScriptedRows.start();
    const [list, connection] = await live(page);
    const other = page.list();
    (await page.request()).rows('t1', [1]);
    await page.acquired(connection, 't1');
    (await page.request()).rows('t1', [1]);
    await listIn(list, 'failed');
    await listIn(other, 'live');
    expect(page.asked).toBe(3);
  });

  it('is not live at once when it was revoked, and the route decides', async () => {
    await using page = await ScriptedRows.start();
    const [list, connection] = await live(page);
    notify(connection, { type: 'revoked', subscriptions: ['t1'] });
    await listIn(list, 'stale');
    (await page.request()).refuse(403);
    await listIn(list, 'failed');
    expect(list.error).toMatchObject({
      code: 'SNORKY_FETCH_FAILED',
      message: expect.stringContaining('403'),
    });
    expect(list.items).toEqual([{ id: 1 }]);
  });

  it('tries again soon where fetching fails once it has been live, and nobody refreshes it', async () => {
    const random = jest.spyOn(Math, 'random').mockReturnValue(0.001);
    const timers = jest.spyOn(globalThis, 'setTimeout');
    const refused = async (page: ScriptedRows): Promise<void> => {
      (await page.request()).refuse(503);
    };
    try {
      await using page = await ScriptedRows.start();
      const connection = await page.connection();
      const list = page.list();
      for (let nth = 0; nth < 3; nth++) await refused(page);
      (await page.request()).rows('t1', [1]);
      await page.acquired(connection, 't1');
      await listIn(list, 'live');
      notify(connection, { type: 'refetch', subscriptions: ['t1'], delay: 0 });
      await listIn(list, 'stale');
      timers.mockClear();
      await refused(page);
      (await page.request()).rows('t2', [1]);
      const delays = timers.mock.calls.map(([, delay]) => delay);
      expect(delays).toContain(1);
      expect(delays).not.toContain(8);
    } finally {
      random.mockRestore();
      timers.mockRestore();
    }
  });

  it('fetches ever less often where it is revoked again and again', async () => {
    const random = jest.spyOn(Math, 'random').mockReturnValue(0.999);
    const timers = jest.spyOn(globalThis, 'setTimeout');
    try {
      await using page = await ScriptedRows.start();
      const connection = await page.connection();
      const list = page.list({ refetch: { minDelay: 8, maxDelay: 40 } });
      const delays: number[] = [];
      for (let nth = 1; nth <= 5; nth++) {
        (await page.request()).rows(`t${nth}`, [1]);
        await page.acquired(connection, `t${nth}`);
        await listIn(list, 'live');
        timers.mockClear();
        notify(connection, { type: 'revoked', subscriptions: [`t${nth}`] });
        await listIn(list, 'stale');
        const set = timers.mock.calls.map(([, delay]) =>
          Math.round(delay ?? 0),
        );
        delays.push(...set.filter((delay) => delay > 0 && delay <= 40));
      }
      expect(delays).toEqual([8, 16, 32, 40, 40]);
    } finally {
      random.mockRestore();
      timers.mockRestore();
    }
  });

  it('fetches when the server wants it to, and is not live until then', async () => {
    await using page = await ScriptedRows.start();
    const [list, connection] = await live(page);
    const begin = performance.now();
    const subscriptions = ['t1'];
    notify(connection, { type: 'refetch', subscriptions, delay: 120 });
    await listIn(list, 'stale');
    expect(page.asked).toBe(1);
    const request = await page.request();
    expect(performance.now() - begin).toBeGreaterThan(115);
    request.rows('t2', [2]);
    await page.acquired(connection, 't2');
    await listIn(list, 'live');
    expect(list.items).toEqual([{ id: 2 }]);
  });

  it.each([[-5], [null], ['soon'], [{}]])(
    'fetches at once where the delay is %j',
    async (delay) => {
      await using page = await ScriptedRows.start();
      const [list, connection] = await live(page);
      const subscriptions = ['t1'];
      notify(connection, { type: 'refetch', subscriptions, delay });
      (await page.request()).rows('t2', [2]);
      await page.acquired(connection, 't2');
      await listIn(list, 'live');
      expect(list.items).toEqual([{ id: 2 }]);
    },
  );

  it('lets no server put it off for more than five minutes', async () => {
    await using page = await ScriptedRows.start();
    const [list, connection] = await live(page);
    const timers = jest.spyOn(globalThis, 'setTimeout');
    try {
      const subscriptions = ['t1'];
      notify(connection, { type: 'refetch', subscriptions, delay: 1e12 });
      await listIn(list, 'stale');
      expect(timers.mock.calls.map(([, delay]) => delay)).toContain(300_000);
    } finally {
      timers.mockRestore();
    }
  });

  it('fetches as whom it is now when the identity has changed', async () => {
    await using page = await ScriptedRows.start();
    const connection = await page.connection();
    let user = 'alice';
    const list = page.list({ request: () => ({ headers: { User: user } }) });
    const first = await page.request();
    expect(first.header('User')).toBe('alice');
    first.rows('t1', [1]);
    await page.acquired(connection, 't1');
    await listIn(list, 'live');
    user = 'bob';
    notify(connection, { type: 'identity', subscriptions: ['t1'] });
    await listIn(list, 'stale');
    const second = await page.request();
    expect(second.header('User')).toBe('bob');
    second.rows('t2', [2]);
    await page.acquired(connection, 't2');
    await listIn(list, 'live');
  });

  it('goes on where the identity has changed and it is of a bearer', async () => {
    await using page = await ScriptedRows.start();
    const [list, connection] = await live(page);
    notify(connection, { type: 'identity', subscriptions: ['other'] });
    notify(connection, insert('t1', 2));
    await dispatched(list.changed);
    expect(list.state).toBe('live');
    expect(page.asked).toBe(1);
  });

  describe('whose token is for another identity than the connection has', () => {
    async function mismatched(
      page: ScriptedRows,
      connection: ScriptedConnection,
      token: string,
    ): Promise<void> {
      (await page.request()).rows(token, [1]);
      const call = await acquisition(connection, token);
      notify(connection, { type: 'mismatch', subscription: token });
      connection.refuse(call, 'No such subscription');
    }

    /** A mismatched list whose connection has been told of another identity. */
    async function loggedIn(page: ScriptedRows) {
      const connection = await page.connection();
      const list = page.list();
      await mismatched(page, connection, 't1');
      await listIn(list, 'mismatched');
      notify(connection, { type: 'identity', subscriptions: [] });
      return [connection, list] as const;
    }

    it('says so, and does not fetch in a circle', async () => {
      await using page = await ScriptedRows.start();
      const connection = await page.connection();
      const list = page.list();
      await mismatched(page, connection, 't1');
      await listIn(list, 'mismatched');
      expect(list.error).toBeUndefined();
      expect(list.items).toEqual([{ id: 1 }]);
      // Longer than any first delay of another attempt.
      await new Promise((resolve) => setTimeout(resolve, 1100));
      expect(page.asked).toBe(1);
      expect(list.state).toBe('mismatched');
    });

    it('fetches again when the identity is another', async () => {
      await using page = await ScriptedRows.start();
      const [connection, list] = await loggedIn(page);
      // It may be the wrong one again.
      await mismatched(page, connection, 't2');
      await listIn(list, 'stale');
      await listIn(list, 'mismatched');
      notify(connection, { type: 'identity', subscriptions: [] });
      (await page.request()).rows('t3', [3]);
      await page.acquired(connection, 't3');
      await listIn(list, 'live');
      expect(page.asked).toBe(3);
    });

    it('fetches once more where the proof of a log-in came after its notice', async () => {
      await using page = await ScriptedRows.start();
      const [connection, list] = await loggedIn(page);
      // The answer of the command is on its way, and the cookie with it.
      await mismatched(page, connection, 't2');
      await listIn(list, 'stale');
      await listIn(list, 'mismatched');
      (await page.request()).rows('t3', [3]);
      await page.acquired(connection, 't3');
      await listIn(list, 'live');
      expect(list.items).toEqual([{ id: 3 }]);
      expect(page.asked).toBe(3);
    });

    it('fetches no third time where a log-in has brought no proof', async () => {
      await using page = await ScriptedRows.start();
      const [connection, list] = await loggedIn(page);
      await mismatched(page, connection, 't2');
      await mismatched(page, connection, 't3');
      await listIn(list, 'mismatched');
      // Longer than any first delay of another attempt.
      await new Promise((resolve) => setTimeout(resolve, 1100));
      expect(page.asked).toBe(3);
      expect(list.state).toBe('mismatched');
    });

    it('fetches again where the identity has changed during the fetch', async () => {
      await using page = await ScriptedRows.start();
      const connection = await page.connection();
      const list = page.list();
      const request = await page.request();
      const told = dispatched(page.datasync.notificationReceived);
      notify(connection, { type: 'identity', subscriptions: [] });
      await told;
      request.rows('t1', [1]);
      const call = await acquisition(connection, 't1');
      notify(connection, { type: 'mismatch', subscription: 't1' });
      connection.refuse(call, 'No such subscription');
      (await page.request()).rows('t2', [2]);
      await page.acquired(connection, 't2');
      await listIn(list, 'live');
      expect(list.items).toEqual([{ id: 2 }]);
      expect(page.asked).toBe(2);
    });

    it('fetches again with another connection', async () => {
      await using page = await ScriptedRows.start();
      const connection = await page.connection();
      const list = page.list();
      await mismatched(page, connection, 't1');
      await listIn(list, 'mismatched');
      page.snorky.disconnect();
      expect(list.state).toBe('mismatched');
      page.snorky.connect();
      const second = await page.connection();
      (await page.request()).rows('t2', [2]);
      await page.acquired(second, 't2');
      await listIn(list, 'live');
      expect(page.asked).toBe(2);
    });

    it('can be closed, and refreshed', async () => {
      await using page = await ScriptedRows.start();
      const connection = await page.connection();
      const [one, other] = [page.list(), page.list()];
      for (const token of ['t1', 't2']) {
        await mismatched(page, connection, token);
      }
      for (const list of [one, other]) await listIn(list, 'mismatched');
      one.close();
      expect(one.state).toBe('closed');
      other.refresh();
      expect(other.state).toBe('stale');
      (await page.request()).rows('t3', [3]);
      await page.acquired(connection, 't3');
      await listIn(other, 'live');
    });
  });

  it('does without the features where the server has none', async () => {
    await using page = await ScriptedRows.start();
    const connection = await page.connection([]);
    const list = page.list();
    (await page.request()).rows('t1', [1]);
    await page.acquired(connection, 't1');
    await list.ready;
    connection.ws.close(4003, 'Changes were lost');
    const second = await page.connection([]);
    second.refuse(await acquisition(second, 't1'), 'No such subscription');
    (await page.request()).rows('t2', [2]);
    await page.acquired(second, 't2');
    await listIn(list, 'live');
    expect(list.items).toEqual([{ id: 2 }]);
  });
});
