import { isJsonObject, type JsonValue } from '../../protocol/json.js';
import type { RpcNotification } from '../../protocol/rpc.js';
import type { CallOptions } from './call-options.js';
import { callSite, located, type AnyFunction } from './call-site.js';
import { RpcError, type ConnectorError } from '../errors.js';
import { PendingCalls, type Settle } from './pending-calls.js';
import { Service } from '../service.js';
import type { Signal } from '../signal.js';

/** With so many unanswered calls, a silent server may just be busy. */
const MANY_CALLS = 16;

/** The params of a command, by their names. */
export type Params = object;

/**
 * The connector of a service with commands.
 *
 * @example
 * class Calculator extends RPCService {}
 * Calculator.addRPCMethods(['sum']);
 *
 * const snorky = new Snorky(WebSocket, url, { calculator: Calculator });
 * await snorky.services.calculator.rpcCall('sum', { number1: 2, number2: 3 });
 */
export class RPCService extends Service {
  /** Dispatched with every message that does not answer a call. */
  declare readonly notificationReceived: Signal<[RpcNotification]>;
  declare private $calls: PendingCalls;
  /** @internal */
  declare $nextCallId: number;
  /**
   * Whether the server is known to have the service: servers do not answer for
   * others.
   */
  /** @internal */
  declare $isHeard: boolean;

  /**
   * Adds a method for each command. The method takes the params as one object,
   * and options, and returns what `rpcCall` does.
   *
   * @throws Error when the class already has a member of that name.
   */
  static addRPCMethods(commands: readonly string[]): void {
    const methods = this.prototype as unknown as Record<string, unknown>;
    for (const command of commands) {
      if (command in methods) {
        throw new Error(
          `"${command}" is a member already: call it with ` +
            `rpcCall('${command}', params).`,
        );
      }
      methods[command] = function method(
        this: RPCService,
        params?: Params,
        options?: CallOptions,
      ): Promise<unknown> {
        return this.rpcCall(command, params, options, method);
      };
    }
  }

  /**
   * Runs a command of the service.
   *
   * The promise is rejected with an `RpcError` when the service answers with an
   * error, with a `ConnectorError` when there is no answer, with the reason of
   * `options.signal` when that aborts, and with a TypeError when JSON cannot
   * express the params. The stack of an `RpcError` or `ConnectorError` begins
   * at the line of the call; its `service` and `command` say what was called.
   *
   * @param above For methods that call on behalf of their caller: the function
   *   whose caller is put on the stack.
   *
   * @example
   * const rows = await search.rpcCall('find', { words }, { timeout: 5000 });
   */
  rpcCall<Result = unknown>(
    command: string,
    params: Params = {},
    options: CallOptions = {},
    above: AnyFunction = this.rpcCall,
  ): Promise<Result> {
    return new this.snorky.Promise<Result>((resolve, reject) => {
      const settle = { resolve: resolve as Settle['resolve'], reject };
      this.$call(command, params, options, settle, above);
    });
  }

  /**
   * `rpcCall` without a promise, for answers that must be handled in their
   * order among other messages. (`ws` emits several messages in a row, and
   * promises settle after all of them.)
   *
   * @throws TypeError when JSON cannot express the params.
   * @internal
   */
  $call(
    command: string,
    params: Params,
    options: CallOptions,
    settle: Settle,
    above: AnyFunction = this.$call,
  ): void {
    const callId = this.$nextCallId;
    const text = this.$encode({ command, params, callId });
    this.$nextCallId++;
    const site = callSite(this.name, command, above);
    this.$calls.start(callId, text, site, options, settle);
  }

  /** @internal */
  override $setUp(): void {
    super.$setUp();
    this.$calls = new PendingCalls(this.snorky);
    this.$nextCallId = 0;
    this.$isHeard = false;
    (this as { notificationReceived: unknown }).notificationReceived =
      new this.snorky.Signal<[RpcNotification]>();
  }

  /** @internal */
  override $receive(message: JsonValue): void {
    super.$receive(message);
    this.$isHeard = true;
    if (!isJsonObject(message) || typeof message['type'] !== 'string') {
      this.$strange('a message without a type', message);
      return;
    }
    const { type, callId } = message;
    if (type !== 'response' && type !== 'error') {
      this.notificationReceived.dispatch(message as RpcNotification);
      return;
    }
    const call = this.$calls.take(callId);
    if (!call) {
      // The answer to a call that was given up is late, and no mistake.
      const isLate = typeof callId === 'number' && callId < this.$nextCallId;
      if (!isLate) {
        this.$strange('an answer to no call', message);
      }
    } else if (type === 'response') {
      call.resolve(message['data'] ?? null);
    } else {
      const error = new RpcError(message['message'] ?? null);
      call.reject(located(error, call.site));
    }
  }

  /** @internal */
  override $lost(error: ConnectorError, final: boolean): void {
    this.$calls.lost(error, final);
  }

  /**
   * @internal Any answer is a sign of life; that to an unknown command costs
   * least.
   */
  override $ask(): boolean {
    if (!this.$isHeard) return false;
    this.rpcCall('').then(ignore, ignore);
    return true;
  }

  /**
   * Whether the server may have to answer calls before it reads on.
   *
   * @internal
   */
  override $isBusy(): boolean {
    return this.$calls.size > MANY_CALLS;
  }

  /** @internal Reports a message that the server should not have sent. */
  $strange(what: string, message: unknown): void {
    this.snorky.$complain(`${this.name}: ${what}`, message);
  }
}

function ignore(): void {}
