import type { JsonValue } from '../../../protocol/json.js';
import { Dealer, type SubscriptionItem } from './dealer.js';

/** Under a symbol, as in `Dealer`. */
const items: unique symbol = Symbol('snorky:broadcast-dealer');

/**
 * Everybody hears of every change of the model; queries are ignored.
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
