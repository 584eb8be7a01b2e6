import {
  decodePart,
  SubscriptionHeader,
} from '../../protocol/subscription-headers.js';
import { bareUrl, readBounded, retryAfter, whatCame } from './answer.js';
import { connectorError, liveError, type ConnectorError } from '../errors.js';
import { after } from '../timer.js';

/** The parts of `fetch` that a subscribing fetch uses. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** A request for rows and for a subscription to their changes. */
export interface SubscribingRequest {
  readonly url: string;
  /**
   * Headers, credentials and the like. A function is called before each fetch.
   * A `signal` in them is ignored.
   */
  readonly request?:
    RequestInit | (() => RequestInit | PromiseLike<RequestInit>) | undefined;
  readonly fetch?: Fetch | undefined;
  /** Milliseconds that the request may take; 0: any time. */
  readonly timeout?: number | undefined;
  /** Bytes of the answer at most. */
  readonly maxBytes?: number | undefined;
  /** Aborts the request; the time-out uses it, too. */
  readonly aborter: AbortController;
  /** Whether to ask for another token only, without rows. */
  readonly isRenewal?: boolean;
}

/** Rows, and the token of the subscription to their changes. */
export interface Fetched {
  readonly body: unknown;
  /** Undefined if the server gave none. */
  readonly token: string | undefined;
  /**
   * If the rows are only a part: the fields that decide which rows are in it,
   * empty if they are not known.
   */
  readonly part: readonly string[] | undefined;
  /** Milliseconds until the subscription expires; 0 if it does not. */
  readonly lasts: number;
}

/** Why there are no rows. */
export interface FetchFailure {
  readonly error: ConnectorError;
  /** Whether the same request may succeed later. */
  readonly temporary: boolean;
  /** Milliseconds that the server asks to wait. */
  readonly retryAfter?: number;
  /** Whether the server says that there are no such rows. */
  readonly missing?: boolean;
}

/** A token from a cache would be somebody else's, or used already. */
const UNCACHED = { cache: 'no-store' } as RequestInit;

/** Fetches from a route with `@Subscribable`. Never rejects. */
export async function fetchSubscribing(
  asked: SubscribingRequest,
): Promise<Fetched | FetchFailure> {
  const { url, timeout = 30_000, aborter } = asked;
  const { signal } = aborter;
  const timer = after(timeout, () => {
    aborter.abort(connectorError('SNORKY_TIMEOUT', bareUrl(url), timeout));
  });
  try {
    // The application's own `request` or `fetch` may ignore the signal.
    const aborted = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
    return await Promise.race([exchange(asked), aborted]);
  } catch (error) {
    // The network, a forbidden origin or the time-out: browsers do not tell
    // which.
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
  // The body may take long, and the application's `fetch` may ignore the
  // signal.
  signal.throwIfAborted();
  let answering: Promise<Response>;
  try {
    const headers = new Headers(init?.headers);
    headers.set(SubscriptionHeader.ask, isRenewal ? 'Renew' : 'Subscribe');
    if (!headers.has('Accept')) headers.set('Accept', 'application/json');
    answering = ask(url, { ...UNCACHED, ...init, headers, signal });
  } catch (error) {
    // A request that cannot be made now cannot be made later.
    return failure(url, error);
  }
  const response = await answering;
  if (typeof response?.headers?.get !== 'function' || response.bodyUsed) {
    return failure(url, 'no unread Response');
  }
  const { status } = response;
  // Any other answer to a renewal is a failure.
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
    // For example a log-in page, the page of an application instead of its
    // data, or nothing.
    return failure(url, whatCame(response, text));
  }
}

function failure(
  url: string,
  problem: unknown,
  temporary = false,
): FetchFailure {
  const name = bareUrl(url);
  // Some errors quote the URL, whose query may have secrets.
  const what = String(problem).replaceAll(url, name).slice(0, 400);
  const error = liveError('SNORKY_FETCH_FAILED', name, what);
  if (typeof problem !== 'string') error.cause = problem;
  return { error, temporary };
}
