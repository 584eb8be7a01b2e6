import { frozenJson } from '../../../core/json/frozen-json.js';
import { RpcError } from '../../../core/rpc/rpc-error.js';
import { WireError } from '../../../protocol/errors.js';
import type { JsonInput } from '../../../protocol/json-input.js';
import type { JsonObject, JsonValue } from '../../../protocol/json.js';
import type { IdentityInput } from '../../../protocol/snorky-types.js';
import { checkMembers } from './option-members.js';
import type { RevocationTerms } from '../tokens/revocation.js';

/**
 * Which subscriptions are taken back. Give at least one member; a subscription
 * is taken back if all that are given are true of it.
 */
export interface RevokeOptions {
  /**
   * Subscriptions bound to this identity, and those with bearer tokens that a
   * connection of this identity has, or had last.
   */
  readonly identity?: Exclude<IdentityInput, null>;
  /** Subscriptions with an item of this dealer. */
  readonly dealer?: string;
  /**
   * Subscriptions with an item of `dealer` that has this query; null is a
   * query.
   */
  readonly query?: JsonInput;
  /** The subscription with this token. */
  readonly token?: string;
}

const MEMBERS = ['identity', 'dealer', 'query', 'token'] as const;

/**
 * The terms of what an application takes back.
 *
 * @throws TypeError for options that would take back everything, or nothing, by
 *   mistake.
 */
export function revocationOf(options: RevokeOptions): RevocationTerms {
  checkMembers(options, MEMBERS, 'revoke');
  const revocation: Record<string, JsonValue> = {};
  for (const name of MEMBERS) {
    if (!Object.hasOwn(options, name)) continue;
    const given: unknown = options[name];
    if (given === undefined || (given === null && name !== 'query')) {
      throw new TypeError(
        `revoke was given { ${name}: ${String(given)} }: leave it out if it does not matter. As it is, far more would be revoked than was meant.`,
      );
    }
    revocation[name] = frozenJson(given, name);
  }
  const { dealer, token } = revocation;
  if (Object.keys(revocation).length === 0) {
    throw new TypeError(
      'revoke takes at least one of `identity`, `dealer`, `query` and `token`: it does not revoke everything.',
    );
  }
  if ('query' in revocation && dealer === undefined) {
    throw new TypeError('revoke takes `query` beside `dealer` alone.');
  }
  for (const [name, value] of Object.entries({ dealer, token })) {
    if (value !== undefined && typeof value !== 'string') {
      throw new TypeError(`The \`${name}\` that revoke is given is a string.`);
    }
  }
  return revocation;
}

/** The terms that a backend sends. @throws RpcError */
export function revocationOfParams(params: JsonObject): RevocationTerms {
  const given = Object.entries(params).filter(([, value]) => {
    return value !== undefined;
  });
  const { identity, dealer, query, token } = params;
  if (given.length === 0 || identity === null) {
    throw new RpcError(WireError.invalidParams);
  }
  if (dealer !== undefined && typeof dealer !== 'string') {
    throw new RpcError(WireError.dealerNotAName);
  }
  if (token !== undefined && typeof token !== 'string') {
    throw new RpcError(WireError.tokenNotAString);
  }
  if (query !== undefined && dealer === undefined) {
    throw new RpcError(WireError.invalidParams);
  }
  return Object.fromEntries(given) as RevocationTerms;
}
