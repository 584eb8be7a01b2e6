import { canonicalKey } from '../../../protocol/json.js';
import type { FieldPath } from './field.js';
import type { Interval } from './interval-tree.js';
import { compare, isOrderable, type Orderable } from './order.js';
import { Equal, type Ordered, type Predicate } from './predicate.js';

/** One or two bounds on one field. */
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
 * Where a filter hangs: whatever row it matches is found under one of the
 * anchors. Without any it matches nothing.
 */
export interface Placement {
  readonly anchors: readonly Anchor[];
  /** How many filters a look-up of these anchors would meet, about. */
  readonly cost: number;
}

/** Estimates how many filters a look-up of an anchor would meet. */
export type Estimate = (anchor: Anchor) => number;

/**
 * Chooses the cheapest parts to hang a filter under.
 *
 * @returns undefined when no part can be looked up, so that the filter has to be
 *   tried on every row.
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
      // A bound that has no order is never met.
      return range === undefined
        ? NOWHERE
        : { anchors: [range], cost: estimate(range) };
    }
    case 'every':
      return cheapest(predicate.parts, estimate);
    case 'some':
      return all(predicate.parts, estimate);
    case 'not':
      // Two negations are none; a single one also matches what has no such field.
      return predicate.part.kind === 'not'
        ? placementOf(predicate.part.part, estimate)
        : undefined;
  }
}

const NOWHERE: Placement = { anchors: [], cost: 0 };

/** All parts must match, so any one of them will do. */
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

/** Any part may match, so each must be found. */
function all(
  parts: readonly Predicate[],
  estimate: Estimate,
): Placement | undefined {
  // Compared by their content: a filter must not hang twice in one place.
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

/** One text for a field, whichever way its path is kept. */
export function fieldKey(path: FieldPath): string {
  return typeof path === 'string' ? path : path.join('.');
}
