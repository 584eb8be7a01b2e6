import type { Position } from '../../../broker/ports/log.js';
import type { Client } from '../../../core/clients/client.js';
import type { SubscriptionItem } from '../dealers/dealer.js';
import type { ItemRequest } from '../tokens/authorization.js';
import type { Told } from './told-order.js';

/** A subscription of a client of this node. Deltas are routed to it. */
export class Subscription {
  readonly items: readonly SubscriptionItem[];

  /**
   * @internal The number of the last delta whose old row one of its items
   * matched.
   */
  matchedBefore = 0;
  /**
   * @internal The number of the last delta whose new row one of its items
   * matched.
   */
  matchedAfter = 0;
  /**
   * @internal The position in the log up to which it was sent entries when it
   * went live; undefined once the log has passed that position.
   */
  sentTo: Position | undefined;
  /**
   * @internal The deltas of the present log entry that it gets: JSON texts with
   * commas between them.
   */
  outgoing = '';
  /** @internal Its place in the order of those that are told positions. */
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
