import { compare, type Orderable } from './order.js';

/** A range of one field. A bound that is undefined does not limit it. */
export interface Interval {
  readonly low: Orderable | undefined;
  readonly lowOpen: boolean;
  readonly high: Orderable | undefined;
  readonly highOpen: boolean;
}

/**
 * Finds the intervals that contain a value: a treap ordered by the lower bound,
 * with the greatest upper bound of each subtree. Insertion and removal take
 * O(log n) steps, a search takes O(log n) and a little more for each interval
 * found.
 *
 * All bounds of one tree must have one type.
 */
export class IntervalTree<Value> {
  private root: Node<Value> | undefined;
  private count = 0;

  /** Values in the tree. */
  get size(): number {
    return this.count;
  }

  insert(interval: Interval, value: Value): void {
    this.root = this.add(this.root, interval, value);
    this.count++;
  }

  /** Removes a value that was inserted with an equal interval. */
  delete(interval: Interval, value: Value): void {
    const before = this.count;
    this.root = this.remove(this.root, interval, value);
    if (this.count === before) throw new Error('The value is not in the tree.');
  }

  /** Calls `found` with the values of all intervals that contain `point`. */
  stab(point: Orderable, found: (value: Value) => void): void {
    visit(this.root, point, (node) => {
      node.each(found);
      return true;
    });
  }

  /** The number of intervals that contain `point`, counted up to `cap`. */
  countAt(point: Orderable, cap: number): number {
    let count = 0;
    visit(this.root, point, () => ++count < cap);
    return count;
  }

  private add(
    node: Node<Value> | undefined,
    interval: Interval,
    value: Value,
  ): Node<Value> {
    if (node === undefined) return new Node(interval, value);
    const order = compareIntervals(interval, node.interval);
    if (order === 0) {
      node.add(value);
    } else if (order < 0) {
      node.left = this.add(node.left, interval, value);
      if (node.left.priority > node.priority)
        return rotateRight(node, node.left);
      node.update();
    } else {
      node.right = this.add(node.right, interval, value);
      if (node.right.priority > node.priority)
        return rotateLeft(node, node.right);
      node.update();
    }
    return node;
  }

  private remove(
    node: Node<Value> | undefined,
    interval: Interval,
    value: Value,
  ): Node<Value> | undefined {
    if (node === undefined) return undefined;
    const order = compareIntervals(interval, node.interval);
    if (order < 0) {
      node.left = this.remove(node.left, interval, value);
    } else if (order > 0) {
      node.right = this.remove(node.right, interval, value);
    } else {
      if (!node.delete(value)) return node;
      this.count--;
      if (node.empty) return merge(node.left, node.right);
      return node;
    }
    node.update();
    return node;
  }
}

/** The values of one interval, nearly always a single one. */
class Node<Value> {
  readonly priority = Math.random();
  left: Node<Value> | undefined;
  right: Node<Value> | undefined;
  /** The interval in this subtree that reaches farthest. */
  farthest: Interval;
  private values: Value | Set<Value> | undefined;

  constructor(
    readonly interval: Interval,
    value: Value,
  ) {
    this.farthest = interval;
    this.values = value;
  }

  get empty(): boolean {
    return this.values === undefined;
  }

  add(value: Value): void {
    const { values } = this;
    if (values instanceof Set) values.add(value);
    else this.values = new Set([values as Value, value]);
  }

  delete(value: Value): boolean {
    const { values } = this;
    if (values instanceof Set) {
      if (!values.delete(value)) return false;
      if (values.size === 1) [this.values] = values;
      return true;
    }
    if (values !== value) return false;
    this.values = undefined;
    return true;
  }

  each(found: (value: Value) => void): void {
    const { values } = this;
    if (values instanceof Set) for (const value of values) found(value);
    else found(values as Value);
  }

  update(): void {
    let farthest = this.interval;
    if (this.left) farthest = farther(farthest, this.left.farthest);
    if (this.right) farthest = farther(farthest, this.right.farthest);
    this.farthest = farthest;
  }
}

/**
 * Visits the intervals that contain `point` while `found` answers true. Answers
 * whether it visited all of them.
 */
function visit<Value>(
  node: Node<Value> | undefined,
  point: Orderable,
  found: (node: Node<Value>) => boolean,
): boolean {
  // The recursion is as deep as the tree, about 2 log2(n).
  if (node === undefined || !reaches(node.farthest, point)) return true;
  if (!visit(node.left, point, found)) return false;
  if (!startsBefore(node.interval, point)) return true;
  if (reaches(node.interval, point) && !found(node)) return false;
  return visit(node.right, point, found);
}

function startsBefore({ low, lowOpen }: Interval, point: Orderable): boolean {
  if (low === undefined) return true;
  const order = compare(low, point);
  return lowOpen ? order < 0 : order <= 0;
}

function reaches({ high, highOpen }: Interval, point: Orderable): boolean {
  if (high === undefined) return true;
  const order = compare(high, point);
  return highOpen ? order > 0 : order >= 0;
}

function farther(left: Interval, right: Interval): Interval {
  return compareHigh(left, right) >= 0 ? left : right;
}

function compareIntervals(left: Interval, right: Interval): number {
  return compareLow(left, right) || compareHigh(left, right);
}

function compareLow(left: Interval, right: Interval): number {
  if (left.low === undefined || right.low === undefined) {
    return Number(left.low !== undefined) - Number(right.low !== undefined);
  }
  return (
    compare(left.low, right.low) ||
    // An open bound starts later.
    Number(left.lowOpen) - Number(right.lowOpen)
  );
}

function compareHigh(left: Interval, right: Interval): number {
  if (left.high === undefined || right.high === undefined) {
    return Number(left.high === undefined) - Number(right.high === undefined);
  }
  return (
    compare(left.high, right.high) ||
    // An open bound ends earlier.
    Number(right.highOpen) - Number(left.highOpen)
  );
}

function rotateRight<V>(node: Node<V>, left: Node<V>): Node<V> {
  node.left = left.right;
  left.right = node;
  node.update();
  left.update();
  return left;
}

function rotateLeft<V>(node: Node<V>, right: Node<V>): Node<V> {
  node.right = right.left;
  right.left = node;
  node.update();
  right.update();
  return right;
}

/** Joins two subtrees. All of the left one must come before the right one. */
function merge<V>(
  left: Node<V> | undefined,
  right: Node<V> | undefined,
): Node<V> | undefined {
  if (left === undefined) return right;
  if (right === undefined) return left;
  if (left.priority > right.priority) {
    left.right = merge(left.right, right);
    left.update();
    return left;
  }
  right.left = merge(left, right.left);
  right.update();
  return right;
}
