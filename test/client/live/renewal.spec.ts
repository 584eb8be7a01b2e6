import { describe, expect, it, jest } from '@jest/globals';
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

const lasting = (lasts: number): object => ({
  'X-Subscription-Expires': lasts,
});

const insert = (token: string, id: number): object => ({
  type: 'deltas',
  subscription: token,
  deltas: [{ type: 'insert', model: 'Row', data: { id } }],
  position: `p${id}`,
});

/** A list that is live with the token t1, for some milliseconds. */
async function live(
  page: ScriptedRows,
  lasts = 100,
  features = FEATURES,
): Promise<[ReturnType<ScriptedRows['list']>, ScriptedConnection]> {
  const connection = await page.connection(features);
  const list = page.list();
  (await page.request()).rows('t1', [1], lasting(lasts));
  await page.acquired(connection, 't1');
  await list.ready;
  return [list, connection];
}

const ids = (list: ReturnType<ScriptedRows['list']>): number[] =>
  list.items.map(({ id }) => id);

describe('a list whose subscription ends', () => {
  it('goes on under a new token, without a word to the page', async () => {
    await using page = await ScriptedRows.start();
    const [list, connection] = await live(page);
    connection.send('datasync', insert('t1', 2));
    await dispatched(list.changed);
    const states: string[] = [];
    list.changed.add(() => states.push(list.state));
    const renewal = await page.request();
    expect(renewal.asks).toBe('Renew');
    renewal.renewed('t2', lasting(100));
    const call = await acquisition(connection, 't2');
    expect(call.message.params).toEqual({
      token: 't2',
      resume: true,
      since: 'p2',
      replaces: 't1',
    });
    // What came before the server has done it has the old token.
    connection.send('datasync', insert('t1', 3));
    connection.answer(call, { recovered: true, position: 'p3' });
    connection.send('datasync', insert('t2', 4));
    await dispatched(list.changed, () => list.items.length === 4);
    expect(ids(list)).toEqual([1, 2, 3, 4]);
    expect(states).toEqual(['live', 'live']);
    // And so for ever.
    (await page.request()).renewed('t3', lasting(60_000));
    const next = await acquisition(connection, 't3');
    expect(next.message.params).toMatchObject({ since: 'p4', replaces: 't2' });
    connection.answer(next, { recovered: true, position: 'p4' });
    connection.send('datasync', insert('t3', 5));
    await dispatched(list.changed);
    expect(list.state).toBe('live');
    expect(page.asked).toBe(3);
    expect(errors).not.toHaveBeenCalled();
  });

  it('asks at a random time of the last quarter, with the request of the page', async () => {
    const random = jest.spyOn(Math, 'random');
    const timers = jest.spyOn(globalThis, 'setTimeout');
    try {
      for (const [drawn, delay] of [
        [0, 75_000],
        [0.999999, 90_000],
      ] as const) {
        random.mockReturnValue(drawn);
        await using page = await ScriptedRows.start();
        const [list] = await live(page, 100_000);
        const set = timers.mock.calls.map(([, time]) => Math.round(time ?? 0));
        expect(set).toContain(delay);
        list.close();
      }
    } finally {
      random.mockRestore();
      timers.mockRestore();
    }
  });

  it('asks once more after what may pass', async () => {
    const random = jest.spyOn(Math, 'random').mockReturnValue(0.01);
    try {
      await using page = await ScriptedRows.start();
      const [list, connection] = await live(page, 1000);
      (await page.request()).refuse(503);
      (await page.request()).refuse(429);
      (await page.request()).renewed('t2', lasting(60_000));
      await page.acquired(connection, 't2');
      expect(list.state).toBe('live');
      expect(errors).not.toHaveBeenCalled();
    } finally {
      random.mockRestore();
    }
  });

  it.each([
    ['is refused', (request: Asked) => request.refuse(401)],
    ['knows nothing of it', (request: Asked) => request.rows('t2', [7])],
    ['is in vain until the end', (request: Asked) => request.refuse(503)],
  ])(
    'fetches again after the end where the request %s',
    async (_what, answer) => {
      await using page = await ScriptedRows.start();
      const [list, connection] = await live(page);
      answer(await page.request());
      connection.send('datasync', insert('t1', 2));
      await dispatched(list.changed);
      expect(list.state).toBe('live');
      connection.send('datasync', { type: 'revoked', subscriptions: ['t1'] });
      await listIn(list, 'stale');
      const request = await page.request();
      expect(request.asks).toBe('Subscribe');
      request.rows('t3', [3]);
      await page.acquired(connection, 't3');
      await listIn(list, 'live');
      expect(ids(list)).toEqual([3]);
    },
  );

  it.each([
    ['what it is to has changed', FEATURES],
    ['the server does not know how', ['errors', 'revoked']],
  ])('fetches again where %s', async (what, features) => {
    await using page = await ScriptedRows.start();
    const [list, connection] = await live(page, 100, features);
    (await page.request()).renewed('t2', lasting(100));
    if (what.startsWith('what')) {
      const call = await acquisition(connection, 't2');
      expect(call.message.params['replaces']).toBe('t1');
      connection.refuse(call, 'No such subscription');
    }
    const request = await page.request();
    expect(request.asks).toBe('Subscribe');
    request.rows('t3', [3]);
    const call = await acquisition(connection, 't3');
    expect(call.message.params).not.toHaveProperty('replaces');
    connection.answer(call, { recovered: true, position: 'p' });
    await listIn(list, 'live');
    expect(ids(list)).toEqual([3]);
  });

  it.each([
    ['has not happened', 't1'],
    ['has happened', 't2'],
  ])(
    'goes on after an answer that was lost, where it %s',
    async (_what, held) => {
      await using page = await ScriptedRows.start();
      const [list, connection] = await live(page);
      (await page.request()).renewed('t2', lasting(60_000));
      await acquisition(connection, 't2');
      connection.send('datasync', insert('t1', 2));
      await dispatched(list.changed);
      connection.cut();
      const second = await page.connection();
      const resumed = await acquisition(second, 't1');
      expect(resumed.message.params).toMatchObject({ since: 'p2' });
      expect(resumed.message.params).not.toHaveProperty('replaces');
      if (held === 't1') {
        second.send('datasync', insert('t1', 3));
        second.answer(resumed, { recovered: true, position: 'p3' });
        await listIn(list, 'live');
      } else {
        second.refuse(resumed, 'No such subscription');
      }
      const again = await acquisition(second, 't2');
      const since = held === 't1' ? 'p3' : 'p2';
      expect(again.message.params).toMatchObject({ since, replaces: 't1' });
      if (held === 't2') second.send('datasync', insert('t2', 3));
      second.answer(again, { recovered: true, position: 'p3' });
      second.send('datasync', insert('t2', 4));
      await dispatched(list.changed, () => list.items.length === 4);
      expect(ids(list)).toEqual([1, 2, 3, 4]);
      expect(list.state).toBe('live');
      expect(page.asked).toBe(2);
    },
  );

  it('fetches again where neither token is any good after a loss', async () => {
    await using page = await ScriptedRows.start();
    const [list, connection] = await live(page);
    (await page.request()).renewed('t2', lasting(60_000));
    await acquisition(connection, 't2');
    connection.cut();
    const second = await page.connection();
    for (const token of ['t1', 't2']) {
      second.refuse(await acquisition(second, token), 'No such subscription');
    }
    (await page.request()).rows('t3', [3]);
    await page.acquired(second, 't3');
    await listIn(list, 'live');
    expect(ids(list)).toEqual([3]);
  });

  it('sends no server a parameter that it does not know', async () => {
    await using page = await ScriptedRows.start();
    const [list, connection] = await live(page);
    (await page.request()).renewed('t2', lasting(60_000));
    await acquisition(connection, 't2');
    connection.cut();
    const second = await page.connection([]);
    second.refuse(await acquisition(second, 't1'), 'No such subscription');
    (await page.request()).rows('t3', [3]);
    const call = await acquisition(second, 't3');
    expect(call.message.params).not.toHaveProperty('replaces');
    second.answer(call, { recovered: true, position: 'p' });
    await listIn(list, 'live');
  });

  it('fetches again where the answer does not tell which token is good', async () => {
    await using page = await ScriptedRows.start({ timeout: 60 });
    const [list, connection] = await live(page);
    (await page.request()).renewed('t2', lasting(60_000));
    // It has no answer.
    await acquisition(connection, 't2');
    await listIn(list, 'stale');
    (await page.request()).rows('t3', [3]);
    const released: unknown[] = [];
    for (;;) {
      const call = await connection.next();
      const { command, params } = call.message;
      if (command === 'cancelSubscription') released.push(params['token']);
      else {
        connection.answer(call, { recovered: true, position: 'p' });
        break;
      }
    }
    expect(released).toEqual(['t1', 't2']);
    await listIn(list, 'live');
  });

  it('does not go on under a token that another list has, from a cache', async () => {
    await using page = await ScriptedRows.start();
    const [one, connection] = await live(page);
    (await page.request()).renewed('n', lasting(60_000));
    await page.acquired(connection, 'n');
    const other = page.list();
    (await page.request()).rows('t2', [1], lasting(100));
    await page.acquired(connection, 't2');
    await other.ready;
    (await page.request()).renewed('n', lasting(100));
    const request = await page.request();
    expect(request.asks).toBe('Subscribe');
    connection.send('datasync', insert('n', 2));
    await dispatched(one.changed);
    expect(ids(one)).toEqual([1, 2]);
    expect(one.state).toBe('live');
    request.rows('t3', [1, 2]);
    await page.acquired(connection, 't3');
    await listIn(other, 'live');
  });

  it('leaves nothing live on the server where that fails', async () => {
    await using page = await ScriptedRows.start();
    const [list, connection] = await live(page);
    (await page.request()).renewed('t2', lasting(100));
    connection.refuse(await acquisition(connection, 't2'), 'Internal error');
    const cancelled: unknown[] = [];
    for (let n = 0; n < 2; n++) {
      const { message } = await connection.next();
      cancelled.push([message.command, message.params]);
    }
    expect(cancelled).toEqual([
      ['cancelSubscription', { token: 't1' }],
      ['cancelSubscription', { token: 't2' }],
    ]);
    (await page.request()).rows('t3', [3]);
    await page.acquired(connection, 't3');
    await listIn(list, 'live');
  });

  it('renews nothing after it was closed', async () => {
    await using page = await ScriptedRows.start();
    const [list] = await live(page, 40);
    const renewal = await page.request();
    list.close();
    expect(renewal.isAborted).toBe(true);
    renewal.renewed('t2', lasting(40));
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(page.asked).toBe(2);
  });

  it('lets a revocation win over a renewal that is under way', async () => {
    await using page = await ScriptedRows.start();
    const [list, connection] = await live(page);
    (await page.request()).renewed('t2', lasting(60_000));
    const call = await acquisition(connection, 't2');
    connection.send('datasync', { type: 'revoked', subscriptions: ['t1'] });
    connection.refuse(call, 'No such subscription');
    (await page.request()).rows('t3', [3]);
    await page.acquired(connection, 't3');
    await listIn(list, 'live');
    expect(page.asked).toBe(3);
  });
});

describe('renew() of a follower', () => {
  it('settles when it is known under which token it goes on', async () => {
    await using page = await ScriptedRows.start();
    const connection = await page.connection();
    let becomeLive = (): void => {};
    const isLive = new Promise<void>((resolve) => {
      becomeLive = resolve;
    });
    const followed = page.datasync.follow('t1', {
      onDeltas: () => {},
      onState: (state) => {
        if (state === 'live') becomeLive();
      },
    });
    expect(await followed.renew('t2')).toBe(false);
    await page.acquired(connection, 't1');
    await isLive;
    const renewed = followed.renew('t2');
    await page.acquired(connection, 't2');
    expect(await renewed).toBe(true);
    expect(followed.token).toBe('t2');
    const refused = followed.renew('t3');
    const call = await acquisition(connection, 't3');
    connection.refuse(call, 'No such subscription');
    expect(await refused).toBe(false);
    expect([followed.token, followed.state]).toEqual(['t2', 'live']);
    expect(await followed.renew('t2')).toBe(false);
    followed.cancel();
    expect(await followed.renew('t4')).toBe(false);
  });
});

type Asked = Awaited<ReturnType<ScriptedRows['request']>>;
