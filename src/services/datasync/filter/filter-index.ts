import { canonicalKey, type JsonValue } from '../../../protocol/json.js';
import { placementOf, type Anchor } from './anchors.js';
import { FieldIndex } from './field-index.js';
import type { Predicate } from './predicate.js';

/** One filter, and all items that asked for it. */
class Entry<Item> {
  /** The items: nearly always a single one. */
  items: Item | Set<Item> | undefined;
  /** The number of the last search that met this filter. */
  seen = 0;
  /** Undefined if no part of the filter can be looked up. */
  anchors: readonly Anchor[] | undefined;

  constructor(readonly predicate: Predicate) {}
}

/**
 * Finds the filters that match a row. Equal filters are kept once. Each is
 * found under its anchors, by the values of a row, and only filters that a row
 * leads to are evaluated. So the cost depends on these candidates, and not on
 * the number of all filters.
 */
export class FilterIndex<Item extends object> {
  private readonly entries = new Map<string, Entry<Item>>();
  private readonly fields = new FieldIndex<Entry<Item>>();
  /** Filters without anchors, which have to be tried on every row. */
  private readonly unplaced = new Set<Entry<Item>>();
  private searches = 0;

  /** The number of distinct filters. */
  get size(): number {
    return this.entries.size;
  }

  /** @param key The canonical key of the filter's query, see `filterKey`. */
  insert(key: string, parse: () => Predicate, item: Item): void {
    let entry = this.entries.get(key);
    if (entry === undefined) {
      entry = new Entry<Item>(parse());
      this.entries.set(key, entry);
      this.place(entry);
    }
    const { items } = entry;
    if (items === undefined) entry.items = item;
    else if (items instanceof Set) items.add(item);
    else entry.items = new Set([items, item]);
  }

  remove(key: string, item: Item): void {
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    const { items } = entry;
    if (items instanceof Set) {
      items.delete(item);
      if (items.size === 1) [entry.items] = items;
    } else if (items === item) {
      this.entries.delete(key);
      this.displace(entry);
    }
  }

  /** Calls `found` once with each item whose filter matches. */
  find(row: JsonValue, found: (item: Item) => void): void {
    const search = ++this.searches;
    const attempt = (entry: Entry<Item>): void => {
      // A filter with several anchors may be met several times.
      if (entry.seen === search) return;
      entry.seen = search;
      if (!entry.predicate.matches(row)) return;
      const { items } = entry;
      if (items instanceof Set) for (const item of items) found(item);
      else if (items !== undefined) found(items);
    };
    this.fields.find(row, attempt);
    for (const entry of this.unplaced) attempt(entry);
  }

  private place(entry: Entry<Item>): void {
    entry.anchors = placementOf(entry.predicate, (anchor) =>
      this.fields.estimate(anchor),
    )?.anchors;
    if (entry.anchors === undefined) this.unplaced.add(entry);
    else for (const anchor of entry.anchors) this.fields.add(anchor, entry);
  }

  private displace(entry: Entry<Item>): void {
    if (entry.anchors === undefined) this.unplaced.delete(entry);
    else for (const anchor of entry.anchors) this.fields.delete(anchor, entry);
  }
}

/** The key of a filter. Equal filters have the same key. */
export function filterKey(query: JsonValue): string {
  return canonicalKey(query);
}
