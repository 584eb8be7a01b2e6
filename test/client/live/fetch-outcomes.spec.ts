import {
  afterEach,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  DataSync,
  liveCollection,
  type Live,
  type LiveListOptions,
} from 'snorky/client';
import { connect, rejection } from '../support/client.js';

interface Row {
  readonly id: number;
}

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

const LOG_IN = '<!doctype html><title>Log in</title>';
const JSON_TYPE = { 'Content-Type': 'application/json' };
const TOKEN = { ...JSON_TYPE, 'X-Subscription-Token': 'x'.repeat(32) };

function status(code: number, headers = {}, body = ''): Answer {
  return (response) => response.writeHead(code, headers).end(body);
}

function ok(body: string, headers = {}): Answer {
  return status(200, { ...TOKEN, ...headers }, body);
}

/** Answers on paths of a host of its own. */
class Host implements AsyncDisposable {
  answer: Answer = ok('[]');
  asked = 0;

  private constructor(private readonly server: Server) {
    server.on('request', (request, response: ServerResponse) => {
      if (request.url === '/log-in') {
        response.writeHead(200, { 'Content-Type': 'text/html' }).end(LOG_IN);
      } else {
        this.asked++;
        this.answer(response, request);
      }
    });
  }

  static async start(): Promise<Host> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Host(server);
  }

  get url(): string {
    const { port } = this.server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

let errors: ReturnType<typeof jest.spyOn>;
beforeEach(() => {
  errors = jest.spyOn(console, 'error').mockImplementation(() => {});
});
afterEach(() => {
  jest.restoreAllMocks();
});

async function fetching(
  body: (
    host: Host,
    list: (options?: Partial<LiveListOptions<Row>>) => Live,
  ) => Promise<void>,
): Promise<void> {
  await using host = await Host.start();
  // Nothing of this takes a connection.
  using snorky = connect(
    'ws://127.0.0.1:9',
    { datasync: DataSync },
    { connect: false },
  );
  const opened: Live[] = [];
  try {
    await body(host, (options = {}) => {
      const { datasync } = snorky.services;
      const url = `${host.url}/tasks?token=secret#also-secret`;
      const list = liveCollection<Row>(datasync, url, {
        model: 'Row',
        ...options,
      });
      opened.push(list);
      return list;
    });
  } finally {
    for (const list of opened) list.close();
  }
}

async function until(view: Live, holds: () => boolean): Promise<void> {
  while (!holds()) {
    await new Promise<void>((resolve) => {
      view.changed.addOnce(() => resolve());
    });
  }
}

/** Ends for good: no request like this one will do better. */
const FAILS: readonly (readonly [string, Answer, string])[] = [
  ['a page', ok('<p>Hello', { 'Content-Type': 'text/html' }), '"<p>Hello"'],
  [
    'a page that a redirect leads to',
    status(302, { Location: '/log-in' }),
    '/log-in, no JSON but text/html: "<!doctype html>',
  ],
  ['text', ok('Hello', { 'Content-Type': 'text/plain' }), '"Hello"'],
  ['half an answer', ok('[{"id":1}'), 'application/json'],
  ['nothing', ok(''), 'application/json: ""'],
  ['nothing, by 204', status(204, TOKEN), '204'],
  ['nothing, by 205', status(205, TOKEN), '205'],
  ['null', ok('null'), 'but null'],
  ['a number', ok('42'), 'but number'],
  ['a text', ok('"rows"'), 'but string'],
  ['an object', ok('{"rows": []}'), 'but object'],
  ['rows without key', ok('[{"ID": 1}]'), 'with the key "id"'],
  ['rows that are none', ok('[null]'), 'with the key "id"'],
  ['no token', status(200, JSON_TYPE, '[]'), 'without X-Subscription-Token'],
  [
    'an empty token',
    ok('[]', { 'X-Subscription-Token': '' }),
    'without X-Subscription-Token',
  ],
  ['300', status(300), '300'],
  ['304 without being asked', status(304), '304'],
  ['a redirect to nowhere', status(302), '302'],
  ...[400, 401, 403, 404, 405, 406, 409, 410, 412, 418, 451].map(
    (code) => [String(code), status(code), String(code)] as const,
  ),
];

describe('a live list fails', () => {
  it.each(FAILS)('when the answer is %s', async (_what, answer, told) => {
    await fetching(async (host, open) => {
      host.answer = answer;
      const list = open();
      const error = await rejection(list.ready);
      expect(list.error).toBe(error);
      expect(list.state).toBe('failed');
      // One line, which names the address - without secrets - and what came.
      expect(errors.mock.calls).toEqual([
        ['Snorky: A live list has failed', list.error],
      ]);
      const { message } = list.error as Error;
      expect(message).toContain(`${host.url}/tasks `);
      expect(message).toContain(told);
      expect(message).not.toContain('secret');
      expect(message.length).toBeLessThan(600);
      expect(host.asked).toBe(1);
    });
  });

  it('for a long answer and a long address with a short line', async () => {
    await fetching(async (host, open) => {
      host.answer = ok('x'.repeat(100_000), {
        'Content-Type': 'x'.repeat(999),
      });
      const list = open({
        fetch: (_url, init) => fetch(`${host.url}/${'y'.repeat(5000)}`, init),
      });
      await list.ready.catch(() => {});
      expect((list.error as Error).message.length).toBeLessThan(600);
    });
  });

  it.each([
    ['whose length is told', { 'Content-Length': 64 * 65_536 + 1 }],
    ['that comes in pieces', {}],
  ])('when the answer is larger than allowed, %s', async (_what, headers) => {
    await fetching(async (host, open) => {
      let cut: Promise<unknown> | undefined;
      host.answer = (response) => {
        cut = once(response, 'close');
        response.writeHead(200, { ...TOKEN, ...headers });
        for (let i = 0; i < 64; i++) response.write(' '.repeat(65_536));
        // And it does not end.
      };
      const list = open({ maxBytes: 1_000_000 });
      await list.ready.catch(() => {});
      expect(list.state).toBe('failed');
      expect(list.error).toMatchObject({
        message: expect.stringContaining('over 1000000 bytes'),
      });
      await cut;
    });
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('Not a promise');
      },
    ],
    ['answers nothing', () => Promise.resolve(undefined)],
    [
      'answers no Response',
      () => Promise.resolve({ ok: true, json: () => [] }),
    ],
    ['answers no promise', () => [{ id: 1 }]],
    [
      'gives a Response twice',
      async () => {
        const response = new Response('[]', { headers: TOKEN });
        await response.text();
        return response;
      },
    ],
    [
      'follows no redirect',
      (url: string, init: RequestInit) =>
        fetch(url, { ...init, redirect: 'manual' }),
    ],
  ])('when `fetch` %s', async (_what, broken) => {
    await fetching(async (host, open) => {
      host.answer = status(302, { Location: '/log-in' });
      const list = open({ fetch: broken as never });
      await expect(list.ready).rejects.toMatchObject({
        code: 'SNORKY_FETCH_FAILED',
      });
      expect(list.state).toBe('failed');
      expect(errors).toHaveBeenCalledTimes(1);
    });
  });

  it('when the browser shows nothing of an answer', async () => {
    await fetching(async (_host, open) => {
      const opaque = { ok: false, status: 0, type: 'opaque', body: null };
      const headers = new Headers();
      const list = open({
        fetch: () => Promise.resolve({ ...opaque, headers } as Response),
      });
      await expect(list.ready).rejects.toMatchObject({
        message: expect.stringContaining('it answered opaque'),
      });
    });
  });

  it('for headers that are none', async () => {
    await fetching(async (host, open) => {
      const list = open({ request: { headers: { 'a b': 'c' } } });
      await expect(list.ready).rejects.toMatchObject({
        code: 'SNORKY_FETCH_FAILED',
        cause: expect.objectContaining({ name: 'TypeError' }),
      });
      expect(host.asked).toBe(0);
    });
  });

  it('and begins anew when it is told to', async () => {
    await fetching(async (host, open) => {
      host.answer = ok(LOG_IN);
      const list = open();
      await list.ready.catch(() => {});
      host.answer = ok('[{"id": 1}]');
      list.refresh();
      expect(list.state).toBe('stale');
      // With rows, for want of a connection.
      const rows = list as unknown as { items: readonly Row[] };
      await until(list, () => rows.items.length === 1);
      expect(list).toMatchObject({ state: 'stale', items: [{ id: 1 }] });
    });
  });
});

