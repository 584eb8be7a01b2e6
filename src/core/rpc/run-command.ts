import { asPromise, isPromiseLike } from '../promise-like.js';
import type { ServiceHost } from '../service.js';
import type { Command } from './command.js';
import type { RpcRequest } from './rpc-request.js';

/** Whose commands are run, and who answers what they come to. */
export interface CommandOwner {
  readonly registry: ServiceHost;
  /** @internal */
  $settle(request: RpcRequest, command: Command, result: unknown): void;
  /** @internal */
  $reject(request: RpcRequest, error: unknown): void;
}

/** Runs a command; its connection's next message waits for nothing but its end. */
export function run(
  owner: CommandOwner,
  request: RpcRequest,
  command: Command,
): void {
  let result: unknown;
  let later: Promise<unknown> | undefined;
  try {
    result = command.invoke(request);
    // Inside, because a result may fail when it is asked for its `then`; and as a
    // promise of our own kind, because it may fail when it is asked again.
    if (isPromiseLike(result)) later = asPromise(result);
  } catch (error) {
    owner.$reject(request, error);
    return;
  }
  if (later !== undefined) settleLater(owner, request, command, later);
  else owner.$settle(request, command, result);
}

/**
 * The same where something runs before the user's function: the connection's
 * later messages wait until that function has returned.
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
