import {
  NO_SUCH_SUBSCRIPTION,
  TOO_MANY_SUBSCRIPTIONS,
} from '../../protocol/errors.js';
import { applyDeltas } from './apply-deltas.js';
import { bareUrl, LONGEST_WAIT } from './answer.js';
import { DeltaTarget } from '../collections/delta-target.js';
import type { DataSync } from './datasync.js';
import type { Followed } from './datasync-subscription.js';
import { FetchTiming } from './fetch-timing.js';
import type { FollowEnd } from './follow-events.js';
import { liveError, RpcError } from '../errors.js';
import { takeRows, type FedRows } from './fetched-rows.js';
import type { LiveOptions } from './live-options.js';
import {
  type LiveEvent,
  type LiveState,
  NEXT_LIVE_STATE,
} from './live-state.js';
import { renewing } from './renewal.js';
import type { Signal } from '../signal.js';
import { SnapshotSource } from '../snapshots.js';
import {
  fetchSubscribing,
  type Fetched,
  type FetchFailure,
  type SubscribingRequest,
} from './subscribing-fetch.js';

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
  readonly #timing: FetchTiming;
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
  /** For which of these a mismatch has led to one more fetch. */
  #retried = 0;
  /** Stops what was begun last; undefined once that has been given up. */
  #aborter: AbortController | undefined;
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
    this.#timing = new FetchTiming(() => this.#load(), options.refetch);
    this.ready = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // A page that does not use the promise learns of a failure by `state`.
    this.ready.catch(() => {});
    const heed = (): void => this.#heedConnection();
    this.#unlisten = datasync.snorky.stateChanged.add(heed);
    this.#load();
  }

  /** Fetches again, whatever the state. */
  refresh(): void {
    if (this.state === 'closed') return;
    this.#timing.$backoff.reset();
    this.#load();
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
    this.#timing.$stop();
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
    const { model } = this.#options;
    const { snorky } = this.#datasync;
    const isOver = (): boolean => this.#aborter !== aborter;
    try {
      takeRows(this.$rows, body, this.#request.url, this.#options);
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
        const isSame = applyDeltas(target, deltas, model, part, snorky);
        if (!isSame) this.#fetchAfter();
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
          // The connection's identity has changed, and the page may have been
          // given what proves it a little later: with the answer of the command
          // that logged it in.
          if (this.#identity > this.#retried) {
            this.#retried = this.#identity;
            this.#fetchAfter();
          }
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

  #heedConnection(): void {
    const { state } = this.#datasync.snorky;
    if (state === 'connected') {
      // A fetch that failed because there was no network need not wait longer.
      if (this.#timing.$isHasty) this.#load();
    } else if (state !== 'connecting' && this.#followed) this.#on('outdated');
  }

  #live(): void {
    this.#held = true;
    // The rows of a part may be out of date already, and a fetch be due.
    if (!this.#timing.$live()) return;
    this.#settle.resolve();
    this.#on('caughtUp');
  }

  #gone(error: unknown, end?: FollowEnd): void {
    const type = end?.type;
    if (type === 'taken') this.#taken = this.#followed?.token;
    if (error instanceof RpcError && error.value === TOO_MANY_SUBSCRIPTIONS) {
      this.#fail(error);
    } else if (type === 'refetch') {
      this.#fetchAfter(Math.min(Number(end?.delay) || 0, LONGEST_WAIT));
    } else if (type === 'revoked') {
      // The subscriptions of all pages may have been revoked at the same
      // moment.
      this.#fetchAfter();
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

  /**
   * Leaves `live` now, and fetches again after some milliseconds, or earlier if
   * a fetch was due earlier. Until then it applies changes.
   */
  #fetchAfter(delay?: number): void {
    if (!this.#followed) return;
    this.#timing.$afterChange(delay);
    this.#on('outdated', this.error);
  }

  /** @param wait Milliseconds that the server asks to wait. */
  #loadLater(error: unknown, wait = 0): void {
    this.#stop();
    this.#timing.$afterFailure(wait);
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
