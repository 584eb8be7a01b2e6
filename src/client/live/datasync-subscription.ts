import { isJsonObject, type JsonValue } from '../../protocol/json.js';
import { INVALID_PARAMS, NO_SUCH_SUBSCRIPTION } from '../../protocol/errors.js';
import type { ReceivedDelta } from '../../protocol/snorky-types.js';
import { ConnectorError, RpcError } from '../errors.js';
import type {
  FollowEnd,
  FollowHandlers,
  FollowState,
} from './follow-events.js';
import type { RPCService } from '../calls/rpc-service.js';

/** The parts of its connector that a subscription uses. */
export interface FollowService {
  readonly snorky: RPCService['snorky'];
  /** @internal */
  readonly $call: RPCService['$call'];
  /** @internal Subscriptions by each token that they may have. */
  readonly $followed: Map<string, Followed>;
  /** @internal Stops telling a subscription of a token. */
  $forget(token: string, followed: Followed): void;
}

/**
 * A subscription with a token. After a loss of the connection it continues
 * where it was interrupted. If the server does not support that, its state is
 * `gone`.
 */
export class Followed {
  state: FollowState = 'waiting';
  /** If undefined, the server begins where the token was authorized. */
  #position: JsonValue | undefined;
  #resumable = true;
  #attempt = 0;
  /**
   * Whether anything has arrived since the server was asked: the call then gets
   * its whole time again.
   */
  #hasMoved = false;
  /**
   * The next token, under which the subscription may continue already, while
   * `renew` waits for the answer.
   */
  #next: string | undefined;
  #renewed: ((isRenewed: boolean) => void) | undefined;
  readonly #handlers: FollowHandlers;
  readonly #service: FollowService;

  /** @internal */
  constructor(
    /** The token by which the server knows it; `renew()` replaces it. */
    readonly token: string,
    handlers: FollowHandlers,
    service: FollowService,
  ) {
    this.#handlers = handlers;
    this.#service = service;
  }

  /** Whether its deltas come without a token, as from old servers. */
  get $anonymous(): boolean {
    return (
      !this.#resumable && this.state !== 'gone' && this.state !== 'waiting'
    );
  }

  /**
   * Ends the subscription. Messages that are still on their way are ignored.
   */
  cancel(): void {
    if (this.state === 'gone') return;
    if (this.state !== 'waiting') this.#release();
    this.#end();
  }

  /**
   * Continues under a new token for the same rows: nothing is missed, and
   * nothing comes twice. For a subscription that is about to expire.
   *
   * @returns Whether it has succeeded. If not, the subscription keeps its old
   *   token, or is gone.
   */
  renew(token: string): Promise<boolean> {
    this.#settle(false);
    return new Promise((resolve) => {
      this.#renewed = resolve;
      // A token that was used before came from a cache, and another object has
      // it.
      const { $followed } = this.#service;
      if (this.state !== 'live' || $followed.has(token)) this.#settle(false);
      else this.#ask((this.#next = token), this.token);
    });
  }

