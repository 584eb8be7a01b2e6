import type { Delta } from '../../../protocol/delta.js';
import type { Subscription } from './subscription.js';

/**
 * One form of a delta - insert, update or delete - and the subscriptions that
 * get it.
 */
export interface Routed {
  readonly delta: Delta;
  readonly to: readonly Subscription[];
}

/** Decides which subscription hears of which change. */
export interface Routing {
  /**
   * The forms of one delta, with the subscriptions that get them: at most an
   * insert, an update and a delete.
   */
  route(delta: Delta): Routed[];
  /**
   * The form of one delta that a subscription gets which was away; undefined if
   * none.
   */
  replay(subscription: Subscription, delta: Delta): Delta | undefined;
}
