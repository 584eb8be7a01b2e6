import { isJsonObject, type JsonValue } from '../protocol/json.js';
import { INVALID_PARAMS } from '../protocol/errors.js';
import type { ReceivedDelta } from '../protocol/snorky-types.js';
import { ConnectorError, RpcError } from './errors.js';
import type { RPCService } from './rpc-service.js';

/** Where a subscription stands. */
export type FollowState =
  /** The server is sending what was missed, or was not asked yet. */
  | 'catching-up'
  /** All that was missed has arrived; what happens arrives as it happens. */
  | 'live'
  /** There is no connection; it will go on with the next one. */
  | 'waiting'
  /** The token means nothing any more. Rows have to be fetched again. */
  | 'gone';

/** Whom a subscription tells what happens. */
export interface FollowHandlers {
  /** Changes, in order: all of one batch. Apply them before anything else. */
  onDeltas(deltas: readonly ReceivedDelta[]): void;
  /** `error` is why it is gone, where there is one. */
  onState(state: FollowState, error?: unknown): void;
}

/**
 * A subscription with a token, which goes on after a loss of the connection
 * where it was interrupted. On a server that does not know how, it is gone then.
 */
export class Followed {
  state: FollowState = 'waiting';
  /** Without it, the server begins where the token was authorized. */
  #position: JsonValue | undefined;
  #resumable = true;
  #attempt = 0;
  /** The server is at work: it has its time anew. */
  #hasMoved = false;
  readonly #handlers: FollowHandlers;
  readonly #service: RPCService;
  readonly #forget: (subscription: Followed) => void;

  /** @internal */
  constructor(
    readonly token: string,
    handlers: FollowHandlers,
    service: RPCService,
    /** It hears of nothing any more. */
    forget: (subscription: Followed) => void,
  ) {
    this.#handlers = handlers;
    this.#service = service;
    this.#forget = forget;
  }

  /** Whether its deltas come without a name, as they did from old servers. */
  get anonymous(): boolean {
    return (
      !this.#resumable && this.state !== 'gone' && this.state !== 'waiting'
    );
  }

  /** Ends it. What is still on its way is ignored. */
  cancel(): void {
    if (this.state === 'gone') return;
    if (this.state !== 'waiting') this.#release();
    this.#end();
  }

  /** @internal Another object follows the token from now on. */
  replaced(): void {
    if (this.state !== 'gone') this.#end();
  }

  /** @internal There is a connection. */
  acquire(): void {
    // Listeners may have cancelled it, or do so now.
    if (this.state === 'gone') return;
    const attempt = ++this.#attempt;
    const current = (): boolean => attempt === this.#attempt;
    this.#change('catching-up');
    if (!current()) return;
    const position = this.#position;
    const extension = this.#resumable
      ? { resume: true, ...(position === undefined ? {} : { since: position }) }
      : {};
    this.#service.$call(
      'acquireSubscription',
      { token: this.token, ...extension },
      {},
      {
        resolve: (result) => current() && this.#acquired(result),
        reject: (error) => current() && this.#refused(error),
        isBusy: () => this.#isMoving(),
        isOnce: true,
      },
    );
  }

  /** @internal The connection has gone. */
  lost(error: unknown): void {
    if (this.state === 'gone' || this.state === 'waiting') return;
    this.#attempt++;
    if (this.#resumable) this.#change('waiting');
    else this.#end(error);
  }

  /** @internal */
  deltas(deltas: readonly ReceivedDelta[], position?: JsonValue): void {
    if (this.state === 'gone') return;
    this.#hasMoved = true;
    try {
      this.#handlers.onDeltas(deltas);
    } catch (error) {
      // Without this batch, the next ones would be applied to other rows.
      this.#release();
      this.#end(error);
      return;
    }
    // Not before they were applied: it stands for having everything up to it.
    if (position !== undefined) this.#position = position;
  }

  /** @internal */
  moved(position: JsonValue): void {
    this.#position = position;
  }

  /** Whether anything has come since this was asked last. */
  #isMoving(): boolean {
    const hasMoved = this.#hasMoved;
    this.#hasMoved = false;
    return hasMoved;
  }

  #acquired(result: JsonValue): void {
    if (isJsonObject(result)) {
      if (result['recovered'] !== true) {
        this.#end();
        return;
      }
      if (result['position'] !== undefined) this.#position = result['position'];
    }
    this.#change('live');
  }

  #refused(error: unknown): void {
    // Losses are told by `lost`.
    if (error instanceof ConnectorError && error.code !== 'SNORKY_TIMEOUT') {
      return;
    }
    const unknown = error instanceof RpcError && error.value === INVALID_PARAMS;
    if (unknown && this.#resumable && this.#position === undefined) {
      this.#resumable = false;
      this.acquire();
      return;
    }
    if (error instanceof ConnectorError) this.#release();
    this.#end(error);
  }

  /** If the server does not hear of it, the token runs out by itself. */
  #release(): void {
    const { token } = this;
    const ignore = (): void => {};
    this.#service.$call(
      'cancelSubscription',
      { token },
      {},
      { resolve: ignore, reject: ignore },
    );
  }

  #end(error?: unknown): void {
    this.#attempt++;
    this.#forget(this);
    this.#change('gone', error);
  }

  #change(state: FollowState, error?: unknown): void {
    this.state = state;
    this.#handlers.onState(state, error);
  }
}
