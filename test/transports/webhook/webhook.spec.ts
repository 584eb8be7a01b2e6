import { describe, expect, it } from '@jest/globals';
import { RateLimitedLog } from '../../../src/core/log/log.js';
import { Webhook } from '../../../src/transports/webhook/webhook.js';
import {
  webhookSettings,
  type WebhookOptions,
} from '../../../src/transports/webhook/webhook-options.js';
import { verifyWebhook } from '../../../src/transports/webhook/webhook-signature.js';
import { Receiver, type Answer } from './receiver.js';

const SECRET = 'a secret of its own';

interface Numbered {
  readonly n: number;
}

/** A webhook, with what its host is told. */
function hook(url: string, options: Partial<WebhookOptions> = {}) {
  const told = { lost: 0, lines: [] as string[] };
  const log = new RateLimitedLog({
    warn: (line) => told.lines.push(line),
    error: (line) => told.lines.push(line),
  });
  const host = {
    name: 'frontend',
    log,
    lost: (events: number) => {
      told.lost += events;
    },
  };
  const all = { url, secret: SECRET, batchDelay: 5, ...options };
  return { webhook: new Webhook<Numbered>(all, 'node-1', host), told };
}

function status(code: number, headers: Record<string, string> = {}): Answer {
  return (response) => {
    response.writeHead(code, headers).end();
  };
}

/** The first answers, then success. */
function after(...answers: readonly Answer[]): Answer {
  return (response, nth) => {
    (answers[nth - 1] ?? ((ok) => ok.end()))(response, nth);
  };
}

