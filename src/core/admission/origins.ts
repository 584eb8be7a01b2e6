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

/**
 * Refuses any other value. A single origin as text would match parts of other
 * origins.
 *
 * @throws TypeError
 */
export function checkOrigins(origins: unknown): void {
  const known =
    origins === '*' ||
    origins === 'same' ||
    typeof origins === 'function' ||
    (Array.isArray(origins) &&
      origins.every((origin) => typeof origin === 'string'));
  if (known) return;
  throw new TypeError(
    `The WebSocket option "origins" must be '*', 'same', a list of origins or ` +
      `a function, not ${typeof origins === 'string' ? `'${origins}'` : typeof origins}.`,
  );
}

/** Whether the page that sent an upgrade request may connect. */
export function allowsOrigin(
  origins: Origins,
  request: IncomingMessage,
  visitor: Pick<Visitor, 'host'>,
): boolean {
  const { headers } = request;
  const origin = headers.origin ?? originOfVersion8(request);
  if (origins === '*' || origin === undefined) return true;
  if (typeof origins === 'function') return origins(origin, request) === true;
  if (origins === 'same') {
    const page = hostsOf(origin);
    return page.includes(visitor.host?.toLowerCase() ?? '');
  }
  return origins.includes(origin);
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
    const { protocol, host, port } = new URL(origin);
    if (host === '') return [];
    return port === ''
      ? [host, `${host}:${protocol === 'https:' ? 443 : 80}`]
      : [host];
  } catch {
    return [];
  }
}
