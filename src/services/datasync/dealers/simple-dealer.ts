import { frozenJson } from '../../../core/json/frozen-json.js';
import { canonicalKey, type JsonValue } from '../../../protocol/json.js';
import type { JsonInput } from '../../../protocol/json-input.js';
import { Dealer, type SubscriptionItem } from './dealer.js';

/** Kept under a symbol, as in `Dealer`. */
const byKey: unique symbol = Symbol('snorky:simple-dealer');

/**
 * A dealer whose query is a key: it asks for the rows with that key, any JSON
 * value.
 *
 * @example
 * class CommentsByEntry extends SimpleDealer<Comment> {
 *   readonly model = 'Comment';
 *   getKeyForModel(comment: Comment) { return comment.entryId; }
 * }
 */
export abstract class SimpleDealer<Row = JsonValue> extends Dealer<Row> {
  private readonly [byKey] = new Map<string, Set<SubscriptionItem>>();

  /**
   * The key of a row. It becomes JSON as queries do: an `ObjectId` becomes its
   * text. For a row without a key, throw or return undefined. This dealer then
   * tells nobody of the row, and the log says so.
   */
  abstract getKeyForModel(row: Row): JsonInput | undefined;

  override matches(query: JsonValue, row: Row): boolean {
    return canonicalKey(query) === this.$keyOf(row);
  }

  override addSubscriptionItem(item: SubscriptionItem): void {
    const key = canonicalKey(item.query);
    const items = this[byKey].get(key);
    if (items === undefined) this[byKey].set(key, new Set([item]));
    else items.add(item);
  }

  override removeSubscriptionItem(item: SubscriptionItem): void {
    const key = canonicalKey(item.query);
    const items = this[byKey].get(key);
    if (items?.delete(item) && items.size === 0) this[byKey].delete(key);
  }

  override getSubscriptionItemsForModel(row: Row): Iterable<SubscriptionItem> {
    return this[byKey].get(this.$keyOf(row)) ?? [];
  }

  /** @internal */
  $keyOf(row: Row): string {
    const key = this.getKeyForModel(row);
    if (key === undefined) {
      throw new Error(
        `${this.name} found no key in a row of "${this.model}". Dealers see ` +
          'what pages see: not what @Exclude() leaves out.',
      );
    }
    // All instances of which JSON makes `{}` would have the same key.
    return canonicalKey(
      typeof key === 'number' || typeof key === 'string'
        ? key
        : frozenJson(key, `the key of "${this.model}"`),
    );
  }
}
