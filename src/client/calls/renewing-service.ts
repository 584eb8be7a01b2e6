import { jsonOf } from '../../protocol/envelope.js';
import { canonicalKey, type JsonObject } from '../../protocol/json.js';
import type { RpcNotification } from '../../protocol/rpc.js';
import type { CallOptions } from './call-options.js';
import type { AnyFunction } from './call-site.js';
import { RpcError } from '../errors.js';
import { RPCService } from './rpc-service.js';

interface Entry<Params, Kept> {
  /** The command that enters, now and on each new connection. */
  readonly command: string;
  readonly params: Params;
  readonly kept: Kept;
  /** The id of the call that has entered. */
  readonly since: number;
  /** Whether the page has left. The server may not know it yet. */
  isLeft: boolean;
}

/**
 * The connector of a service that clients enter for as long as their connection
 * lasts, such as a channel. It enters again on each new connection, until the
 * page leaves or the server refuses. The commands for entering and leaving take
 * the same params.
 */
export abstract class RenewingService<
  Params extends object,
  Result,
  Kept = Result,
> extends RPCService {
  /** @internal What is entered, by the canonical key of the params. */
  declare $entries: Map<string, Entry<Params, Kept>>;

  /**
   * @internal Makes what is kept of an entry, and is returned to who enters.
   */
  $entered(_params: Params, result: Result): Kept {
    return result as unknown as Kept;
  }

  /**
   * @internal Whether an error means that the client is inside all the same.
   */
  $isIn(_params: Params, _error: unknown): boolean {
    return false;
  }

  /**
   * @internal On a new connection, the server has let the client enter again.
   */
  abstract $renewed(params: Params, result: Result, kept: Kept): void;

  /** @internal On a new connection, the server has refused to let it enter. */
  abstract $ended(params: Params, error: unknown, kept: Kept): void;

  /** @internal The page leaves. May be called twice. */
  $left(_kept: Kept): void {}

  /**
   * @internal Takes a notification. Answers whether the service may send it.
   */
  abstract $heard(notification: RpcNotification): boolean;

  /** @internal Finds what is kept, by params that are JSON already. */
  $find(params: Params): Kept | undefined {
    return this.$entryOf(params)?.kept;
  }

  /** @internal */
  $entryOf(params: Params): Entry<Params, Kept> | undefined {
    return this.$entries.get(keyOf(params));
  }

  /**
   * @internal Enters. If the connection is lost before the answer, it tries
   * again.
   */
  $enter(command: string, given: object, options?: CallOptions): Promise<Kept> {
    const since = this.$nextCallId;
    return new this.snorky.Promise((resolve, reject) => {
      // Copied: the params are sent again, and their key identifies them, so
      // the application must not be able to change them.
      const params = jsonOf(given) as unknown as Params;
      const entered = (result: unknown): void => {
        const kept = this.$entered(params, result as Result);
        const entry = { command, params, kept, since, isLeft: false };
        this.$entries.set(keyOf(params), entry);
        resolve(kept);
      };
      const refused = (error: unknown): void => {
        if (this.$isIn(params, error)) entered(null);
        else reject(error);
      };
      const settle = { resolve: entered, reject: refused };
      const repeating = { repeat: true, ...options };
      this.$call(command, params, repeating, settle, this.$methodOf(command));
    });
  }

  /** @internal Leaves. Without a connection nothing need be sent. */
  $leave(
    command: string,
    params: object,
    options: CallOptions = {},
  ): Promise<null> {
    const key = keyOf(jsonOf(params) as JsonObject);
    const isKnown = this.$drop(key);
    const question = this.$nextCallId;
    return new this.snorky.Promise((resolve, reject) => {
      const hasEndedByItself = (): boolean =>
        isKnown && this.snorky.state !== 'connected';
      const end = (error?: unknown): void => {
        // An answer to entering may have come after this call was made: that
        // entry has ended too. An entry that was made later stays.
        if ((this.$entries.get(key)?.since ?? question) < question) {
          this.$drop(key);
          this.$entries.delete(key);
        }
        if (error && !hasEndedByItself()) reject(error);
        else resolve(null);
      };
      const settle = { resolve: () => end(), reject: end };
      if (hasEndedByItself()) end();
      else {
        this.$call(command, params, options, settle, this.$methodOf(command));
      }
    });
  }

  /** @internal Makes the signals with these names. */
  $signals(...names: readonly (keyof this)[]): void {
    for (const name of names) {
      Object.assign(this, { [name]: new this.snorky.Signal() });
    }
  }

  /** @internal */
  override $setUp(): void {
    super.$setUp();
    this.$entries = new Map();
    this.notificationReceived.add((notification) => {
      if (!this.$heard(notification)) {
        this.$strange('an unknown notification', notification);
      }
    });
  }

  /**
   * @internal Enters everything again: the server of a new connection knows
   * nothing.
   */
  override $connected(): void {
    for (const [key, entry] of this.$entries) {
      const { command, params, kept } = entry;
      const resolve = (result: unknown): void => {
        if (!entry.isLeft) this.$renewed(params, result as Result, kept);
      };
      const reject = (error: unknown): void => {
        // After any other error, the next connection is another chance.
        if (entry.isLeft || !(error instanceof RpcError)) return;
        this.$entries.delete(key);
        this.$ended(params, error, kept);
      };
      // Not sent a second time if a broken socket did not take it.
      const settle = { resolve, reject, $isOnce: true };
      this.$call(command, params, { timeout: 0 }, settle);
    }
  }

  /** The method that enters or leaves. It has the same name as its command. */
  private $methodOf(command: string): AnyFunction {
    return this[command as keyof this] as AnyFunction;
  }

  /** Marks an entry as left. Answers whether there was one. */
  private $drop(key: string): boolean {
    const entry = this.$entries.get(key);
    if (!entry) return false;
    entry.isLeft = true;
    this.$left(entry.kept);
    return true;
  }
}

function keyOf(params: object): string {
  return canonicalKey(params as JsonObject);
}
