import type { IncomingMessage } from 'node:http';
import type { Visitor } from './visitor.js';

/**
 * Which pages may connect: `'*'` all; `'same'` those of the host that they
 * connect to, by the `X-Forwarded-Host` of a proxy that the application trusts,
 * else by `Host`, and whatever the scheme, which a proxy in between may have
 * changed; a list of origins such as `https://example.com`; or a decision of
 * one's own. Clients that are no browsers send no origin and always may.
 */
export type Origins =
  | '*'
  | 'same'
  | readonly string[]
  | ((origin: string, request: IncomingMessage) => boolean);

/**
 * Refuses what is none of these: a single origin as text would match parts of
 * others.
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

/** Whether the page that asks for an upgrade may have it. */
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

/** Browsers that speak version 8 of the protocol use a name of its own. */
function originOfVersion8({ headers }: IncomingMessage): string | undefined {
  const origin = headers['sec-websocket-origin'];
  return Array.isArray(origin) ? origin.join() : origin;
}

/** How the host of an origin may be written: a default port may be there. */
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
