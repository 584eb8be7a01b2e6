/**
 * What happened in a registry since the server started. Plain numbers that only
 * grow, `connections` aside: read them from a health check or a metrics page.
 */
export class Counters {
  /** Clients connected now. */
  connections = 0;
  /** Connections accepted. */
  accepted = 0;
  /** Upgrades refused: origin, guard, limit or shutdown. */
  refused = 0;
  /** Messages taken from clients. */
  received = 0;
  /** Messages discarded as malformed or for an unknown service. */
  discarded = 0;
  /** Commands, hooks and services that failed unexpectedly. */
  failures = 0;
  /** Connections closed because their client read too slowly. */
  closedSlow = 0;
  /** Connections closed because a ping was not answered. */
  closedNoPong = 0;
  /** Connections closed because requests stayed unanswered for too long. */
  closedStalled = 0;
  /** Connections closed because the client's identity expired. */
  closedExpired = 0;
  /** DataSync: tokens whose part of the log went before anybody came with them. */
  evicted = 0;
  /** DataSync: tokens that somebody came with for whom they are not. */
  mismatched = 0;
  /** DataSync: changes of rows that no page can apply, or JSON cannot express. */
  badDeltas = 0;
  /**
   * Times that the broker lost what a service listens to: of DataSync all live
   * subscriptions are fetched again each time, of PubSub it is one for each channel.
   */
  gaps = 0;
}
