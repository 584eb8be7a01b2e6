import { jsonOf } from '../../protocol/envelope.js';
import { canonicalKey, type JsonObject } from '../../protocol/json.js';
import type { RpcNotification } from '../../protocol/rpc.js';
import type { CallOptions } from './call-options.js';
import type { AnyFunction } from './call-site.js';
import { RpcError } from '../errors.js';
import { RPCService } from './rpc-service.js';

interface Entry<Params, Kept> {
  /** What has entered, and enters again. */
  readonly command: string;
  readonly params: Params;
  readonly kept: Kept;
  /** The id of the call with which it has entered. */
  readonly since: number;
  /** The server may not know it yet. */
  isLeft: boolean;
}

/**
 * The connector of a service that lets clients enter something for as long as
 * their connection lasts, such as a channel: it is entered again on each new
 * connection, until it is left or refused. Entering and leaving take the same
 * parameters.
 */
export abstract class RenewingService<
  Params extends object,
  Result,
  Kept = Result,
> extends RPCService {
  /** @internal By the canonical key of the parameters. */
  declare $entries: Map<string, Entry<Params, Kept>>;

  /** @internal What is kept, and what whoever enters gets. */
  $entered(_params: Params, result: Result): Kept {
    return result as unknown as Kept;
  }

  /** @internal Whether an error says that it is entered all the same. */
  $isIn(_params: Params, _error: unknown): boolean {
    return false;
  }

  /** @internal There is a new connection, and the server has let it enter. */
  abstract $renewed(params: Params, result: Result, kept: Kept): void;

  /** @internal There is a new connection, and the server did not let it. */
  abstract $ended(params: Params, error: unknown, kept: Kept): void;

  /** @internal It is being left. May be told twice. */
  $left(_kept: Kept): void {}

  /** @internal Answers whether the service may tell this. */
  abstract $heard(notification: RpcNotification): boolean;

  /** @internal By parameters that are JSON already. */
  $find(params: Params): Kept | undefined {
    return this.$entryOf(params)?.kept;
  }

  /** @internal */
  $entryOf(params: Params): Entry<Params, Kept> | undefined {
    return this.$entries.get(keyOf(params));
  }

  /** @internal If the connection is lost before the answer, it is repeated. */
  $enter(command: string, given: object, options?: CallOptions): Promise<Kept> {
    const since = this.$nextCallId;
    return new this.snorky.Promise((resolve, reject) => {
      // It is sent again and known by its key, so the application must not be able
      // to change it.
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

  /** @internal Without a connection there is nothing to be sent. */
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
        // An answer to entering may have come after the question: that has ended, too.
        // What has entered later stays.
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

  /** @internal Makes the signals of these names. */
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

  /** @internal Nothing is entered yet. */
  override $connected(): void {
    for (const [key, entry] of this.$entries) {
      const { command, params, kept } = entry;
      const resolve = (result: unknown): void => {
        if (!entry.isLeft) this.$renewed(params, result as Result, kept);
      };
      const reject = (error: unknown): void => {
        // Anything else: the next connection is another chance.
        if (entry.isLeft || !(error instanceof RpcError)) return;
        this.$entries.delete(key);
        this.$ended(params, error, kept);
      };
      // What a broken socket has not taken must not be sent a second time.
      const settle = { resolve, reject, $isOnce: true };
      this.$call(command, params, { timeout: 0 }, settle);
    }
  }

  /** Entering and leaving are methods that are called like their commands. */
  private $methodOf(command: string): AnyFunction {
    return this[command as keyof this] as AnyFunction;
  }

  /** Answers whether there was something to be left. */
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
