import { parse as parseCookies } from 'cookie';
import type { Client } from '../../core/clients/client.js';
import { thawed } from '../../core/json/frozen-json.js';
import type { RpcRequest } from '../../core/rpc/rpc-request.js';
import type { JsonValue } from '../../protocol/json.js';
import { queryOf } from '../../transports/request-target.js';

/**
 * What guards and filters written for HTTP get from `switchToHttp()` around a
 * command: the client's handshake as the request, and a response whose methods
 * do nothing. So a global throttler counts by address, and a passport guard
 * reads the handshake's headers; both would fail otherwise.
 */
export function httpView(request: RpcRequest): {
  request: object;
  response: object;
} {
  return { request: requestView(request), response: RESPONSE };
}

/**
 * The view of each call: what one guard notes on the request is there for the
 * next.
 */
const views = new WeakMap<RpcRequest, object>();
/** The part of the view that is the same for all calls of a client. */
const handshakes = new WeakMap<Client, HandshakeView>();

interface HandshakeView {
  readonly query: Record<string, string | string[]>;
  readonly cookies: Record<string, string | undefined>;
}

/** Everything is a copy: guards write to a request as they like. */
function requestView(request: RpcRequest): object {
  let view = views.get(request);
  if (view === undefined) {
    const { client, params } = request;
    const { url, ip } = client.handshake;
    const { query, cookies } = handshakeView(client);
    const headers = thawed(client.handshake.headers);
    const header = (name: string): unknown => headers[name.toLowerCase()];
    view = {
      headers,
      get: header,
      header,
      url,
      originalUrl: url,
      method: 'GET',
      ip,
      ips: [],
      query: thawed(query),
      params: {},
      cookies: { ...cookies },
      client,
      // The present identity: the client may have logged in or out since it
      // connected.
      user: thawed(client.identity as JsonValue) ?? undefined,
      body: thawed(params),
    };
    views.set(request, view);
  }
  return view;
}

function handshakeView(client: Client): HandshakeView {
  let view = handshakes.get(client);
  if (view === undefined) {
    const { headers, url } = client.handshake;
    const cookie = headers['cookie'];
    view = {
      query: queryOf(url),
      cookies: typeof cookie === 'string' ? parseCookies(cookie) : {},
    };
    handshakes.set(client, view);
  }
  return view;
}

/**
 * Whether a filter returned the response that it answered with:
 * `return res.status(500).json(...)`. That is not a reply.
 */
export function isResponseView(value: unknown): boolean {
  return value === RESPONSE;
}

/** Accepts every call that a response accepts, and does nothing. */
const RESPONSE: object = new Proxy(
  {},
  {
    get(_target, name, response: unknown) {
      if (name === 'headersSent' || name === 'writableEnded') return false;
      if (name === 'statusCode') return 200;
      // Not a promise: an async function that returned it would never settle.
      if (name === 'then' || typeof name === 'symbol') return undefined;
      if (/^(get|has)/.test(name)) return () => undefined;
      return () => response;
    },
    set: () => true,
  },
);
