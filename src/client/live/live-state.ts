/** Where a live collection stands. */
export type LiveState =
  /** Nothing was live yet. */
  | 'loading'
  /** The rows are those of the server, and follow its changes. */
  | 'live'
  /** The rows are what was known; they are being brought up to date. */
  | 'stale'
  /**
   * The rows are for another identity than the connection's. They are fetched
   * again when that, or the connection, is another.
   */
  | 'mismatched'
  /** It has given up, as `error` says. `refresh()` begins anew. */
  | 'failed'
  /** `close()` was called. */
  | 'closed';

/** What happens to a live collection. */
export type LiveEvent =
  /** Its rows are being fetched, or will be. */
  | 'fetch'
  /** All changes since the fetch have arrived. */
  | 'caughtUp'
  /** The connection was lost. */
  | 'lost'
  /** Its rows are there, and are not what the server would answer, or might not be. */
  | 'outdated'
  /** Its token is for another identity than the connection's. */
  | 'mismatch'
  /** To fetch again would end the same. */
  | 'fail'
  /** `close()` was called. */
  | 'close';

/**
 * The whole life of a live collection: what each event makes of each state. Events
 * that a state does not name leave it as it is.
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
