import type { IncomingMessage } from 'node:http';
import type { MaybePromise } from '../../protocol/maybe-promise.js';
import type { JsonValue } from '../../protocol/json.js';
import { LONGEST_TIMER } from '../../protocol/longest-timer.js';
import type { IdentityInput } from '../../protocol/snorky-types.js';
import type { Client } from '../clients/client.js';
import { TRY_AGAIN } from '../everywhere/everywhere.js';
import type { ServiceRegistry } from '../registry/service-registry.js';
import { UpgradeRefused } from './refusal.js';
import type { Visitor } from './visitor.js';

/** Who a client is, as established before it was let in. */
export interface Admission {
  readonly identity: JsonValue;
  /** Until when that holds, in milliseconds since 1970. */
  readonly expiresAt?: number | undefined;
}

/**
 * Decides about somebody who wants to connect.
 *
 * @throws UpgradeRefused to refuse it.
 */
export type Admit = (
  request: IncomingMessage,
  visitor: Visitor,
) => MaybePromise<Admission>;

/** The admission of everybody, where nobody decides. */
export const NOBODY: Admission = { identity: null };

/**
 * Lets a client in, for as long as its admission holds: it has its identity
 * before any service hears of it, and is closed with 4100 when that expires. Every
 * transport lets its clients in by this one call.
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
 * The last look before somebody is let in.
 *
 * @param mark Of the registry's `everywhere`, from before anything was decided.
 * @throws UpgradeRefused for an identity that was closed since then.
 */
export function assertNotClosed(
  registry: ServiceRegistry,
  identity: JsonValue,
  mark: number,
): void {
  if (!registry.$everywhere.mayHaveClosed(identity, mark)) return;
  // Guards that look again let in whoever still may.
  throw new UpgradeRefused(503, TRY_AGAIN);
}

/** The registry ends the timer when the client has gone. */
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
