import type { Delta } from '../../../protocol/delta.js';
import type { Subscription } from './subscription.js';

/** What one delta is to the subscriptions that it concerns. */
export interface Routed {
  readonly delta: Delta;
  readonly to: readonly Subscription[];
}

/** Decides which subscription hears of what. */
export interface Routing {
  /** Who hears what of one delta: at most an insert, an update and a delete. */
  route(delta: Delta): Routed[];
  /** What a subscription that was away hears of one delta, if anything. */
  replay(subscription: Subscription, delta: Delta): Delta | undefined;
}
