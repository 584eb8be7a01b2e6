import { frozenJson } from '../../../core/json/frozen-json.js';
import { RpcError } from '../../../core/rpc/rpc-error.js';
import { WireError } from '../../../protocol/errors.js';
import { canonicalKey, type JsonValue } from '../../../protocol/json.js';
import type { IdentityInput } from '../../../protocol/snorky-types.js';
import type { AuthorizationTerms } from '../tokens/authorization.js';
import { checkMembers } from './option-members.js';

/** Whom a subscription is authorized for, and until when. */
export interface AuthorizeOptions {
  /**
   * The identity whose connections alone may acquire the subscription; other
   * connections get `No such subscription`. Without it, whoever has the token
   * may acquire it.
   */
  readonly for?: Exclude<IdentityInput, null>;
  /** Says that whoever has the token may use it. Not together with `for`. */
  readonly bearer?: boolean;
  /**
   * When the subscription ends, live or not: a `Date`, or milliseconds since
   * 1970. Without it, the subscription does not expire.
   */
  readonly expiresAt?: Date | number;
  /**
   * Says that the token is to renew a subscription that its client already has:
   * it can only be acquired as one that `replaces` another. Use it where a
   * renewal is checked less closely than a subscription.
   * @default false
   */
  readonly renewal?: boolean;
}

const MEMBERS = ['for', 'bearer', 'expiresAt', 'renewal'];

/**
 * Checks the options of an authorization.
 *
 * @throws TypeError for options that would by mistake make a token for
 *   everybody, or one that never ends; NotJsonError for an identity that JSON
 *   cannot express.
 */
export function termsOf(options: AuthorizeOptions): AuthorizationTerms {
  checkMembers(options, MEMBERS, 'authorizeSubscription');
  const { renewal = false } = options;
  return terms(bindingOf(options), endOf(options), Boolean(renewal));
}

/** Checks the options that a backend sends. @throws RpcError */
export function termsOfParams(
  identity: JsonValue | undefined,
  bearer: JsonValue | undefined,
  expiresAt: JsonValue | undefined,
  renewal: JsonValue | undefined,
): AuthorizationTerms {
  const binding = bindingOfParams(identity, bearer);
  const isRenewal = renewal ?? false;
  if (typeof isRenewal !== 'boolean')
    throw new RpcError(WireError.invalidParams);
  if (expiresAt === undefined) return terms(binding, undefined, isRenewal);
  // JSON makes null of `NaN`, which often stands for a wrong time. Null must
  // not mean "never".
  if (typeof expiresAt !== 'number' || !isAhead(expiresAt)) {
    throw new RpcError(WireError.invalidParams);
  }
  return terms(binding, expiresAt, isRenewal);
}

function terms(
  binding: string | undefined,
  expiresAt: number | undefined,
  renewal: boolean,
): AuthorizationTerms {
  return {
    ...(binding === undefined ? {} : { binding }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(renewal ? { renewal } : {}),
  };
}

function endOf(options: AuthorizeOptions): number | undefined {
  if (!Object.hasOwn(options, 'expiresAt')) return undefined;
  const given: unknown = options.expiresAt;
  const at = given instanceof Date ? given.getTime() : given;
  if (typeof at === 'number' && isAhead(at)) return at;
  const what = typeof at === 'number' ? new Date(at) : at;
  const shown =
    what instanceof Date && !Number.isNaN(what.getTime())
      ? what.toISOString()
      : typeof given;
  throw new TypeError(
    `authorizeSubscription was given { expiresAt: ${shown} }: it takes a Date, or milliseconds since 1970, that is still to come. Leave it out if the subscription ends with its client alone.`,
  );
}

function isAhead(at: number): boolean {
  return Number.isFinite(at) && at > Date.now();
}

function bindingOf(options: AuthorizeOptions): string | undefined {
  if (!Object.hasOwn(options, 'for')) return undefined;
  const identity: unknown = options.for;
  const json = frozenJson(identity ?? null, 'for');
  if (json === null) {
    throw new TypeError(
      `authorizeSubscription was given { for: ${identity === undefined ? 'undefined' : 'null'} }: nobody is no identity. Leave \`for\` out, or say \`bearer: true\`, if whoever has the token may use it.`,
    );
  }
  if (options.bearer === true) {
    throw new TypeError(
      'authorizeSubscription takes `for` or `bearer: true`, not both: a token is for one identity or for whoever has it.',
    );
  }
  return canonicalKey(json);
}

function bindingOfParams(
  identity: JsonValue | undefined,
  bearer: JsonValue | undefined,
): string | undefined {
  const isBearer = bearer ?? false;
  if (typeof isBearer !== 'boolean' || identity === null) {
    throw new RpcError(WireError.invalidParams);
  }
  if (identity === undefined) return undefined;
  if (isBearer) throw new RpcError(WireError.invalidParams);
  return canonicalKey(identity);
}
