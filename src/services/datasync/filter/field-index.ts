import {
  canonicalKey,
  isJsonObject,
  type JsonValue,
} from '../../../protocol/json.js';
import type { Anchor, Range } from './anchors.js';
import type { FieldPath } from './field.js';
import { IntervalTree } from './interval-tree.js';
import type { Orderable } from './order.js';

/** The entries under one value: nearly always a single one. */
type Bucket<Entry> = Entry | Set<Entry>;

/**
 * The count of intervals beyond which it becomes a guess: counting on would
 * cost too much.
 */
const CROWD = 32;

/** An index by the value of one field. */
class ValueIndex<Entry extends object> {
  /**
   * Scalars are keys themselves, since a Map tells types apart. Other values
   * have their canonical key.
   */
  private readonly scalars = new Map<unknown, Bucket<Entry>>();
  private readonly structures = new Map<string, Bucket<Entry>>();
  private readonly numbers = new IntervalTree<Entry>();
  private readonly strings = new IntervalTree<Entry>();

  get empty(): boolean {
    return (
      this.scalars.size + this.structures.size === 0 &&
      this.numbers.size + this.strings.size === 0
    );
  }

  add(anchor: Anchor, entry: Entry): void {
    if (anchor.kind === 'range') {
      this.treeOf(anchor).insert(anchor, entry);
    } else {
      this.addValue(anchor.value, entry);
    }
  }

  delete(anchor: Anchor, entry: Entry): void {
    if (anchor.kind === 'range') {
      this.treeOf(anchor).delete(anchor, entry);
    } else {
      this.deleteValue(anchor.value, entry);
    }
  }

  /** The number of entries that a look-up of the anchor would meet, about. */
  estimate(anchor: Anchor): number {
    if (anchor.kind === 'equal') return this.countOf(anchor.value);
    const tree = this.treeOf(anchor);
    const { low, high } = anchor;
    // A single bound lets half of all rows through, as far as is known.
    if (low === undefined || high === undefined) return tree.size / 2;
    // The number of intervals at its start is taken for that of the whole
    // interval.
    const crowd = tree.countAt(low, CROWD);
    return crowd < CROWD ? crowd : Math.max(CROWD, tree.size / 64);
  }

  find(value: JsonValue, found: (entry: Entry) => void): void {
    const bucket =
      typeof value === 'object' && value !== null
        ? this.structures.size > 0
          ? this.structures.get(canonicalKey(value))
          : undefined
        : this.scalars.get(value);
    if (bucket instanceof Set) for (const entry of bucket) found(entry);
    else if (bucket !== undefined) found(bucket);
    if (typeof value === 'number') this.numbers.stab(value, found);
    else if (typeof value === 'string') this.strings.stab(value, found);
  }

  private treeOf({ low, high }: Range): IntervalTree<Entry> {
    const bound = (low ?? high) as Orderable;
    return typeof bound === 'number' ? this.numbers : this.strings;
  }

  private countOf(value: JsonValue): number {
    const [map, key] = this.slot(value);
    const bucket = map.get(key);
    if (bucket === undefined) return 0;
    return bucket instanceof Set ? bucket.size : 1;
  }

  private addValue(value: JsonValue, entry: Entry): void {
    const [map, key] = this.slot(value);
    const bucket = map.get(key);
    if (bucket === undefined) map.set(key, entry);
    else if (bucket instanceof Set) bucket.add(entry);
    else map.set(key, new Set([bucket, entry]));
  }

  private deleteValue(value: JsonValue, entry: Entry): void {
    const [map, key] = this.slot(value);
    const bucket = map.get(key);
    if (!(bucket instanceof Set)) {
      if (bucket === entry) map.delete(key);
      return;
    }
    bucket.delete(entry);
    if (bucket.size === 1) map.set(key, [...bucket][0] as Entry);
  }

  private slot(value: JsonValue): [Map<unknown, Bucket<Entry>>, unknown] {
    return typeof value === 'object' && value !== null
      ? [this.structures as Map<unknown, Bucket<Entry>>, canonicalKey(value)]
      : [this.scalars, value];
  }
}

/**
 * An index by the values of fields. Fields are a tree of names, as rows are. So
 * a look-up walks the row, and not all fields of all filters.
 */
export class FieldIndex<Entry extends object> {
  private readonly children = new Map<string, FieldIndex<Entry>>();
  private values: ValueIndex<Entry> | undefined;

  add(anchor: Anchor, entry: Entry): void {
    const place = this.placeOf(anchor.path);
    (place.values ??= new ValueIndex()).add(anchor, entry);
  }

  delete(anchor: Anchor, entry: Entry): void {
    this.deleteAt(segments(anchor.path), 0, anchor, entry);
  }

  estimate(anchor: Anchor): number {
    const place = segments(anchor.path).reduce<FieldIndex<Entry> | undefined>(
      (parent, name) => parent?.children.get(name),
      this,
    );
    return place?.values?.estimate(anchor) ?? 0;
  }

  /** Calls `found` with every entry that a field of the row leads to. */
  find(row: JsonValue, found: (entry: Entry) => void): void {
    this.values?.find(row, found);
    if (this.children.size === 0 || !isJsonObject(row)) return;
    const keys = Object.keys(row);
    if (keys.length < this.children.size) {
      for (const name of keys) {
        this.children.get(name)?.find(row[name] as JsonValue, found);
      }
    } else {
      for (const [name, child] of this.children) {
        if (Object.hasOwn(row, name)) child.find(row[name] as JsonValue, found);
      }
    }
  }

  private placeOf(path: FieldPath): FieldIndex<Entry> {
    return segments(path).reduce<FieldIndex<Entry>>((parent, name) => {
      let child = parent.children.get(name);
      if (child === undefined) {
        child = new FieldIndex();
        parent.children.set(name, child);
      }
      return child;
    }, this);
  }

  private deleteAt(
    path: readonly string[],
    depth: number,
    anchor: Anchor,
    entry: Entry,
  ): void {
    const name = path[depth];
    if (name === undefined) {
      this.values?.delete(anchor, entry);
      if (this.values?.empty) this.values = undefined;
      return;
    }
    const child = this.children.get(name);
    child?.deleteAt(path, depth + 1, anchor, entry);
    // Names come from clients, so nodes that become empty must not stay.
    if (child?.values === undefined && child?.children.size === 0) {
      this.children.delete(name);
    }
  }
}

function segments(path: FieldPath): readonly string[] {
  return typeof path === 'string' ? [path] : path;
}
