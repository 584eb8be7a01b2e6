import type { Position } from '../../../broker/ports/log.js';
import type { Topics } from '../../../broker/ports/topics.js';

type Compare = Topics['compare'];

/** The later one of two positions; the first one where that cannot be said. */
export function later(
  one: Position,
  other: Position | undefined,
  compare: Compare,
): Position {
  if (other === undefined) return one;
  return (compare(other, one) ?? 0) > 0 ? other : one;
}

/** The earlier one of two positions; the first one where that cannot be said. */
export function earlier(
  one: Position,
  other: Position,
  compare: Compare,
): Position {
  return (compare(other, one) ?? 0) < 0 ? other : one;
}
