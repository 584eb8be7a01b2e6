import type { Delta } from '../../protocol/delta.js';
import {
  NO_SUCH_SUBSCRIPTION,
  TOO_MANY_SUBSCRIPTIONS,
} from '../../protocol/errors.js';
import { bareUrl, LONGEST_WAIT } from './answer.js';
import {
  DeltaTarget,
  isDelta,
  type RowTarget,
} from '../collections/delta-target.js';
import { attempt } from '../collections/guarded.js';
import type { DataSync } from './datasync.js';
import type { Followed } from './datasync-subscription.js';
import type { FollowEnd } from './follow-events.js';
import { liveError, RpcError } from '../errors.js';
import { expectRows } from './expected-rows.js';
import type { LiveOptions } from './live-options.js';
import {
  type LiveEvent,
  type LiveState,
  NEXT_LIVE_STATE,
} from './live-state.js';
import { staysInPlace } from './part.js';
import { Reconnection } from '../connection/reconnection.js';
import { renewing } from './renewal.js';
import type { Signal } from '../signal.js';
import { SnapshotSource } from '../snapshots.js';
import {
  fetchSubscribing,
  type Fetched,
  type FetchFailure,
  type SubscribingRequest,
} from './subscribing-fetch.js';
import { now, type Timer } from '../timer.js';

/** The rows that a feed keeps up to date. */
interface FedRows<Row> extends RowTarget {
  /** Takes the result of a fetch: rows, or one row. */
  reset(rows: Row & readonly Row[]): void;
  /** Called when the server has no such row. A list keeps its last rows. */
  clear?(): void;
}

/**
 * The outcome of a delta that could be of any row, because its own has no key.
 */
const NO_KEY = 0;

/**
 * Keeps a collection up to date: it fetches with a token and follows the token.
 * It fetches again when the server says that the token can no longer be
 * followed.
 */
export abstract class LiveFeed<
  Row,
  Item,
  Rows extends FedRows<Row>,
  Snapshot extends object,
