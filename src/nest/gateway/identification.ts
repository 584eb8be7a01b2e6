import type { MaybePromise } from '../../protocol/maybe-promise.js';
import { disown } from '../../core/promise-like.js';
import type { JsonValue } from '../../protocol/json.js';
import type { IdentityInput } from '../../protocol/snorky-types.js';
import type { Admission } from '../../core/admission/admission.js';
import type { RouteRequest } from './route-request.js';
import type { UpgradeRequest } from './upgrade-request.js';

/** An identity that holds for a limited time. */
export interface ExpiringIdentity {
  readonly identity: IdentityInput;
  /**
   * The client is closed with 4100 at this time. A number is milliseconds since
   * 1970.
   */
  readonly expiresAt: Date | number;
}

/** What `identify` may answer; undefined for a client that is unknown. */
export type Identification = IdentityInput | ExpiringIdentity | undefined;

/** A gateway that identifies who connects. */
export interface IdentifiesClient {
  /**
   * Called after the guards, before the handshake is accepted. The answer
   * becomes `client.identity`.
   *
   * An error refuses the connection: an `HttpException` with its status and
   * message, any other error with 500.
   */
  identify(request: UpgradeRequest): MaybePromise<Identification>;

  /**
   * Tells which identity the connections of a route's visitor have. The tokens
   * of `@Subscribable()` are bound to it, so that nobody else can use them.
   * Undefined stands for an unknown visitor, whose token anybody may use.
   *
   * The guards of the route have run, those of the gateway have not. A request
   * that has a `user` is answered with 500 if this answers undefined, or
   * throws.
   *
   * @default `identify(request)`, for requests that have a `user`
   */
  identifyRequest?(request: RouteRequest): MaybePromise<Identification>;
}

/**
 * An application's answer, as an admission.
 *
 * @param method The method that answered, for messages.
 * @throws TypeError for an `expiresAt` that is no time.
 */
export function admissionOf(
  answer: Identification | null,
  method: keyof IdentifiesClient,
): Pick<Admission, 'identity' | 'expiresAt'> {
  // Claims are often untyped. A missing one must become null, and not an
  // unknown identity.
  if (answer === undefined) return { identity: null };
  // JSON is checked when the answer is assigned to a client.
  if (!isExpiring(answer)) return { identity: answer as JsonValue };
  return {
    identity: (answer.identity as JsonValue | undefined) ?? null,
    expiresAt: timeOf(answer.expiresAt, `${method}() answered`),
  };
}

/**
 * Refuses an `expiresAt` that is no time. A claim may be missing or a text; an
 * identity that expires at once, or never, would be noticed late.
 *
 * @param who Begins the message.
 */
export function timeOf(expiresAt: unknown, who: string): number {
  const time = expiresAt instanceof Date ? expiresAt.getTime() : expiresAt;
  if (typeof time === 'number' && !Number.isNaN(time)) return time;
  disown(expiresAt);
  throw new TypeError(
    `${who} an \`expiresAt\` that is neither a valid Date nor a number ` +
      'of milliseconds since 1970. Leave it out where nothing expires.',
  );
}

function isExpiring(
  answer: IdentityInput | ExpiringIdentity,
): answer is ExpiringIdentity {
  return (
    typeof answer === 'object' &&
    answer !== null &&
    'identity' in answer &&
    'expiresAt' in answer
  );
}
