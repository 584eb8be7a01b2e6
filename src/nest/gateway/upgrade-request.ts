import { parse as parseCookies } from 'cookie';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { JsonValue } from '../../protocol/json.js';
import type { UpgradeResponse } from './upgrade-response.js';

/**
 * What the guards of a connection left about its user. Declare your own claims
 * by augmenting this interface.
 */
export interface UpgradeUser {
  readonly [claim: string]: JsonValue;
}

/** An upgrade request, with what HTTP guards and middleware read. */
export interface UpgradeRequest extends IncomingMessage {
  readonly originalUrl: string;
  readonly path: string;
  /** Of a parameter that is given several times, all values. */
  readonly query: Readonly<Record<string, string | string[]>>;
  readonly cookies: Readonly<Record<string, string | undefined>>;
  readonly params: Readonly<Record<string, string>>;
  /** The address of the peer: of the proxy, where there is one. */
  readonly ip: string;
  readonly ips: readonly string[];
  readonly protocol: 'http' | 'https';
  /** A header, its name in any case. */
  get(name: string): string | string[] | undefined;
  /** The same, by its other name. */
  header(name: string): string | string[] | undefined;
  /** Set by guards or middleware, undefined until then. */
  user: UpgradeUser;
  /** Never sent; its headers go into a refusal. */
  readonly res: UpgradeResponse;
}

/** Adds to Node's request what HTTP guards read. */
export function toUpgradeRequest(
  request: IncomingMessage,
  socket: Duplex,
  response: UpgradeResponse,
): UpgradeRequest {
  const url = request.url ?? '/';
  const { cookie } = request.headers;
  const header = (name: string): string | string[] | undefined =>
    request.headers[name.toLowerCase()];
  return Object.assign(request as UpgradeRequest, {
    get: header,
    header,
    originalUrl: url,
    path: pathOf(url),
    query: queryOf(url),
    cookies: cookie === undefined ? {} : parseCookies(cookie),
    params: {},
    ip: request.socket.remoteAddress ?? '',
    ips: [],
    protocol: 'encrypted' in socket ? ('https' as const) : ('http' as const),
    res: response,
  });
}

/** The path of a request target, without its query. */
export function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}

/** The query of a request target. */
export function queryOf(url: string): Record<string, string | string[]> {
  const start = url.indexOf('?');
  const query: Record<string, string | string[]> = Object.create(
    null,
  ) as Record<string, string | string[]>;
  if (start === -1) return query;
  for (const [name, value] of new URLSearchParams(url.slice(start + 1))) {
    const known = query[name];
    if (known === undefined) query[name] = value;
    else if (typeof known === 'string') query[name] = [known, value];
    else known.push(value);
  }
  return query;
}
