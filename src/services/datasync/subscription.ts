import type { Position } from '../../broker/ports.js';
import type { Client } from '../../core/client.js';
import type { JsonValue } from '../../protocol/json.js';
import type { SubscriptionItem } from './dealers/dealer.js';
import {
  SUBSCRIPTION_STATES,
  type SubscriptionEvent,
  type SubscriptionState,
} from './subscription-state.js';

/** What a subscription is to, before anybody has it. */
export interface ItemRequest {
  readonly dealer: string;
  readonly query: JsonValue;
}

/** A subscription that a client of this node holds. */
export class Subscription {
  readonly items: readonly SubscriptionItem[];
  #state: SubscriptionState = 'replaying';

  /** @internal The last deltas for which one of its items matched the old, or new, row. */
  matchedBefore = 0;
  /** @internal */
  matchedAfter = 0;
  /** @internal Up to where it was sent the log when it went live, until that is passed. */
  sentTo: Position | undefined;
  /** @internal What the log entry in work has for it, as JSON texts. */
  outgoing: string[] | undefined;

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

  get state(): SubscriptionState {
    return this.#state;
  }

  /** Moves on, and answers whether the event was one that can happen here. */
  apply(event: SubscriptionEvent): boolean {
    const table = SUBSCRIPTION_STATES[this.resumable ? 'resumable' : 'once'];
    const next = table[this.#state][event];
    if (next === undefined) return false;
    this.#state = next;
    return true;
  }
}
