import type { IncomingMessage } from 'node:http';
import type { Visitor } from './visitor.js';

/**
 * Which pages may connect.
 *
 * - `'*'`: all pages.
 * - `'same'`: pages of the host that they connect to. That is the
 *   `X-Forwarded-Host` of a proxy that the application trusts, else `Host`. The
 *   scheme does not matter: a proxy in between may have changed it.
 * - A list of origins, such as `https://example.com`.
 * - A function that decides.
 *
 * Clients that are no browsers send no origin and may always connect.
 */
export type Origins =
  | '*'
  | 'same'
  | readonly string[]
  | ((origin: string, request: IncomingMessage) => boolean);

/** Whether the page that sent an upgrade request may connect. */
export type OriginRule = (
  request: IncomingMessage,
  visitor: Pick<Visitor, 'host'>,
) => boolean;

/**
 * Compiles the policy of an endpoint into a rule.
 *
 * @param hosts The hosts under which pages may connect; without it, any host.
 *   Both arguments must have been checked.
 */
export function originRule(
  origins: Origins,
  hosts: readonly string[] | undefined,
): OriginRule {
  const pinned = hosts && new Set(hosts.map(withoutDefaultPort));
  return (request, { host = '' }) => {
    const origin = request.headers.origin ?? originOfVersion8(request);
    if (origin === undefined) return true;
    if (pinned?.has(withoutDefaultPort(host)) === false) return false;
    if (origins === '*') return true;
    if (typeof origins === 'function') return origins(origin, request) === true;
    return origins === 'same'
      ? hostsOf(origin).includes(host.toLowerCase())
      : origins.includes(origin.toLowerCase());
  };
}

/**
 * Browsers that speak version 8 of the protocol send the origin under another
 * name.
 */
function originOfVersion8({ headers }: IncomingMessage): string | undefined {
  const origin = headers['sec-websocket-origin'];
  return Array.isArray(origin) ? origin.join() : origin;
}

/** How the host of an origin may be written: with or without a default port. */
function hostsOf(origin: string): readonly string[] {
  try {
    const { protocol, host, port, origin: written } = new URL(origin);
    // Other texts can be read as URLs of that host too, but no page has such an
    // origin.
    const isPage = /^https?:$/.test(protocol);
    if (!isPage || written !== origin.toLowerCase()) return [];
    return port === ''
      ? [host, `${host}:${protocol === 'https:' ? 443 : 80}`]
      : [host];
  } catch {
    return [];
  }
}

/**
 * A host without a default port. Both count, since the scheme is not known: a
 * proxy in between may have changed it.
 */
function withoutDefaultPort(host: string): string {
  return host.toLowerCase().replace(/:(?:80|443)$/, '');
}
