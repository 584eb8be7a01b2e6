import { RpcError } from '../../../core/rpc/rpc-error.js';
import type { JsonValue } from '../../../protocol/json.js';
import { FilterIndex, filterKey } from '../filter/filter-index.js';
import {
  DEFAULT_FILTER_LIMITS,
  InvalidFilter,
  parseFilter,
  type FilterLimits,
} from '../filter/parse.js';
import { fieldsOf, type Predicate } from '../filter/predicate.js';
import { Dealer, type SubscriptionItem } from './dealer.js';

/** Knows which fields of rows leave the server. */
interface Fields {
  /**
   * The first field of a filter that filters must not use; undefined if there
   * is none.
   */
  hiddenOf(predicate: Predicate): string | undefined;
}

interface State {
  readonly index: FilterIndex<SubscriptionItem>;
  /**
   * The filter of each query that a subscription has: a replay asks with the
   * same query again.
   */
  readonly parsed: WeakMap<object, Predicate>;
  fields: Fields | undefined;
}

/** Kept under a symbol, as in `Dealer`. */
const state: unique symbol = Symbol('snorky:filter-dealer');

/**
 * A dealer whose queries are filters over the fields of rows, such as
 * `["and", ["==", "team", 7], [">=", "player.score", 100]]`.
 *
 * Operators: `==`, `<`, `<=`, `>`, `>=`, `in`, `and`, `or`, `not`. A dotted field
 * walks into nested objects. Types are strict: only numbers compare with numbers
 * and strings with strings; a missing field makes a comparison false.
 *
 * The whole filter is checked when it is authorized. The cost of a change
 * depends on the filters that may match it, and not on the number of all
 * filters.
 *
 * @example
 * class FilteredPlayers extends FilterDealer<Player> { readonly model = 'Player'; }
 */
export abstract class FilterDealer<Row = JsonValue> extends Dealer<Row> {
  /** The size that a filter may have. */
  readonly limits: FilterLimits = DEFAULT_FILTER_LIMITS;

  private readonly [state]: State = {
    index: new FilterIndex(),
    parsed: new WeakMap(),
    fields: undefined,
  };

  override checkQuery(query: JsonValue): void {
    try {
      this.$checkFields(parseFilter(query, this.limits));
    } catch (error) {
      throw error instanceof InvalidFilter
        ? new RpcError(error.message)
        : error;
    }
  }

  override matches(query: JsonValue, row: Row): boolean {
    return this.$predicateOf(query).matches(row as JsonValue);
  }

  override addSubscriptionItem(item: SubscriptionItem): void {
    const { query } = item;
    this[state].index.insert(
      filterKey(query),
      () => parseFilter(query, this.limits),
      item,
    );
  }

  override removeSubscriptionItem(item: SubscriptionItem): void {
    this[state].index.remove(filterKey(item.query), item);
  }

  override getSubscriptionItemsForModel(row: Row): Iterable<SubscriptionItem> {
    const items: SubscriptionItem[] = [];
    this[state].index.find(row as JsonValue, (item) => items.push(item));
    return items;
  }

  /** @internal */
  $watch(fields: Fields): void {
    this[state].fields = fields;
  }

  /** @internal @throws InvalidFilter for a field that filters must not use. */
  $checkFields(predicate: Predicate): void {
    const { fields: allowed } = this;
    if (allowed !== undefined) {
      for (const field of fieldsOf(predicate)) {
        if (allowed.includes(field)) continue;
        throw new InvalidFilter(
          '',
          `"${field.slice(0, 50)}" is none of the fields that may be asked for`,
        );
      }
    }
    const hidden = this[state].fields?.hiddenOf(predicate);
    if (hidden === undefined) return;
    throw new InvalidFilter(
      '',
      `the field "${hidden.slice(0, 50)}" does not leave the server`,
    );
  }

  /** @internal */
  $predicateOf(query: JsonValue): Predicate {
    const known = isArray(query) ? this[state].parsed.get(query) : undefined;
    if (known !== undefined) return known;
    const predicate = parseFilter(query, this.limits);
    if (isArray(query)) this[state].parsed.set(query, predicate);
    return predicate;
  }
}

function isArray(query: JsonValue): query is readonly JsonValue[] {
  return Array.isArray(query);
}
