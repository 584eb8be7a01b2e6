import { canonicalKey, type JsonValue } from '../protocol/json.js';
import type { CallOptions } from './call-options.js';
import { ConnectorError } from './errors.js';
import type { Params, RPCService } from './rpc-service.js';

/** The commands of {@link Renewals}, and whom they tell. */
export interface RenewalHandlers<Result, Kept> {
  /** Enters, and enters again. */
  readonly enter: string;
  readonly leave: string;
  /** The parameters of both. */
  params(value: JsonValue): Params;
  /** What is kept of the answer: whoever enters gets it. */
  entered(value: JsonValue, result: Result): Kept;
  /** There is a new connection, and the server has let it enter. */
  renewed(value: JsonValue, result: Result, kept: Kept): void;
  /** There is a new connection, and the server did not let it enter. */
  ended(value: JsonValue, error: unknown, kept: Kept): void;
  /** It is being left. May be told twice. */
  left?(kept: Kept): void;
}

interface Entry<Kept> {
  readonly value: JsonValue;
  readonly kept: Kept;
  /** The server may not know it yet. */
  isLeft: boolean;
}

/**
 * What a service keeps for one connection only, such as memberships: it is asked
 * for again on each new connection, until it is left or refused.
 */
export class Renewals<Result, Kept = Result> {
  /** By canonical key. */
  readonly entries = new Map<string, Entry<Kept>>();
  /** Aborted when the next one begins; whoever hears of its end may be faster. */
  connection = new AbortController();

  constructor(
    private readonly service: RPCService,
    private readonly handlers: RenewalHandlers<Result, Kept>,
  ) {}

  get(value: JsonValue): Kept | undefined {
    return this.entries.get(canonicalKey(value))?.kept;
  }

  /** If the connection is lost before the answer, it is sent again. */
  enter(value: JsonValue, options?: CallOptions): Promise<Kept> {
    const { enter, params, entered } = this.handlers;
    return this.service
      .rpcCall<Result>(enter, params(value), { repeat: true, ...options })
      .then((result) => {
        const kept = entered(value, result);
        this.entries.set(canonicalKey(value), { value, kept, isLeft: false });
        return kept;
      });
  }

  /** Without a connection there is nothing to be sent. */
  leave(value: JsonValue, options?: CallOptions): Promise<null> {
    const { snorky } = this.service;
    const key = canonicalKey(value);
    const isKnown = this.drop(key);
    if (isKnown && snorky.state !== 'connected') {
      this.entries.delete(key);
      return new snorky.Promise((resolve) => resolve(null));
    }
    const { leave, params } = this.handlers;
    return this.service.rpcCall<null>(leave, params(value), options).then(
      (result) => {
        // The answer to entering may have come after the question.
        this.drop(key);
        this.entries.delete(key);
        return result;
      },
      (error: unknown) => {
        if (isKnown) this.entries.delete(key);
        // It has ended together with the connection.
        if (isKnown && isLoss(error)) return null;
        throw error;
      },
    );
  }

  /** There is a connection, which has entered nothing yet. */
  renew(): void {
    const { enter, params, renewed, ended } = this.handlers;
    // What a broken socket has not taken must not be sent a second time.
    this.connection.abort();
    const { signal } = (this.connection = new AbortController());
    for (const [key, entry] of this.entries) {
      const { value, kept } = entry;
      const isOver = (): boolean => signal.aborted || entry.isLeft;
      this.service
        .rpcCall<Result>(enter, params(value), { timeout: 0, signal })
        .then(
          (result) => {
            if (!isOver()) renewed(value, result, kept);
          },
          (error: unknown) => {
            // The next connection is another chance.
            if (isOver() || error instanceof ConnectorError) return;
            this.entries.delete(key);
            ended(value, error, kept);
          },
        );
    }
  }

  /** Answers whether there was something to be left. */
  private drop(key: string): boolean {
    const entry = this.entries.get(key);
    if (entry === undefined) return false;
    entry.isLeft = true;
    this.handlers.left?.(entry.kept);
    return true;
  }
}

/** Whether a call had no answer because there is no connection any more. */
function isLoss(error: unknown): boolean {
  return error instanceof ConnectorError && error.code !== 'SNORKY_TIMEOUT';
}
