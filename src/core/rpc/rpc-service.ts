import { WireError } from '../../protocol/errors.js';
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../../protocol/json.js';
import { isCall, type IncomingCall } from '../../protocol/rpc.js';
import type { Client } from '../clients/client.js';
import { excerpt } from '../log/log-line.js';
import { isInstance } from '../is-instance.js';
import { brokerAnswer } from './broker-answer.js';
import { mapRpcError, type Command, type ErrorMapping } from './command.js';
import { InvalidParams } from './rpc-error.js';
import { run, runStaged, type CommandOwner } from './run-command.js';
import type { CommandReport } from '../observation/observers.js';
import type { Redaction } from '../log/redaction.js';
import { RpcRequest, type RequestOwner } from './rpc-request.js';
import { Service } from '../service.js';

interface CommandTable {
  readonly commands: Map<string, Command>;
  mapError: ErrorMapping;
}

/** See `Service` for why this is a symbol. */
const state: unique symbol = Symbol('snorky:rpc-service');

/**
 * A service made of commands. Under Nest, `@SnorkyService` on a plain class is
 * enough. Derive from `RpcService` where the class itself sends notifications.
 *
 * @example
 * @SnorkyService('clock')
 * class Clock extends RpcService {
 *   @Interval(1000)
 *   tick() { this.notify(this.registry.clients(), { type: 'tick' }); }
 * }
 */
export abstract class RpcService
  extends Service
  implements RequestOwner, CommandOwner
{
  private readonly [state]: CommandTable = {
    commands: new Map(),
    mapError: mapRpcError,
  };

  override get $resolvesCalls(): boolean {
    return true;
  }

  /**
   * Makes commands callable. Called at start-up.
   *
   * @throws Error when the service has a command of that name already.
   */
  installCommands(
    commands: ReadonlyMap<string, Command>,
    mapError: ErrorMapping = mapRpcError,
  ): void {
    for (const [name, command] of commands) {
      if (this[state].commands.has(name)) {
        throw new Error(`Command "${name}" is declared twice.`);
      }
      this[state].commands.set(name, command);
    }
    this[state].mapError = mapError;
  }

  /** The names of this service's commands. */
  commandNames(): string[] {
    return [...this[state].commands.keys()];
  }

  /**
   * Starts the command that a message calls. An override must pass `size` on.
   * The size counts towards what a connection may have unanswered, and
   * computing it again would walk the whole message.
   */
  processMessageFrom(
    client: Client,
    message: JsonValue,
    size: number = JSON.stringify(message ?? null).length,
  ): void {
    if (!isCall(message) && !isAnswered(client, message)) {
      this.registry.discard(client, 'notACall', message, size);
      return;
    }
    const { command: name, params, callId } = message;
    const request = new RpcRequest(
      this,
      client,
      name as string,
      isJsonObject(params) ? params : {},
      callId,
      size,
    );
    if (this.registry.observers.hearsCommands) request.$observe();
    const command =
      typeof name === 'string' ? this[state].commands.get(name) : undefined;
    if (command === undefined) {
      request.error(WireError.unknownCommand);
    } else if (!isJsonObject(params)) {
      request.error(WireError.invalidParams);
    } else if (command.staged) {
      runStaged(this, request, command);
    } else {
      run(this, request, command);
    }
  }

  /** @internal */
  $settle(request: RpcRequest, command: Command, result: unknown): void {
    const nothing = result === undefined || result === null;
    if (nothing && (command.async || request.resolved)) return;
    request.reply(result);
  }

  /** @internal */
  $reject(request: RpcRequest, error: unknown): void {
    let answer: JsonValue | undefined;
    try {
      if (isInstance(error, InvalidParams)) {
        this.registry.log.debug(
          `invalid:${this.name}.${request.command}`,
          (shown) => {
            return `Invalid params, ${this.$reasonOf(error, request, shown)}: ${this.$describe(request, shown)}`;
          },
        );
      }
      answer = this[state].mapError(error);
    } catch (mappingError) {
      this.$commandFailed(request, mappingError);
    }
    if (answer === undefined) {
      this.$commandFailed(request, error);
      answer = WireError.internalError;
    }
    if (brokerAnswer(error) === undefined) {
      request.error(answer);
    } else {
      this.$brokerFailed(request, error);
      request.unavailable(answer);
    }
  }

  /**
   * @internal All commands share one kind of line: it is one failure, whichever
   * was called.
   */
  $brokerFailed(request: RpcRequest, error: unknown): void {
    this.registry.failed(
      { reason: 'broker' },
      error,
      () => 'The broker failed, and calls with it',
      (shown) => `Failed: ${this.$describe(request, shown)}`,
    );
  }

  /** @internal */
  $commandFailed(request: RpcRequest, error: unknown): void {
    const { name } = this;
    this.registry.failed(
      { reason: 'command', service: name, what: request.command },
      error,
      () => `Command failed: ${this.name}.${request.command}`,
      (shown) => `Failed: ${this.$describe(request, shown)}`,
    );
  }

  /** @internal */
  $observed(
    request: RpcRequest,
    outcome: CommandReport['outcome'],
    duration: number,
  ): void {
    const { command: name, client } = request;
    const command = this[state].commands.has(name) ? name : undefined;
    const report = { service: this.name, command, client, duration, outcome };
    this.registry.observers.command(report);
  }

  /** @internal */
  $resolvedTwice(request: RpcRequest, how: string): void {
    this.registry.log.warn(
      `twice:${this.name}.${request.command}`,
      () =>
        `Ignored a second resolution (${how}) of ${this.name}.${request.command}: ` +
        'a command that resolves its request by hand must return nothing.',
      (shown) => `Resolved twice: ${this.$describe(request, shown)}`,
    );
  }

  /** @internal */
  $reasonOf(
    { why, faults }: InvalidParams,
    { params, size }: RpcRequest,
    shown: Redaction,
  ): string {
    if (why !== undefined) return excerpt(why);
    const [first] = faults;
    return first === undefined ? 'refused' : shown.fault(first, params, size);
  }

  /** @internal The call as a log line shows it. */
  $describe({ command, params, size }: RpcRequest, shown: Redaction): string {
    return shown.call(`${this.name}.${command}`, params, size);
  }
}

/**
 * Whether a message that is not a call gets an error all the same, because its
 * sender waits for one.
 */
function isAnswered(
  client: Client,
  message: JsonValue,
): message is JsonObject & Partial<IncomingCall> {
  if (!isJsonObject(message) || !client.has('errors')) return false;
  return (message['callId'] ?? null) !== null;
}
