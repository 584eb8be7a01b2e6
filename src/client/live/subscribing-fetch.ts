import {
  decodePart,
  SubscriptionHeader,
} from '../../protocol/subscription-headers.js';
import { bareUrl, readBounded, retryAfter, whatCame } from './answer.js';
import { connectorError, liveError, type ConnectorError } from '../errors.js';
import { after } from '../timer.js';

/** What a subscribing fetch uses of `fetch`. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** A request that asks for rows and for a subscription to their changes. */
export interface SubscribingRequest {
  readonly url: string;
  /**
   * Headers, credentials and the like; a function is asked before each fetch.
   * Its `signal` is not looked at.
   */
  readonly request?:
    RequestInit | (() => RequestInit | PromiseLike<RequestInit>) | undefined;
  readonly fetch?: Fetch | undefined;
  /** Milliseconds; 0: it may take for ever. */
  readonly timeout?: number | undefined;
  /** Bytes that the answer may have. */
  readonly maxBytes?: number | undefined;
  /** Gives the request up. So does the timeout. */
  readonly aborter: AbortController;
  /** Asks for another token, and no rows. */
  readonly isRenewal?: boolean;
}

/** Rows, and the token of the subscription to their changes. */
export interface Fetched {
  readonly body: unknown;
  /** Undefined where the server gave none. */
  readonly token: string | undefined;
  /**
   * If these are a part of the rows: the fields that decide what is in it, none
   * where they are not known.
   */
  readonly part: readonly string[] | undefined;
  /** Milliseconds until the subscription ends; 0 if it does not. */
  readonly lasts: number;
}

/** Why there are no rows. */
export interface FetchFailure {
  readonly error: ConnectorError;
  /** Whether the same request may do better later. */
  readonly temporary: boolean;
  /** Milliseconds that the server asks to wait for before. */
  readonly retryAfter?: number;
  /** The server says that there are no such rows. */
  readonly missing?: boolean;
}

/** A token from a cache would be somebody else's, or used already. */
const UNCACHED = { cache: 'no-store' } as RequestInit;

/** Fetches from a `@Subscribable` route. Never rejects. */
export async function fetchSubscribing(
  asked: SubscribingRequest,
): Promise<Fetched | FetchFailure> {
  const { url, timeout = 30_000, aborter } = asked;
  const { signal } = aborter;
  const timer = after(timeout, () => {
    aborter.abort(connectorError('SNORKY_TIMEOUT', bareUrl(url), timeout));
  });
  try {
    // The application's own `request` or `fetch` may not look at the signal.
    const aborted = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
    return await Promise.race([exchange(asked), aborted]);
  } catch (error) {
    // The network, another origin, the time: no page is told which it was.
    return failure(url, error, true);
  } finally {
    clearTimeout(timer);
  }
}

async function exchange({
  url,
  request,
  fetch: ask = (to, init) => fetch(to, init),
  maxBytes = 67_108_864,
  aborter: { signal },
  isRenewal,
}: SubscribingRequest): Promise<Fetched | FetchFailure> {
  const init = typeof request === 'function' ? await request() : request;
  // It may take long, and whoever asks for the rows may not look at the signal.
  signal.throwIfAborted();
  let answering: Promise<Response>;
  try {
    const headers = new Headers(init?.headers);
    headers.set(SubscriptionHeader.ask, isRenewal ? 'Renew' : 'Subscribe');
    if (!headers.has('Accept')) headers.set('Accept', 'application/json');
    answering = ask(url, { ...UNCACHED, ...init, headers, signal });
  } catch (error) {
    // A request that cannot be made will not be one later.
    return failure(url, error);
  }
  const response = await answering;
  if (typeof response?.headers?.get !== 'function' || response.bodyUsed) {
    return failure(url, 'no unread Response');
  }
  const { status } = response;
  // Whatever else a renewal is answered with, it is none.
  if (!response.ok || (isRenewal && status !== 204)) {
    const temporary = status >= 500 || [408, 425, 429].includes(status);
    return {
      ...failure(url, whatCame(response), temporary),
      retryAfter: retryAfter(response),
      missing: status === 404 || status === 410,
    };
  }
  const text = isRenewal ? 'null' : await readBounded(response, maxBytes);
  if (text === undefined) {
    return failure(url, `over ${maxBytes} bytes`);
  }
  const { headers } = response;
  const { token, alias, partial, expires } = SubscriptionHeader;
  const part = headers.get(partial);
  const tokens = [headers.get(token), headers.get(alias)];
  try {
    return {
      body: JSON.parse(text) as unknown,
      token: tokens.find(Boolean) ?? undefined,
      part: part === null ? undefined : decodePart(part),
      lasts: Number(headers.get(expires)) || 0,
    };
  } catch {
    // A log-in page, the page of an application instead of its data, nothing.
    return failure(url, whatCame(response, text));
  }
}

function failure(
  url: string,
  problem: unknown,
  temporary = false,
): FetchFailure {
  const name = bareUrl(url);
  // Some errors name the URL, whose query may have secrets.
  const what = String(problem).replaceAll(url, name).slice(0, 400);
  const error = liveError('SNORKY_FETCH_FAILED', name, what);
  if (typeof problem !== 'string') error.cause = problem;
  return { error, temporary };
}
