import { SubscriptionHeader } from '../protocol/subscription-headers.js';
import { connectorError, type ConnectorError } from './errors.js';

/** What a subscribing fetch uses of `fetch`. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** A request that asks for rows and for a subscription to their changes. */
export interface SubscribingRequest {
  readonly url: string;
  /** Headers, credentials and the like; a function is asked before each fetch. */
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
}

/** A token from a cache would be somebody else's, or used already. */
const UNCACHED = { cache: 'no-store' } as RequestInit;

/** Fetches as `@Subscribable` handlers want to be asked. Never rejects. */
export async function fetchSubscribing(
  asked: SubscribingRequest,
): Promise<Snapshot | FetchFailure> {
  const { url, timeout, aborter } = asked;
  const timer =
    timeout > 0
      ? setTimeout(() => {
          aborter.abort(connectorError('SNORKY_TIMEOUT', url, timeout));
        }, timeout)
      : undefined;
  try {
    return await exchange(asked);
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
    return failure(url, `the server answers ${status}`, temporary);
  }
  const text = await response.text();
  const token =
    response.headers.get(SubscriptionHeader.token) ??
    response.headers.get(SubscriptionHeader.alias) ??
    undefined;
  try {
    return { body: JSON.parse(text) as unknown, token };
  } catch {
    return failure(url, 'the answer is not JSON', false);
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
