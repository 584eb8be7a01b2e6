import type { IncomingMessage } from 'node:http';
import type { MaybePromise } from '../../protocol/maybe-promise.js';
import type { JsonValue } from '../../protocol/json.js';
import { LONGEST_TIMER } from '../../protocol/longest-timer.js';
import type { IdentityInput } from '../../protocol/snorky-types.js';
import type { Client } from '../clients/client.js';
import { TRY_AGAIN } from '../everywhere/everywhere.js';
import type { ServiceRegistry } from '../registry/service-registry.js';
import { UpgradeRefused } from './upgrade-refused.js';
import type { Visitor } from './visitor.js';

/** The identity of a client, as it was decided before the client was let in. */
export interface Admission {
  readonly identity: JsonValue;
  /**
   * Until when the identity holds, in milliseconds since 1970. @default for
   * ever
   */
  readonly expiresAt?: number | undefined;
}

/**
 * Decides whether somebody who wants to connect may.
 *
 * @throws UpgradeRefused to refuse the request.
 */
export type Admit = (
  request: IncomingMessage,
  visitor: Visitor,
) => MaybePromise<Admission>;

/** The admission that everybody gets where nothing decides. */
export const NOBODY: Admission = { identity: null };

/**
 * Lets a client in, for as long as its admission holds. The client has its
 * identity before any service hears of it, and is closed with 4100 when the
 * identity expires. Every transport lets its clients in by this one call.
 */
export function admit(
  registry: ServiceRegistry,
  client: Client,
  { identity, expiresAt }: Admission,
): void {
  client.identity = identity as IdentityInput;
  if (expiresAt !== undefined) expire(registry, client, expiresAt);
  registry.connect(client);
}

/**
 * The last check before somebody is let in.
 *
 * @param mark The mark of the registry's `everywhere`, taken before anything
 *   was decided.
 * @throws UpgradeRefused for an identity that was closed after the mark.
 */
export function assertNotClosed(
  registry: ServiceRegistry,
  identity: JsonValue,
  mark: number,
): void {
  if (!registry.$everywhere.mayHaveClosed(identity, mark)) return;
  // 503 and not 401: guards that decide once more let in whoever still may
  // connect.
  throw new UpgradeRefused(503, TRY_AGAIN);
}

/**
 * Closes a client when its admission expires. The registry ends the timer when
 * the client has gone.
 */
function expire(
  registry: ServiceRegistry,
  client: Client,
  expiresAt: number,
): void {
  const left = expiresAt - Date.now();
  client.expiry = setTimeout(
    () => {
      if (left > LONGEST_TIMER) expire(registry, client, expiresAt);
      else if (client.connected) {
        registry.counters.add('closedExpired');
        client.closeFor('identityExpired');
      }
    },
    Math.min(Math.max(left, 0), LONGEST_TIMER),
  );
  client.expiry.unref();
}