/** Ends with another attempt. */
const RETRIES: readonly (readonly [string, Answer])[] = [
  ['no answer', (response) => response.destroy()],
  [
    'an answer that breaks off',
    (response) => {
      response.writeHead(200, { ...TOKEN, 'Content-Length': 100 });
      response.write('[');
      setTimeout(() => response.destroy(), 5);
    },
  ],
  ['no end', (response) => response.writeHead(200, TOKEN).write('[')],
  ['nothing for long', () => {}],
  ...[408, 425, 429, 500, 501, 502, 503, 504, 507, 511].map(
    (code) => [String(code), status(code, {}, LOG_IN)] as const,
  ),
];

describe('a live list tries again', () => {
  it.each(RETRIES)('after it got %s', async (_what, answer) => {
    jest.spyOn(Math, 'random').mockReturnValue(0);
    await fetching(async (host, open) => {
      host.answer = answer;
      const list = open({ timeout: 50 });
      await until(list, () => list.error !== undefined);
      expect(list.state).toBe('loading');
      expect(list.error).toMatchObject({ code: 'SNORKY_FETCH_FAILED' });
      host.answer = ok('[]');
      await until(list, () => list.state === 'stale');
      expect(errors).not.toHaveBeenCalled();
    });
  });

  it.each([
    ['the network', () => Promise.reject(new TypeError('Failed to fetch'))],
    [
      'whoever leaves the page',
      () => Promise.reject(new DOMException('Aborted', 'AbortError')),
    ],
    [
      'a body that cannot be read',
      () => {
        const body = new ReadableStream({
          start: (controller) => controller.error(new TypeError('lost')),
        });
        return Promise.resolve(new Response(body, { headers: TOKEN }));
      },
    ],
    [
      'a text that cannot be read',
      () => {
        const response = {
          ok: true,
          status: 200,
          headers: new Headers(),
          text: () => Promise.reject(new Error('lost')),
        };
        return Promise.resolve(response as unknown as Response);
      },
    ],
  ])('after an end by %s', async (_what, broken) => {
    jest.spyOn(Math, 'random').mockReturnValue(0);
    await fetching(async (host, open) => {
      let isBroken = true;
      const list = open({
        fetch: (url, init) => (isBroken ? broken() : fetch(url, init)),
      });
      await until(list, () => list.error !== undefined);
      isBroken = false;
      await until(list, () => list.state === 'stale');
      expect(host.asked).toBe(1);
    });
  });

  it('after a request that could not be made yet', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(0);
    await fetching(async (_host, open) => {
      let attempts = 0;
      const list = open({
        request: () => {
          if (++attempts === 1) throw new Error('Nobody has logged in');
          return {};
        },
      });
      await until(list, () => list.error !== undefined);
      expect(list.error).toMatchObject({
        message: expect.stringContaining('Nobody has logged in'),
      });
      await until(list, () => list.state === 'stale');
    });
  });

  it('with a growing delay', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(0.001);
    const timers = jest.spyOn(globalThis, 'setTimeout');
    await fetching(async (host, open) => {
      host.answer = status(503);
      const list = open({ timeout: 0 });
      const seen = new Set<unknown>();
      while (seen.size < 4) {
        await until(list, () => !seen.has(list.error) && !!list.error);
        seen.add(list.error);
      }
      const delays = timers.mock.calls.map(([, delay]) => Number(delay));
      expect(delays).toEqual(expect.arrayContaining([1, 2, 4, 8]));
    });
  });

  const soon = new Date(Date.now() + 60_000).toUTCString();
  it.each([
    ['seconds', '120', 120_000],
    ['a moment', soon, 60_000],
    ['nothing', '', 0],
    ['no time', 'tomorrow', 0],
    ['a moment that is over', 'Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['far too long', '99999999999999999999', 300_000],
  ])('when the server says, by %s', async (_what, value, expected) => {
    jest.spyOn(Math, 'random').mockReturnValue(0.5);
    const timers = jest.spyOn(globalThis, 'setTimeout');
    await fetching(async (host, open) => {
      host.answer = status(429, { 'Retry-After': value });
      const list = open({ timeout: 0 });
      await until(list, () => list.error !== undefined);
      const delay = Number(timers.mock.calls.at(-1)?.[1]);
      // Pages that get the same answer do not fetch at the same moment.
      expect(delay).toBeGreaterThan(expected - 5000);
      expect(delay).toBeLessThanOrEqual(expected + 500);
    });
  });
});
