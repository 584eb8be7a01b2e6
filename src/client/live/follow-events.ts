import type { ReceivedDelta } from '../../protocol/snorky-types.js';

/** Where a subscription stands. */
export type FollowState =
  /** The server is sending what was missed, or was not asked yet. */
  | 'catching-up'
  /** All that was missed has arrived; what happens arrives as it happens. */
  | 'live'
  /** There is no connection; it will go on with the next one. */
  | 'waiting'
  /**
   * The token is for another identity than the connection's. It is tried again
   * when that, or the connection, is another.
   */
  | 'mismatched'
  /** The token means nothing any more. Rows have to be fetched again. */
  | 'gone';

/** What the server says of a subscription that it has ended. */
export interface FollowEnd {
  readonly type:
    /** Somebody else follows the token: another tab, or another object here. */
    | 'taken'
    /** The application has ended it, or its time is over. */
    | 'revoked'
    /** Rows have to be fetched again, but not before `delay` milliseconds. */
    | 'refetch'
    /** It belonged to another identity than the connection has now. */
    | 'identity';
  readonly delay?: number;
}

/** Whom a subscription tells what happens. */
export interface FollowHandlers {
  /** Changes, in order: all of one batch. Apply them before anything else. */
  onDeltas(deltas: readonly ReceivedDelta[]): void;
  /** `error` and `end` are why it is gone, where there is one. */
  onState(state: FollowState, error?: unknown, end?: FollowEnd): void;
}
