import type { IncomingHttpHeaders } from 'node:http';
import type { UserOr } from '../../protocol/snorky-types.js';
import type { UpgradeUser } from './upgrade-request.js';

/** The members that requests of Express and Fastify have in common. */
export interface RouteRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: unknown;
  /** Set by guards or middleware, undefined until then. */
  readonly user: UserOr<UpgradeUser>;
}

/**
 * Whether guards or middleware have identified the sender of a route's request.
 * Passport says `false` where they have not.
 */
export function hasUser(request: object): boolean {
  // Middleware on Fastify gets Node's own request, which is `raw` here.
  const { user, raw } = request as { user?: unknown; raw?: { user?: unknown } };
  const found = user ?? raw?.user;
  return found !== undefined && found !== null && found !== false;
}
