import { frozenJson } from '../../../core/json/frozen-json.js';
import { RpcError } from '../../../core/rpc/rpc-error.js';
import { WireError } from '../../../protocol/errors.js';
import { canonicalKey, type JsonValue } from '../../../protocol/json.js';
import type { IdentityInput } from '../../../protocol/snorky-types.js';
import { checkMembers } from './option-members.js';

/** For whom a subscription is authorized, and until when. */
export interface AuthorizeOptions {
  /**
   * The identity of the connection that alone may acquire it; other connections
   * get `No such subscription`. Without it, whoever has the token may.
   */
  readonly for?: Exclude<IdentityInput, null>;
  /** Says that the token is meant for whoever has it. Not beside `for`. */
  readonly bearer?: boolean;
  /**
   * When it ends, wherever it is then: a `Date`, or milliseconds since 1970.
   * Without it, it ends with its client alone.
   */
  readonly expiresAt?: Date | number;
  /**
   * Says that it is to renew a subscription that its client has: it can be
   * acquired as one that `replaces` another alone, whatever else is tried. Use it
   * where a renewal is checked less closely than a subscription.
   * @default false
   */
  readonly renewal?: boolean;
}

/** What an authorization is bounded by. */
export interface AuthorizationTerms {
  /** The key of the identity that alone may have it; without it, whoever may. */
  readonly binding?: string;
  /** Milliseconds since 1970. */
  readonly expiresAt?: number;
  /** It is good at the place of another one alone. */
  readonly renewal?: true;
}

const MEMBERS = ['for', 'bearer', 'expiresAt', 'renewal'];

/**
 * Checks the options of an authorization.
 *
 * @throws TypeError for options that would by mistake make a token for everybody,
 *   or for ever; NotJsonError for an identity that is no JSON.
 */
export function termsOf(options: AuthorizeOptions): AuthorizationTerms {
  checkMembers(options, MEMBERS, 'authorizeSubscription');
  const { renewal = false } = options;
  return terms(bindingOf(options), endOf(options), Boolean(renewal));
}

/** The same, as a backend says it. @throws RpcError */
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
  // What is no time is often `NaN`, which JSON makes null: not "for ever".
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
