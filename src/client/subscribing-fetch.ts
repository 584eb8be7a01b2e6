import { SubscriptionHeader } from '../protocol/subscription-headers.js';
import { connectorError, type ConnectorError } from './errors.js';
import { after } from './timer.js';

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
  readonly fetch: Fetch;
  /** Milliseconds; 0: it may take for ever. */
  readonly timeout: number;
  /** Gives the request up. So does the timeout. */
  readonly aborter: AbortController;
}

/** Rows, and the token of the subscription to their changes. */
export interface Snapshot {
  readonly body: unknown;
  /** Undefined where the server gave none. */
  readonly token: string | undefined;
}

/** Why there is no snapshot, and whether the same request may do better later. */
export interface FetchFailure {
  readonly error: ConnectorError;
  readonly temporary: boolean;
  /** The server says that there are no such rows. */
  readonly missing?: boolean;
}

/** A token from a cache would be somebody else's, or used already. */
const UNCACHED = { cache: 'no-store' } as RequestInit;

/** Fetches as `@Subscribable` handlers want to be asked. Never rejects. */
export async function fetchSubscribing(
  asked: SubscribingRequest,
): Promise<Snapshot | FetchFailure> {
  const { url, timeout, aborter } = asked;
  const { signal } = aborter;
  const timer = after(timeout, () => {
    aborter.abort(connectorError('SNORKY_TIMEOUT', url, timeout));
  });
  try {
    // Whoever makes the request, or answers it, may not look at the signal.
    const aborted = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
    return await Promise.race([exchange(asked), aborted]);
  } catch (error) {
    return failure(url, String(error), true, error);
  } finally {
    clearTimeout(timer);
  }
}

async function exchange({
  url,
  request,
  fetch,
  aborter: { signal },
}: SubscribingRequest): Promise<Snapshot | FetchFailure> {
  const init = typeof request === 'function' ? await request() : request;
  const headers = new Headers(init?.headers);
  headers.set(SubscriptionHeader.ask, 'Subscribe');
  if (!headers.has('Accept')) headers.set('Accept', 'application/json');
  const response = await fetch(url, {
    ...UNCACHED,
    ...init,
    headers,
    signal,
  });
  const { status } = response;
  if (!response.ok) {
    const temporary = status >= 500 || status === 408 || status === 429;
    const missing = status === 404 || status === 410;
    const failed = failure(url, `the server answers ${status}`, temporary);
    return { ...failed, missing };
  }
  const text = await response.text();
  const token =
    response.headers.get(SubscriptionHeader.token) ??
    response.headers.get(SubscriptionHeader.alias) ??
    undefined;
  try {
    return { body: JSON.parse(text) as unknown, token };
  } catch {
    // A page of a proxy, or of a network that wants a log-in first.
    return failure(url, 'the answer is not JSON', true);
  }
}

function failure(
  url: string,
  problem: string,
  temporary: boolean,
  cause?: unknown,
): FetchFailure {
  const error = connectorError('SNORKY_FETCH_FAILED', url, problem);
  if (cause !== undefined) error.cause = cause;
  return { error, temporary };
}
