import { LONGEST_TIMER } from '../../protocol/longest-timer.js';

/** The URL that events are posted to, and how. */
export interface WebhookOptions {
  /** `https:`, or `http:` to this machine. Redirects are not followed. */
  readonly url: string | URL;
  /**
   * The secret that signs posts, of at least 16 characters. Do not use a
   * backend's key: the receiver of the posts could then send commands to the
   * server.
   */
  readonly secret: string;
  /** Events in one post at most. @default 100 */
  readonly batchSize?: number;
  /**
   * Milliseconds that an event waits for others to be posted with it. @default
   * 100
   */
  readonly batchDelay?: number;
  /** Milliseconds that one attempt may take. @default 5000 */
  readonly timeout?: number;
  /**
   * Milliseconds for which a post is attempted again. Then its events are lost.
   * @default 300_000
   */
  readonly retryFor?: number;
  /** Events that wait at most. Further events are lost. @default 10_000 */
  readonly maxWaiting?: number;
}

/** The options with their defaults filled in. */
export type WebhookSettings = Required<Omit<WebhookOptions, 'url'>> & {
  readonly url: URL;
};

/** The defaults of {@link WebhookOptions}. */
export const WEBHOOK_DEFAULTS = {
  batchSize: 100,
  batchDelay: 100,
  timeout: 5000,
  retryFor: 300_000,
  maxWaiting: 10_000,
} as const;
const MIN_SECRET = 16;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** @throws TypeError when an option makes no sense, or is not secure. */
export function webhookSettings(options: WebhookOptions): WebhookSettings {
  const { secret } = options;
  if (typeof secret !== 'string' || secret.length < MIN_SECRET) {
    throw new TypeError(
      `The webhook option "secret" must be a text of at least ${MIN_SECRET} characters.`,
    );
  }
  const settings = { ...WEBHOOK_DEFAULTS, ...given(options) };
  for (const name of Object.keys(
    WEBHOOK_DEFAULTS,
  ) as (keyof typeof WEBHOOK_DEFAULTS)[]) {
    const value: unknown = settings[name];
    const least = name === 'batchDelay' || name === 'retryFor' ? 0 : 1;
    if (typeof value === 'number' && value >= least && value <= LONGEST_TIMER) {
      continue;
    }
    throw new TypeError(
      `The webhook option "${name}" must be a number from ${least} up, not ${String(value)}.`,
    );
  }
  return { ...settings, secret, url: safeUrl(options.url) };
}

function given(options: WebhookOptions): Partial<WebhookOptions> {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  );
}

function safeUrl(text: string | URL): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new TypeError(
      'The webhook option "url" must be an absolute URL with https:.',
    );
  }
  const { protocol, hostname } = url;
  const safe =
    protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));
  if (!safe) {
    throw new TypeError(
      `The webhook option "url" must have https:, or http: on this machine, not ${protocol} on ${hostname || 'no host'}.`,
    );
  }
  // Credentials in a URL would be written to the logs of every proxy.
  if (url.username !== '' || url.password !== '') {
    throw new TypeError(
      'The webhook option "url" must have no user and no password: posts are signed.',
    );
  }
  return url;
}
