import { canonicalKey } from '../../../protocol/json.js';
import type { FieldPath } from './field.js';
import type { Interval } from './interval-tree.js';
import { compare, isOrderable, type Orderable } from './order.js';
import { Equal, type Ordered, type Predicate } from './predicate.js';

/** One or two bounds of one field. */
export class Range implements Interval {
  readonly kind = 'range';
  constructor(
    readonly path: FieldPath,
    readonly low: Orderable | undefined,
    readonly lowOpen: boolean,
    readonly high: Orderable | undefined,
    readonly highOpen: boolean,
  ) {}
}

/** A part of a filter that an index can look up. */
export type Anchor = Equal | Range;

/**
 * The anchors under which a filter is found. Every row that the filter matches
 * leads to at least one of them. A filter without anchors matches nothing.
 */
export interface Placement {
  readonly anchors: readonly Anchor[];
  /**
   * The number of filters that a look-up of these anchors would meet, about.
   */
  readonly cost: number;
}

/** Estimates the number of filters that a look-up of an anchor would meet. */
export type Estimate = (anchor: Anchor) => number;

/**
 * Chooses the anchors of a filter that cost the least.
 *
 * @returns Undefined when no part can be looked up: the filter has to be tried
 *   on every row.
 */
export function placementOf(
  predicate: Predicate,
  estimate: Estimate,
): Placement | undefined {
  switch (predicate.kind) {
    case 'equal':
      return { anchors: [predicate], cost: estimate(predicate) };
    case 'oneOf':
      return all(
        predicate.values.map((value) => new Equal(predicate.path, value)),
        estimate,
      );
    case 'ordered': {
      const range = rangeOf(predicate);
      // A bound without an order is never met.
      return range === undefined
        ? NOWHERE
        : { anchors: [range], cost: estimate(range) };
    }
    case 'every':
      return cheapest(predicate.parts, estimate);
    case 'some':
      return all(predicate.parts, estimate);
    case 'not':
      // Two negations cancel each other. A single one also matches rows without
      // the field, so it cannot be looked up.
      return predicate.part.kind === 'not'
        ? placementOf(predicate.part.part, estimate)
        : undefined;
  }
}

const NOWHERE: Placement = { anchors: [], cost: 0 };

/**
 * The anchors of a conjunction: all parts must match, so those of any one part
 * will do.
 */
function cheapest(
  parts: readonly Predicate[],
  estimate: Estimate,
): Placement | undefined {
  let best: Placement | undefined;
  const ranges = new Map<string, Range>();
  for (const part of parts) {
    if (part.kind === 'ordered') {
      const range = rangeOf(part);
      if (range === undefined) return NOWHERE;
      const key = `${typeof part.value}:${fieldKey(part.path)}`;
      const known = ranges.get(key);
      ranges.set(key, known === undefined ? range : intersection(known, range));
    } else {
      best = cheaper(best, placementOf(part, estimate));
    }
  }
  for (const range of ranges.values()) {
    best = cheaper(best, { anchors: [range], cost: estimate(range) });
  }
  return best;
}

/**
 * The anchors of a disjunction: any part may match, so those of all parts are
 * needed.
 */
function all(
  parts: readonly Predicate[],
  estimate: Estimate,
): Placement | undefined {
  // Compared by content: a filter must not have the same anchor twice.
  const anchors = new Map<string, Anchor>();
  let cost = 0;
  for (const part of parts) {
    const placement = placementOf(part, estimate);
    if (placement === undefined) return undefined;
    for (const anchor of placement.anchors) {
      anchors.set(anchorKey(anchor), anchor);
    }
    cost += placement.cost;
  }
  return { anchors: [...anchors.values()], cost };
}

function anchorKey(anchor: Anchor): string {
  const field = fieldKey(anchor.path);
  if (anchor.kind === 'equal') return canonicalKey([field, anchor.value]);
  const { low = null, lowOpen, high = null, highOpen } = anchor;
  return canonicalKey([field, low, lowOpen, high, highOpen]);
}

function cheaper(
  left: Placement | undefined,
  right: Placement | undefined,
): Placement | undefined {
  if (left === undefined) return right;
  return right === undefined || left.cost <= right.cost ? left : right;
}

function rangeOf({ operator, path, value }: Ordered): Range | undefined {
  if (!isOrderable(value)) return undefined;
  switch (operator) {
    case '<':
      return new Range(path, undefined, false, value, true);
    case '<=':
      return new Range(path, undefined, false, value, false);
    case '>':
      return new Range(path, value, true, undefined, false);
    case '>=':
      return new Range(path, value, false, undefined, false);
  }
}

function intersection(left: Range, right: Range): Range {
  const low = laterStart(left, right);
  const high = earlierEnd(left, right);
  return new Range(left.path, low.low, low.lowOpen, high.high, high.highOpen);
}

function laterStart(left: Range, right: Range): Range {
  if (left.low === undefined) return right;
  if (right.low === undefined) return left;
  const order =
    compare(left.low, right.low) ||
    Number(left.lowOpen) - Number(right.lowOpen);
  return order >= 0 ? left : right;
}

function earlierEnd(left: Range, right: Range): Range {
  if (left.high === undefined) return right;
  if (right.high === undefined) return left;
  const order =
    compare(left.high, right.high) ||
    Number(right.highOpen) - Number(left.highOpen);
  return order <= 0 ? left : right;
}

/** The text of a field, in whichever form its path is kept. */
export function fieldKey(path: FieldPath): string {
  return typeof path === 'string' ? path : path.join('.');
}