> extends SnapshotSource<Snapshot> {
  state: LiveState = 'loading';
  /** Why it has failed, or why its rows could not be fetched so far. */
  error: unknown;
  /** Resolves with the first `live`; rejects if it fails, or is closed, before. */
  readonly ready: Promise<void>;
  /** Dispatched after rows, or the state, have changed. */
  readonly changed: Signal<[]>;
  #settle!: {
    readonly resolve: () => void;
    readonly reject: (error: unknown) => void;
  };
  readonly #backoff = new Reconnection();
  readonly #request: Omit<SubscribingRequest, 'aborter'>;
  #followed: Followed | undefined;
  /** Stops the renewal of its subscription. */
  #unrenew: (() => void) | undefined;
  /** The last token that somebody else has taken over. */
  #taken: string | undefined;
  /** Whether the rows that were fetched last have been live. */
  #held = false;
  /** The connection's number of identities when the rows were asked for. */
  #identity = 0;
  /** Stops what was begun last; undefined once that has been given up. */
  #aborter: AbortController | undefined;
  /** The timer of the next fetch. */
  #next: Timer;
  /** Whether a new connection makes that fetch happen at once. */
  #isHasty = false;
  /** The delays of fetches of a part, which grow while changes do not pause. */
  readonly #pace: Reconnection;
  /**
   * Since when it is live; `Infinity` if it has not been since the last delay.
   */
  #since = Infinity;
  readonly #unlisten: () => void;
  readonly #datasync: DataSync;
  readonly #options: LiveOptions<Row, Item> & { readonly single?: boolean };

  constructor(
    datasync: DataSync,
    url: string | URL,
    options: LiveOptions<Row, Item> & { readonly single?: boolean },
    /** @internal */
    readonly $rows: Rows,
  ) {
    const changed = new datasync.snorky.Signal<[]>();
    super(changed);
    this.changed = changed;
    this.#datasync = datasync;
    this.#options = options;
    this.#request = { ...options, url: String(url) };
    this.#pace = new Reconnection({
      maxDelay: 5000,
      stableAfter: 1000,
      ...options.refetch,
    });
    this.ready = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // A page that does not use the promise learns of a failure by `state`.
    this.ready.catch(() => {});
    const heed = (): void => this.#heedConnection();
    this.#unlisten = datasync.snorky.stateChanged.add(heed);
    this.#load();
  }

  /** Keeps Vue from making a proxy, which could not reach private members. */
  get __v_skip(): boolean {
    return true;
  }

  /** Fetches again, whatever the state. */
  refresh(): void {
    if (this.state === 'closed') return;
    this.#backoff.reset();
    this.#load();
  }

  /**
   * Leaves `live` now, and fetches again after some milliseconds, or earlier if
   * a fetch was due earlier. Until then it applies changes.
   */
  $fetchAfter(delay: number): void {
    if (!this.#followed) return;
    this.#next ??= setTimeout(() => this.#load(), delay);
    this.#on('outdated', this.error);
  }

  /** Ends it: nothing is fetched, and nothing changes any more. */
  close(): void {
    this.#stop();
    this.#unlisten();
    this.#settle.reject(liveError('SNORKY_CLOSED'));
    this.#on('close');
  }

  #load(): void {
    this.#stop();
    const aborter = new AbortController();
    this.#aborter = aborter;
    this.#held = false;
    this.#identity = this.#datasync.$identities;
    this.#on('fetch', this.error);
    // A listener may have closed it, or begun anew.
    if (this.#aborter !== aborter) return;
    void fetchSubscribing({ ...this.#request, aborter }).then((result) => {
      // It was given up or begun anew meanwhile. (A time-out aborts it as
      // well.)
      if (this.#aborter !== aborter) return;
      if ('error' in result) this.#missed(result);
      else this.#fetched(aborter, result);
    });
  }

  #stop(): void {
    this.#aborter?.abort();
    this.#aborter = undefined;
    clearTimeout(this.#next);
    this.#next = undefined;
    this.#isHasty = false;
    this.#unrenew?.();
    const followed = this.#followed;
    this.#followed = undefined;
    followed?.cancel();
  }

  #missed({ error, temporary, missing, retryAfter }: FetchFailure): void {
    if (missing === true) this.$rows.clear?.();
    if (temporary) this.#loadLater(error, retryAfter);
    else this.#fail(error);
  }

  #fetched(
    aborter: AbortController,
    { body, token, part, lasts }: Fetched,
  ): void {
    const { rows, single = false, key = 'id' } = this.#options;
    const isOver = (): boolean => this.#aborter !== aborter;
    try {
      const found = rows ? (rows(body as never) ?? null) : body;
      const { $keyOf } = this.$rows;
      expectRows(this.#request.url, found, single, $keyOf, key);
      this.$rows.reset(found as Row & readonly Row[]);
    } catch (error) {
      if (!isOver()) this.#fail(error);
      return;
    }
    // `transformItem` has closed it, or begun anew.
    if (isOver()) return;
    if (!token || token === this.#taken) {
      const code = token ? 'SNORKY_TOKEN_TAKEN' : 'SNORKY_TOKEN_MISSING';
      this.#fail(liveError(code, bareUrl(this.#request.url)));
      return;
    }
    // A new target: versions of the old rows say nothing about the new ones.
    const target = new DeltaTarget(this.$rows);
    const followed = this.#datasync.follow(token, {
      onDeltas: (deltas) => {
        if (isOver()) return;
        let isSame = true;
        for (const delta of deltas) {
          isSame = this.#apply(target, delta, part) && isSame;
        }
        attempt(() => target.commit());
        // Only the server knows which row takes the place of one that has left
        // a part.
        if (!isSame) this.$fetchAfter(this.#nextDelay());
        if (!isOver()) this.changed.dispatch();
      },
      onState: (state, error, end) => {
        if (isOver()) return;
        if (state === 'live') this.#live();
        else if (state === 'gone') this.#gone(error, end);
        else if (
          state === 'mismatched' &&
          !this.#held &&
          this.#identity === this.#datasync.$identities
        ) {
          this.#on('mismatch');
        }
        // The rows were fetched for another identity, and may be useless to the
        // present one. They were right on an earlier connection, until somebody
        // logged in.
        else if (
          state === 'mismatched' ||
          (state === 'catching-up' && this.state === 'mismatched')
        ) {
          this.#load();
        } else this.#on('lost');
      },
    });
    this.#followed = followed;
    this.#unrenew = renewing(this.#request, followed, lasts, () =>
      this.#load(),
    );
    this.#heedConnection();
    this.changed.dispatch();
  }

  /**
   * Applies deltas. Answers whether the rows are still those that the server
   * would answer.
   */
  #apply(
    target: DeltaTarget,
    delta: Delta<unknown>,
    part: readonly string[] | undefined,
  ): boolean {
    const { model } = this.#options;
    const { snorky } = this.#datasync;
    if (!isDelta(delta) || delta.model !== model) {
      snorky.$complain(`A list of ${model} ignores`, delta);
      // A delta of another model decides nothing about a part, unless any field
      // may decide.
      return part?.length !== 0;
    }
    const isKnown = !part || attempt(() => target.has(delta)) === true;
    if (isKnown && attempt(() => target.apply(delta) ?? NO_KEY) === NO_KEY) {
      snorky.$complain(`A row of ${model} without key was changed`, delta);
    }
    return !part || (isKnown && staysInPlace(delta, part));
  }

  #nextDelay(): number {
    if (this.#next) return 0;
    if (now() - this.#since >= this.#pace.stableAfter) this.#pace.reset();
    this.#since = Infinity;
    return this.#pace.nextDelay();
  }

  #heedConnection(): void {
    const { state } = this.#datasync.snorky;
    if (state === 'connected') {
      // A fetch that failed because there was no network need not wait longer.
      if (this.#isHasty) this.#load();
    } else if (state !== 'connecting' && this.#followed) this.#on('outdated');
  }

  #live(): void {
    this.#held = true;
    this.#backoff.reset();
    // The rows of a part are out of date already, and a fetch is due.
    if (this.#next) return;
    this.#since = now();
    this.#settle.resolve();
    this.#on('caughtUp');
  }

  #gone(error: unknown, end?: FollowEnd): void {
    const type = end?.type;
    if (type === 'taken') this.#taken = this.#followed?.token;
    if (error instanceof RpcError && error.value === TOO_MANY_SUBSCRIPTIONS) {
      this.#fail(error);
    } else if (type === 'refetch') {
      this.$fetchAfter(Math.min(Number(end?.delay) || 0, LONGEST_WAIT));
    } else if (type === 'revoked') {
      // The subscriptions of all pages may have been revoked at the same
      // moment.
      this.$fetchAfter(this.#nextDelay());
    } else if (
      this.#held &&
      this.#datasync.snorky.state === 'connected' &&
      // If the server cannot decide, a fetch by every page would only add to
      // its load.
      !(error instanceof RpcError && error.value !== NO_SUCH_SUBSCRIPTION)
    ) {
      this.#load();
    } else {
      // This token was never valid: the next one may not be valid either.
      this.#loadLater(error);
    }
  }

  /** @param wait Milliseconds that the server asks to wait. */
  #loadLater(error: unknown, wait = 0): void {
    this.#stop();
    this.#isHasty = wait === 0;
    const delay = wait + this.#backoff.nextDelay();
    this.#next = setTimeout(() => this.#load(), delay);
    this.#on('fetch', error);
  }

  #fail(error: unknown): void {
    this.#stop();
    this.#settle.reject(error);
    this.#datasync.snorky.$complain('A live list has failed', error);
    this.#on('fail', error);
  }

  #on(event: LiveEvent, error?: unknown): void {
    const to = NEXT_LIVE_STATE[this.state][event];
    if (!to && (!error || error === this.error)) return;
    this.state = to ?? this.state;
    this.error = error;
    this.changed.dispatch();
  }
}
