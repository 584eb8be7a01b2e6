/** Ends what it was returned for. Calling it again does nothing. */
export type Stop = () => void;

/** What a listener may wish to know beside what it listens to. */
export interface ListenerOptions {
  /**
   * Called where something may have been lost for good: after the last that the
   * listener had and before the next, once for each loss. What follows is whole
   * again. A position from before may be void: a replay from it says so.
   *
   * A network that was cut for longer than the broker remembers, or a server that
   * came back without what it knew. A broker in memory never loses anything.
   */
  readonly onGap?: () => void;
}
