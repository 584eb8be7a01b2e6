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
  /** The client is closed with 4100 then. A number is milliseconds since 1970. */
  readonly expiresAt: Date | number;
}

/** What `identify` may answer; nothing stands for somebody unknown. */
export type Identification = IdentityInput | ExpiringIdentity | undefined;

/** A gateway that tells who connects. */
export interface IdentifiesClient {
  /**
   * Called after the guards, before the handshake is accepted. The answer
   * becomes `client.identity`. What it throws refuses the connection: an
   * `HttpException` with its status and message, anything else with 500.
   */
  identify(request: UpgradeRequest): MaybePromise<Identification>;

  /**
   * Which identity the connections of whoever sent a route's request have. The
   * tokens of `@Subscribable()` are bound to it: nobody else can use them. Nothing
   * stands for somebody unknown, who gets a token for whoever has it.
   *
   * The guards of the route have run, those of the gateway have not. A request
   * with a `user` for whom this answers nothing, or throws, is answered with 500.
   *
   * @default `identify(request)`, for requests that have a `user`
   */
  identifyRequest?(request: RouteRequest): MaybePromise<Identification>;
}

/**
 * What an application answered, told apart.
 *
 * @param method Whose answer it is, for messages.
 * @throws TypeError for an `expiresAt` that is no time.
 */
export function admissionOf(
  answer: Identification | null,
  method: keyof IdentifiesClient,
): Pick<Admission, 'identity' | 'expiresAt'> {
  // Claims are often untyped, and a missing one is nobody, not somebody unknown.
  if (answer === undefined) return { identity: null };
  // What is assigned to a client is made JSON there, and refused if it is none.
  if (!isExpiring(answer)) return { identity: answer as JsonValue };
  return {
    identity: (answer.identity as JsonValue | undefined) ?? null,
    expiresAt: timeOf(answer.expiresAt, `${method}() answered`),
  };
}

/**
 * Refuses what is no time: something that ends at once, or never, because a claim
 * is missing or is a text, would be noticed late.
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
