import {
  canonicalKey,
  isJsonObject,
  type JsonValue,
} from '../../../protocol/json.js';
import type { Authorization } from './authorization.js';

/**
 * Which subscriptions an application takes back. All members that are given
 * must be true of a subscription.
 */
export interface RevocationTerms {
  /**
   * It is bound to this identity, or has a bearer token that a connection of it
   * has.
   */
  readonly identity?: JsonValue;
  /** One of its items has this dealer. */
  readonly dealer?: string;
  /** One of its items has `dealer` and this query. */
  readonly query?: JsonValue;
  readonly token?: string;
}

/** A revocation in a form that can be compared with many subscriptions. */
export interface Revocation {
  readonly terms: RevocationTerms;
  readonly identityKey: string | undefined;
  readonly queryKey: string | undefined;
}

/** The parts of a subscription that a revocation is compared with. */
export interface Revocable {
  readonly token: string;
  readonly authorization: Authorization;
  /**
   * The keys of the identities whose connections have the token, or had it
   * last.
   */
  readonly heldBy: readonly (string | undefined)[];
}

/** Whether a revocation concerns a subscription. */
export function isRevoked(
  { token, authorization, heldBy }: Revocable,
  { terms, identityKey, queryKey }: Revocation,
): boolean {
  if (terms.token !== undefined && terms.token !== token) return false;
  if (identityKey !== undefined) {
    const { binding } = authorization;
    const isTheirs =
      binding === undefined
        ? heldBy.includes(identityKey)
        : binding === identityKey;
    if (!isTheirs) return false;
  }
  const { dealer } = terms;
  if (dealer === undefined) return true;
  return authorization.items.some((item) => {
    if (item.dealer !== dealer) return false;
    return queryKey === undefined || canonicalKey(item.query) === queryKey;
  });
}

/**
 * Reads a revocation from an entry of a log; undefined if it would concern
 * everybody.
 */
export function readRevocation(
  value: JsonValue | undefined,
): Revocation | undefined {
  if (!isJsonObject(value)) return undefined;
  const { identity, dealer, query, token } = value;
  const isReadable =
    (identity ?? dealer ?? token ?? null) !== null &&
    (dealer === undefined || typeof dealer === 'string') &&
    (token === undefined || typeof token === 'string') &&
    (query === undefined || dealer !== undefined);
  if (!isReadable) return undefined;
  return {
    terms: value as RevocationTerms,
    identityKey: keyOf(identity),
    queryKey: keyOf(query),
  };
}

function keyOf(value: JsonValue | undefined): string | undefined {
  return value === undefined ? undefined : canonicalKey(value);
}
