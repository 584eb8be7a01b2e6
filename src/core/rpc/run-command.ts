import { asPromise, isPromiseLike } from '../promise-like.js';
import type { ServiceHost } from '../service.js';
import type { Command } from './command.js';
import type { RpcRequest } from './rpc-request.js';

/** The service whose commands are run. It answers with their results. */
export interface CommandOwner {
  readonly registry: ServiceHost;
  /** @internal */
  $settle(request: RpcRequest, command: Command, result: unknown): void;
  /** @internal */
  $reject(request: RpcRequest, error: unknown): void;
}

/**
 * Runs a command that nothing comes before. The connection's next message may
 * start as soon as the function has returned, whether or not its promise has
 * settled.
 */
export function run(
  owner: CommandOwner,
  request: RpcRequest,
  command: Command,
): void {
  let result: unknown;
  let later: Promise<unknown> | undefined;
  try {
    result = command.invoke(request);
    // Inside of the `try`, because reading `then` of a result may throw. Made a
    // native promise, because reading it again may throw as well.
    if (isPromiseLike(result)) later = asPromise(result);
  } catch (error) {
    owner.$reject(request, error);
    return;
  }
  if (later !== undefined) settleLater(owner, request, command, later);
  else owner.$settle(request, command, result);
}

/**
 * Runs a command that something comes before, such as a guard. The connection's
 * later messages wait until the user's function has returned.
 */
export function runStaged(
  owner: CommandOwner,
  request: RpcRequest,
  command: Command,
): void {
  const lane = owner.registry.laneOf(request.client);
  let released = false;
  const release = (): void => {
    if (released) return;
    released = true;
    lane.release();
  };
  lane.hold();
  let result: unknown;
  let later: Promise<unknown> | undefined;
  try {
    result = command.invoke(request, release);
    if (isPromiseLike(result)) later = asPromise(result);
  } catch (error) {
    owner.$reject(request, error);
    release();
    return;
  }
  if (later !== undefined) {
    settleLater(owner, request, command, later, release);
  } else {
    owner.$settle(request, command, result);
    release();
  }
}

function settleLater(
  owner: CommandOwner,
  request: RpcRequest,
  command: Command,
  result: Promise<unknown>,
  release?: () => void,
): void {
  const { registry } = owner;
  if (!command.async) registry.commandStarted();
  const settle = (value: unknown): void => {
    if (!command.async) registry.commandEnded();
    owner.$settle(request, command, value);
    release?.();
  };
  const fail = (error: unknown): void => {
    if (!command.async) registry.commandEnded();
    owner.$reject(request, error);
    release?.();
  };
  result.then((value) => {
    let rest: Promise<unknown> | undefined;
    try {
      rest = command.unwrap?.(value);
    } catch (error) {
      fail(error);
      return;
    }
    if (rest === undefined) settle(value);
    else rest.then(settle, fail);
  }, fail);
}