describe('A webhook', () => {
  it('posts events in order and in batches, signed', async () => {
    await using receiver = await Receiver.start();
    const { webhook, told } = hook(receiver.url, { batchSize: 4 });
    for (let n = 0; n < 10; n++) webhook.add({ n });
    await receiver.until(() => receiver.numbers.length === 10);
    expect(receiver.numbers).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(receiver.posts.map(({ json }) => json.events.length)).toEqual([
      4, 4, 2,
    ]);
    for (const post of receiver.posts) {
      expect(post.json.node).toBe('node-1');
      expect(verifyWebhook(post, SECRET)).toBe(true);
      expect(post.headers['content-type']).toBe('application/json');
    }
    await webhook.close(1000);
    expect(told).toEqual({ lost: 0, lines: [] });
  });

  it.each([500, 503, 429, 408])(
    'tries the same post again after status %d, and nothing overtakes it',
    async (code) => {
      await using receiver = await Receiver.start(after(status(code)));
      const { webhook, told } = hook(receiver.url, { batchSize: 1 });
      for (let n = 0; n < 3; n++) webhook.add({ n });
      await receiver.until(() => receiver.numbers.length === 4);
      expect(receiver.numbers).toEqual([0, 0, 1, 2]);
      const [first, second, third] = receiver.posts;
      const id = 'x-snorky-delivery';
      expect(second?.body).toBe(first?.body);
      expect(second?.headers[id]).toBe(first?.headers[id]);
      expect(third?.headers[id]).not.toBe(first?.headers[id]);
      await webhook.close(1000);
      expect(told.lost).toBe(0);
      expect(told.lines).toEqual([
        `Events of "frontend" will be posted again: the receiver answered ${code}`,
      ]);
    },
  );

  it('waits for as long as the receiver asks', async () => {
    await using receiver = await Receiver.start(
      after(status(503, { 'Retry-After': '1' })),
    );
    const { webhook } = hook(receiver.url);
    const began = performance.now();
    webhook.add({ n: 1 });
    await receiver.until(() => receiver.posts.length === 2);
    expect(performance.now() - began).toBeGreaterThan(990);
    await webhook.close(1000);
  });

  it.each([400, 401, 404, 410, 301, 302, 307, 308])(
    'gives events up at status %d, and says so to whoever comes next',
    async (code) => {
      const elsewhere = { Location: 'http://127.0.0.1:1/' };
      await using receiver = await Receiver.start(
        after(status(code, elsewhere)),
      );
      const { webhook, told } = hook(receiver.url);
      webhook.add({ n: 1 });
      webhook.add({ n: 2 });
      await receiver.until(() => receiver.posts.length === 1);
      webhook.add({ n: 3 });
      await receiver.until(() => receiver.posts.length === 2);
      webhook.add({ n: 4 });
      await receiver.until(() => receiver.posts.length === 3);
      expect(receiver.posts.map(({ json }) => json.lost)).toEqual([
        undefined,
        2,
        undefined,
      ]);
      expect(receiver.numbers).toEqual([1, 2, 3, 4]);
      await webhook.close(1000);
      expect(told).toEqual({
        lost: 2,
        lines: [`Events of "frontend" are lost: the receiver answered ${code}`],
      });
    },
  );

  it('does not post to where a redirect leads', async () => {
    await using elsewhere = await Receiver.start();
    await using receiver = await Receiver.start(
      status(307, { Location: elsewhere.url }),
    );
    const { webhook } = hook(receiver.url);
    webhook.add({ n: 1 });
    await receiver.until(() => receiver.posts.length === 1);
    await webhook.close(1000);
    expect(elsewhere.posts).toEqual([]);
  });

  it.each([[60], [1], [0.3]])(
    'does not give events up at once where the receiver asks for %d s',
    async (seconds) => {
      await using receiver = await Receiver.start(
        status(503, { 'Retry-After': String(seconds) }),
      );
      const { webhook, told } = hook(receiver.url, {
        batchSize: 1,
        retryFor: 400,
      });
      const began = performance.now();
      webhook.add({ n: 1 });
      webhook.add({ n: 2 });
      await receiver.until(() => receiver.numbers.includes(2));
      // The last attempt is at the end, and only then is it the next one's turn.
      expect(performance.now() - began).toBeGreaterThan(390);
      expect(receiver.numbers.slice(0, 2)).toEqual([1, 1]);
      await webhook.close(1000);
      expect(told.lost).toBe(2);
    },
  );

  it('loses what is no JSON, and goes on', async () => {
    await using receiver = await Receiver.start();
    const { webhook, told } = hook(receiver.url, { batchSize: 1 });
    webhook.add({ n: 1n } as never);
    webhook.add({ n: 2 });
    await receiver.until(() => receiver.posts.length === 1);
    expect(receiver.numbers).toEqual([2]);
    await webhook.close(1000);
    expect(told.lost).toBe(1);
    expect(told.lines).toEqual([
      expect.stringMatching(/are lost: they are no JSON \(TypeError: /),
    ]);
  });

  it('gives up when its time for attempts is over', async () => {
    await using receiver = await Receiver.start(status(500));
    const { webhook, told } = hook(receiver.url, { retryFor: 0 });
    webhook.add({ n: 1 });
    await receiver.until(() => receiver.posts.length === 1);
    await webhook.close(1000);
    expect(receiver.posts).toHaveLength(1);
    expect(told.lost).toBe(1);
  });

  it('tries again where the receiver does not answer in time', async () => {
    await using receiver = await Receiver.start(
      after(() => {
        // Never.
      }),
    );
    const { webhook, told } = hook(receiver.url, { timeout: 100 });
    webhook.add({ n: 1 });
    await receiver.until(() => receiver.posts.length === 2);
    expect(receiver.numbers).toEqual([1, 1]);
    await webhook.close(1000);
    expect(told.lines).toEqual([
      'Events of "frontend" will be posted again: TimeoutError',
    ]);
  });

  it('tries again where nobody listens, and says why', async () => {
    let url: string;
    {
      await using gone = await Receiver.start();
      ({ url } = gone);
    }
    const { webhook, told } = hook(url, { retryFor: 0 });
    webhook.add({ n: 1 });
    await webhook.close(1000);
    expect(told.lost).toBe(1);
    expect(told.lines).toEqual(['Events of "frontend" are lost: ECONNREFUSED']);
  });

  it('loses what comes while too many wait', async () => {
    const held: (() => void)[] = [];
    await using receiver = await Receiver.start((response) => {
      held.push(() => response.end());
    });
    const { webhook, told } = hook(receiver.url, {
      batchSize: 1,
      maxWaiting: 3,
    });
    for (let n = 0; n < 10; n++) webhook.add({ n });
    await receiver.until(() => receiver.posts.length === 1);
    expect(told.lost).toBe(6);
    receiver.answer = (response) => response.end();
    held[0]?.();
    await receiver.until(() => receiver.posts.length === 4);
    expect(receiver.numbers).toEqual([0, 1, 2, 3]);
    expect(receiver.posts.map(({ json }) => json.lost)).toEqual([
      undefined,
      6,
      undefined,
      undefined,
    ]);
    await webhook.close(1000);
  });

  it('posts what waits when it is closed, and takes nothing more', async () => {
    await using receiver = await Receiver.start();
    const { webhook, told } = hook(receiver.url, { batchDelay: 60_000 });
    webhook.add({ n: 1 });
    webhook.add({ n: 2 });
    await webhook.close(1000);
    expect(receiver.numbers).toEqual([1, 2]);
    webhook.add({ n: 3 });
    expect(told.lost).toBe(1);
  });

  it('makes one more attempt at once when it is closed between two', async () => {
    await using receiver = await Receiver.start(
      after(status(503, { 'Retry-After': '100' })),
    );
    const { webhook, told } = hook(receiver.url);
    webhook.add({ n: 1 });
    await receiver.until(() => receiver.posts.length === 1);
    // The answer has to come back before there is a pause that can end.
    while (told.lines.length === 0) await new Promise(setImmediate);
    await webhook.close(5000);
    expect(receiver.numbers).toEqual([1, 1]);
    expect(told.lost).toBe(0);
  });

  it('makes one more attempt when it is closed during one that fails', async () => {
    const held: (() => void)[] = [];
    await using receiver = await Receiver.start(
      after((response) => {
        held.push(() => response.writeHead(503).end());
      }),
    );
    const { webhook, told } = hook(receiver.url);
    webhook.add({ n: 1 });
    await receiver.until(() => receiver.posts.length === 1);
    const closed = webhook.close(5000);
    held[0]?.();
    await closed;
    expect(receiver.numbers).toEqual([1, 1]);
    expect(told.lost).toBe(0);
  });

  it('makes no more than one attempt once it is closed', async () => {
    const held: (() => void)[] = [];
    await using receiver = await Receiver.start((response) => {
      const refuse = (): void => void response.writeHead(503).end();
      if (held.push(refuse) > 1) refuse();
    });
    const { webhook, told } = hook(receiver.url, { batchSize: 1 });
    webhook.add({ n: 1 });
    await receiver.until(() => receiver.posts.length === 1);
    webhook.add({ n: 2 });
    const closed = webhook.close(5000);
    held[0]?.();
    await closed;
    expect(receiver.numbers).toEqual([1, 1, 2]);
    expect(told.lost).toBe(2);
  });

  it('holds a shutdown up no longer than it is told', async () => {
    await using receiver = await Receiver.start(() => {
      // Never.
    });
    const { webhook, told } = hook(receiver.url, { timeout: 60_000 });
    webhook.add({ n: 1 });
    await receiver.until(() => receiver.posts.length === 1);
    webhook.add({ n: 2 });
    const began = performance.now();
    await webhook.close(50);
    expect(performance.now() - began).toBeLessThan(5000);
    expect(told.lost).toBe(2);
    // The log does not say that a post will be tried again if it is cut off.
    expect(told.lines).toHaveLength(2);
    for (const line of told.lines) expect(line).toContain('are lost');
  });
});

describe('The options of a webhook', () => {
  const url = 'https://example.com/events';

  it.each<[string, unknown, RegExp]>([
    ['a secret that is short', { url, secret: 'short' }, /"secret"/],
    ['no secret', { url }, /"secret"/],
    ['no URL', { secret: SECRET }, /"url" must be an absolute URL/],
    ['a path', { url: '/events', secret: SECRET }, /"url" must be an absolute/],
    [
      'http: elsewhere',
      { url: 'http://example.com/', secret: SECRET },
      /must have https:, or http: on this machine, not http: on example.com/,
    ],
    [
      'http: to a name that begins like this machine',
      { url: 'http://127.0.0.1.example.com/', secret: SECRET },
      /not http: on 127\.0\.0\.1\.example\.com/,
    ],
    ...[
      'http://localhost.example.com/',
      'http://my-localhost/',
      'http://127.0.0.1.nip.io/',
      'http://10.127.0.0.1.example.com/',
      'ftp://localhost/',
    ].map((near): [string, unknown, RegExp] => [
      `nearly this machine, ${near}`,
      { url: near, secret: SECRET },
      /must have https:, or http: on this machine/,
    ]),
    [
      'a user in the URL',
      { url: 'https://me@example.com/', secret: SECRET },
      /no user and no password/,
    ],
    [
      'a password without a user in the URL',
      { url: 'https://:secret@example.com/', secret: SECRET },
      /no user and no password/,
    ],
    ['a secret of 15', { url, secret: 'x'.repeat(15) }, /at least 16/],
    ['no time for a post', { url, secret: SECRET, timeout: 0 }, /from 1 up/],
    ['room for nobody', { url, secret: SECRET, maxWaiting: 0 }, /from 1 up/],
    ['a delay below 0', { url, secret: SECRET, batchDelay: -1 }, /from 0 up/],
    ['a time below 0', { url, secret: SECRET, retryFor: -1 }, /from 0 up/],
    [
      'another scheme',
      { url: 'file:///etc/passwd', secret: SECRET },
      /not file: on no host/,
    ],
    [
      'a password in the URL',
      { url: 'https://me:secret@example.com/', secret: SECRET },
      /no user and no password/,
    ],
    [
      'no events in a batch',
      { url, secret: SECRET, batchSize: 0 },
      /batchSize/,
    ],
    ['a delay that is none', { url, secret: SECRET, batchDelay: NaN }, /Delay/],
    [
      'a timeout of Infinity',
      { url, secret: SECRET, timeout: Infinity },
      /out/,
    ],
    ['a text for a number', { url, secret: SECRET, retryFor: '1' }, /retryFor/],
  ])('are refused with a sentence: %s', (_what, options, sentence) => {
    const host = { name: 'x', log: new RateLimitedLog(console), lost() {} };
    expect(() => new Webhook(options as WebhookOptions, 'n', host)).toThrow(
      TypeError,
    );
    expect(() => new Webhook(options as WebhookOptions, 'n', host)).toThrow(
      sentence,
    );
  });

  it('may be the least that there is, or left undefined', () => {
    expect(
      webhookSettings({
        url,
        secret: 'x'.repeat(16),
        batchSize: 1,
        batchDelay: 0,
        timeout: 1,
        retryFor: 0,
        maxWaiting: 1,
      }),
    ).toMatchObject({ batchSize: 1, batchDelay: 0, timeout: 1, retryFor: 0 });
    const options = { url, secret: SECRET, timeout: undefined };
    expect(webhookSettings(options as unknown as WebhookOptions)).toEqual({
      url: new URL(url),
      secret: SECRET,
      batchSize: 100,
      batchDelay: 100,
      timeout: 5000,
      retryFor: 300_000,
      maxWaiting: 10_000,
    });
  });

  it.each(['http://localhost:1/', 'http://127.9.9.9/', 'http://[::1]:3000/x'])(
    'take %s, which is this machine',
    (local) => {
      const host = { name: 'x', log: new RateLimitedLog(console), lost() {} };
      const options = { url: local, secret: SECRET };
      expect(new Webhook(options, 'n', host)).toBeDefined();
    },
  );
});
