import { canonicalKey } from '../../../protocol/json.js';
import type { HeldSubscriptions } from './held.js';
import type { Holding } from './holding.js';
import type { Authorization } from '../tokens/authorization.js';

/**
 * The life whose place another one of the same connection can take: it is live
 * and resumable, and has the same items and the same identity.
 */
export function placeOf(
  holding: Holding,
  held: HeldSubscriptions,
): Holding | undefined {
  const { wish, client, authorization } = holding;
  if (wish.replaces === undefined || authorization === undefined) return;
  const place = held.find(wish.replaces, client);
  if (place?.life.state !== 'live' || place.life.mode !== 'resumable') return;
  const before = place.authorization;
  return before !== undefined &&
    before.binding === authorization.binding &&
    hasSameItems(before, authorization)
    ? place
    : undefined;
}

/**
 * Whether both have the same items, in any order and however often each occurs.
 */
function hasSameItems(one: Authorization, other: Authorization): boolean {
  const keys = keysOf(one);
  const others = keysOf(other);
  if (keys.size !== others.size) return false;
  for (const key of keys) if (!others.has(key)) return false;
  return true;
}

function keysOf({ items }: Authorization): Set<string> {
  return new Set(
    items.map(({ dealer, query }) => canonicalKey([dealer, query])),
  );
}
