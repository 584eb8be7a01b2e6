import { parse as parseCookies } from 'cookie';
import type { Client } from '../../core/client.js';
import type { RpcRequest } from '../../core/rpc-request.js';
import { queryOf } from '../gateway/upgrade-request.js';

/**
 * What guards and filters written for HTTP get from `switchToHttp()` around a
 * command: the client's handshake as the request, and a response on which
 * nothing has an effect. So a global throttler counts by address and a passport
 * guard reads the handshake's headers, instead of failing.
 */
export function httpView(request: RpcRequest): {
  request: object;
  response: object;
} {
  return { request: requestView(request), response: RESPONSE };
}

const views = new WeakMap<Client, object>();

function requestView({ client, params }: RpcRequest): object {
  let view = views.get(client);
  if (view === undefined) {
    const { headers, url, remoteAddress } = client.handshake;
    const cookie = headers['cookie'];
    view = {
      headers,
      url,
      originalUrl: url,
      method: 'GET',
      ip: remoteAddress,
      ips: [],
      query: queryOf(url),
      params: {},
      cookies: typeof cookie === 'string' ? parseCookies(cookie) : {},
      user: client.identity ?? undefined,
      client,
    };
    views.set(client, view);
  }
  return Object.assign(view, { body: params });
}

/** Takes every call that a response has, and does nothing. */
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
