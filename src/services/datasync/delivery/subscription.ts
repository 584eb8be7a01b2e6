import type { Position } from '../../../broker/ports/log.js';
import type { Client } from '../../../core/clients/client.js';
import type { SubscriptionItem } from '../dealers/dealer.js';
import type { ItemRequest } from '../tokens/authorization.js';
import type { Told } from './told-order.js';

/** What deltas are routed to: a subscription that a client of this node has. */
export class Subscription {
  readonly items: readonly SubscriptionItem[];

  /** @internal The last deltas for which one of its items matched the old, or new, row. */
  matchedBefore = 0;
  /** @internal */
  matchedAfter = 0;
  /**
   * @internal The place in the log up to which it was sent entries when it went
   * live; undefined once that is passed.
   */
  sentTo: Position | undefined;
  /**
   * @internal What the present log entry has for it: JSON texts with commas
   * between.
   */
  outgoing = '';
  /** @internal Its place among those that are told positions. */
  told: Told<Subscription> | undefined;

  constructor(
    readonly token: string,
    readonly client: Client,
    readonly resumable: boolean,
    items: readonly ItemRequest[],
  ) {
    this.items = items.map(({ dealer, query }) => ({
      dealer,
      query,
      subscription: this,
    }));
  }
}
