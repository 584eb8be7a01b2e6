import type { ReceivedDelta } from '../../protocol/snorky-types.js';

/** The state of a followed subscription. */
export type FollowState =
  /** The server is sending what was missed, or has not been asked yet. */
  | 'catching-up'
  /** Everything missed has arrived. Changes arrive as they happen. */
  | 'live'
  /** There is no connection; the subscription continues with the next one. */
  | 'waiting'
  /**
   * The token is for another identity than the connection's. It is tried again
   * when the identity, or the connection, changes.
   */
  | 'mismatched'
  /** The token is useless. Rows have to be fetched again. */
  | 'gone';

/** How the server has ended a subscription. */
export interface FollowEnd {
  readonly type:
    /**
     * Somebody else follows the token: another tab, or another object of this
     * page.
     */
    | 'taken'
    /** The application has taken it back, or it has expired. */
    | 'revoked'
    /** Rows have to be fetched again, but not before `delay` milliseconds. */
    | 'refetch'
    /** The connection no longer has the identity that it was for. */
    | 'identity';
  readonly delay?: number;
}

/** Called with what happens to a subscription. */
export interface FollowHandlers {
  /**
   * Takes the changes of one batch, in order. Apply them before anything else.
   */
  onDeltas(deltas: readonly ReceivedDelta[]): void;
  /**
   * Takes the new state. If it is `gone`, `error` and `end` say why, where that
   * is known.
   */
  onState(state: FollowState, error?: unknown, end?: FollowEnd): void;
}
