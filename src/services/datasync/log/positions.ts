import type { Position } from '../../../broker/ports/log.js';
import type { Topics } from '../../../broker/ports/topics.js';

type Compare = Topics['compare'];

/** The later of two positions; the first one if they cannot be compared. */
export function later(
  one: Position,
  other: Position | undefined,
  compare: Compare,
): Position {
  if (other === undefined) return one;
  return (compare(other, one) ?? 0) > 0 ? other : one;
}

/** The earlier of two positions; the first one if they cannot be compared. */
export function earlier(
  one: Position,
  other: Position,
  compare: Compare,
): Position {
  return (compare(other, one) ?? 0) < 0 ? other : one;
}
