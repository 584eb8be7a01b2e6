import type { JsonValue } from '../../../protocol/json.js';
import { Dealer, type SubscriptionItem } from './dealer.js';

/** Kept under a symbol, as in `Dealer`. */
const items: unique symbol = Symbol('snorky:broadcast-dealer');

/**
 * A dealer that tells every subscription of every change of its model, whatever
 * the query.
 *
 * @example
 * class AllTasks extends BroadcastDealer<Task> { readonly model = 'Task'; }
 */
export abstract class BroadcastDealer<Row = JsonValue> extends Dealer<Row> {
  override readonly fields: readonly string[] = [];

  private readonly [items] = new Set<SubscriptionItem>();

  override matches(): boolean {
    return true;
  }

  override addSubscriptionItem(item: SubscriptionItem): void {
    this[items].add(item);
  }

  override removeSubscriptionItem(item: SubscriptionItem): void {
    this[items].delete(item);
  }

  override getSubscriptionItemsForModel(): Iterable<SubscriptionItem> {
    return this[items];
  }
}