  /** @internal There is a connection, or its identity has changed. */
  $acquire(): void {
    // Listeners may have cancelled the subscription, or do so during this.
    if (this.state === 'gone') return;
    const attempt = ++this.#attempt;
    this.#change('catching-up');
    if (attempt === this.#attempt) this.#ask(this.token);
  }

  /** @internal The connection has gone. */
  $lost(error: unknown): void {
    if (this.state === 'gone' || this.state === 'waiting') return;
    this.#attempt++;
    if (this.#resumable) this.#change('waiting');
    else this.#end(error);
  }

  /** @internal */
  $deltas(deltas: readonly ReceivedDelta[], position?: JsonValue): void {
    if (this.state === 'gone') return;
    this.#hasMoved = true;
    try {
      this.#handlers.onDeltas(deltas);
    } catch (error) {
      // Without this batch, the next ones would be applied to wrong rows.
      this.#release();
      this.#end(error);
      return;
    }
    // Set only after the deltas were applied: the position says that everything
    // up to it is here.
    if (position !== undefined) this.#position = position;
  }

  /** @internal */
  $moved(position: JsonValue): void {
    this.#position = position;
  }

  /**
   * @internal The server has ended the subscription, or another object has its
   * token.
   */
  $ended(end: FollowEnd): void {
    if (this.state !== 'gone') this.#end(undefined, end);
  }

  /** @internal The server sends this before it refuses the token. */
  $mismatched(token: string): void {
    // If it is about the new token of a renewal, the subscription stays as it
    // is.
    if (this.state === 'gone' || token !== this.token) return;
    this.#attempt++;
    this.#change('mismatched');
  }

  #ask(token: string, replaces?: string): void {
    const { $features } = this.#service.snorky;
    if (replaces && !$features.granted('replaces')) {
      this.#keepOld();
      return;
    }
    this.#service.$followed.set(token, this);
    const attempt = ++this.#attempt;
    const current = (): boolean => attempt === this.#attempt;
    const resume = this.#resumable || undefined;
    this.#service.$call(
      'acquireSubscription',
      { token, resume, since: this.#position, replaces },
      {},
      {
        resolve: (result) => current() && this.#acquired(token, result),
        reject: (error) => current() && this.#refused(error, replaces),
        $isBusy: () => {
          // Whether anything has arrived since the last look.
          const hasMoved = this.#hasMoved;
          this.#hasMoved = false;
          return hasMoved;
        },
        $isOnce: true,
      },
    );
  }

  #acquired(token: string, result: JsonValue): void {
    if (isJsonObject(result)) {
      if (result['recovered'] !== true) {
        this.#end();
        return;
      }
      if (result['position'] !== undefined) this.#position = result['position'];
    }
    if (token !== this.token) {
      this.#next = this.token;
      (this as { token: string }).token = token;
      this.#settle(true);
    }
    this.#change('live');
    // The connection was lost, and the renewal has not happened.
    if (this.#next) this.#ask(this.#next, token);
  }

  #refused(error: unknown, replaces: string | undefined): void {
    const isOurs = error instanceof ConnectorError;
    // `lost` handles losses of the connection.
    if (isOurs && error.code !== 'SNORKY_TIMEOUT') return;
    const reason = error instanceof RpcError && error.value;
    const isUnknown = reason === NO_SUCH_SUBSCRIPTION;
    const isForeign = reason === INVALID_PARAMS;
    if (replaces) {
      if (isUnknown || isForeign) {
        this.#keepOld(error);
        return;
      }
    } else if (isUnknown && this.#next) {
      // The connection was lost, and the renewal may have happened.
      this.#ask(this.#next, this.token);
      return;
    } else if (isForeign && this.#resumable && this.#position === undefined) {
      this.#resumable = false;
      this.$acquire();
      return;
    }
    // The server may still have one of the tokens as live.
    if (isOurs || replaces) this.#release();
    this.#end(error);
  }

  /** The subscription cannot continue under the new token. */
  #keepOld(error?: unknown): void {
    if (this.state === 'live') this.#settle(false);
    else this.#end(error);
  }

  /** Ends a renewal: one of the two tokens is no longer the subscription's. */
  #settle(isRenewed: boolean): void {
    if (this.#next) this.#service.$forget(this.#next, this);
    this.#next = undefined;
    this.#renewed?.(isRenewed);
    this.#renewed = undefined;
  }

  /**
   * Tells the server to drop the token. If the message is lost, the token
   * expires by itself.
   */
  #release(): void {
    const settle = { resolve() {}, reject() {} };
    for (const token of [this.token, this.#next]) {
      if (token) {
        this.#service.$call('cancelSubscription', { token }, {}, settle);
      }
    }
  }

  #end(error?: unknown, end?: FollowEnd): void {
    this.#attempt++;
    this.#service.$forget(this.token, this);
    this.#change('gone', error, end);
    this.#settle(false);
  }

  #change(state: FollowState, error?: unknown, end?: FollowEnd): void {
    if (this.state === state) return;
    this.state = state;
    this.#handlers.onState(state, error, end);
  }
}
