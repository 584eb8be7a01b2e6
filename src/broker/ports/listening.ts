/** Ends what it was returned for. Calling it again does nothing. */
export type Stop = () => void;

/** Options of a listener. */
export interface ListenerOptions {
  /**
   * Called when something may have been lost for good: after the last event
   * that the listener had and before the next one, once for each loss. Nothing
   * is missing after that. An earlier position may be void; a replay from it
   * says so.
   *
   * Events are lost when a network is cut for longer than the broker remembers,
   * or when a server comes back without what it knew. A broker in memory never
   * loses anything.
   */
  readonly onGap?: () => void;
}
