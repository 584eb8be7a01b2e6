import {
  canonicalKey,
  isJsonObject,
  type JsonValue,
} from '../../../protocol/json.js';
import type { Authorization } from './authorization.js';

/** Which subscriptions an application takes back: all that is said has to hold. */
export interface RevocationTerms {
  /** They are bound to it, or are bearer tokens that a connection of it has. */
  readonly identity?: JsonValue;
  /** One of their items is of this dealer. */
  readonly dealer?: string;
  /** ... and has this query. */
  readonly query?: JsonValue;
  readonly token?: string;
}

/** The same, ready to be compared with many. */
export interface Revocation {
  readonly terms: RevocationTerms;
  readonly identityKey: string | undefined;
  readonly queryKey: string | undefined;
}

/** What a revocation is compared with. */
export interface Revocable {
  readonly token: string;
  readonly authorization: Authorization;
  /** The keys of the identities whose connections have it, or had it last. */
  readonly heldBy: readonly (string | undefined)[];
}

/** Whether a subscription falls to a revocation. */
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

/** A revocation as the logs have it; undefined of one that would be everybody's. */
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
