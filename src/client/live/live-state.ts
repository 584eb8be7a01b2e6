/** The state of a live collection. */
export type LiveState =
  /** It has not been live yet. */
  | 'loading'
  /** The rows are those of the server, and follow its changes. */
  | 'live'
  /** The rows may be out of date, and are being brought up to date. */
  | 'stale'
  /**
   * The rows are for another identity than the connection's. They are fetched
   * again when the identity, or the connection, changes.
   */
  | 'mismatched'
  /** It has given up, for the reason in `error`. `refresh()` begins anew. */
  | 'failed'
  /** `close()` was called. */
  | 'closed';

/** The events of a live collection. */
export type LiveEvent =
  /** Its rows are being fetched, or will be. */
  | 'fetch'
  /** All changes since the fetch have arrived. */
  | 'caughtUp'
  /** The connection was lost. */
  | 'lost'
  /**
   * It has rows, but they are not, or may not be, those that the server would
   * answer.
   */
  | 'outdated'
  /** Its token is for another identity than the connection's. */
  | 'mismatch'
  /** Fetching again would fail in the same way. */
  | 'fail'
  /** `close()` was called. */
  | 'close';

/**
 * The whole life of a live collection: the next state, by state and event.
 * Events that a state does not list do not change it.
 */
export const NEXT_LIVE_STATE: Readonly<
  Record<LiveState, Readonly<Partial<Record<LiveEvent, LiveState>>>>
> = {
  loading: {
    caughtUp: 'live',
    outdated: 'stale',
    mismatch: 'mismatched',
    fail: 'failed',
    close: 'closed',
  },
  live: {
    fetch: 'stale',
    lost: 'stale',
    outdated: 'stale',
    close: 'closed',
  },
  stale: {
    caughtUp: 'live',
    mismatch: 'mismatched',
    fail: 'failed',
    close: 'closed',
  },
  mismatched: { fetch: 'stale', close: 'closed' },
  failed: { fetch: 'stale', close: 'closed' },
  closed: {},
};
