import { parse as parseCookies } from 'cookie';
import type { IncomingMessage } from 'node:http';
import type { JsonValue } from '../../protocol/json.js';
import type { UserOr } from '../../protocol/snorky-types.js';
import type { Visitor } from '../../core/admission/visitor.js';
import { pathOf, queryOf } from '../../transports/request-target.js';
import { offeredSubprotocols } from '../../transports/websocket/subprotocols.js';
import type { UpgradeResponse } from './upgrade-response.js';

/**
 * What the guards of a connection stored about its user, while `SnorkyTypes`
 * does not declare `user`. Its claims may also be declared here; they are JSON.
 */
export interface UpgradeUser {
  readonly [claim: string]: JsonValue;
}

/**
 * An upgrade request, with the members that HTTP guards and middleware read.
 */
export interface UpgradeRequest extends IncomingMessage {
  readonly originalUrl: string;
  readonly path: string;
  /** A parameter that occurs several times has all its values. */
  readonly query: Readonly<Record<string, string | string[]>>;
  readonly cookies: Readonly<Record<string, string | undefined>>;
  readonly params: Readonly<Record<string, string>>;
  /**
   * The address of the visitor, as routes of the application see it: the one
   * that a trusted proxy names (Express' `trust proxy`, Fastify's
   * `trustProxy`), else that of the peer. The next five members follow the same
   * setting.
   */
  readonly ip: string;
  readonly ips: readonly string[];
  /** `http` or `https`; a proxy may name any other, such as `wss`. */
  readonly protocol: string;
  /** With the port, if there is one. */
  readonly host: string | undefined;
  readonly hostname: string | undefined;
  readonly secure: boolean;
  /** The subprotocols that the client offers, in the client's order. */
  readonly subprotocols: readonly string[];
  /** A header, by its name in any case. */
  get(name: string): string | string[] | undefined;
  /** The same as `get`. */
  header(name: string): string | string[] | undefined;
  /** Set by guards or middleware, undefined until then. */
  user: UserOr<UpgradeUser>;
  /** Never sent. Its headers become those of a refusal. */
  readonly res: UpgradeResponse;
}

/** Adds to Node's request the members that HTTP guards read. */
export function toUpgradeRequest(
  request: IncomingMessage,
  visitor: Visitor,
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
    ...visitor,
    subprotocols: offeredSubprotocols(request),
    res: response,
  });
}
