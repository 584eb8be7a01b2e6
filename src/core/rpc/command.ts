import type { JsonValue } from '../../protocol/json.js';
import { isInstance } from '../is-instance.js';
import { brokerAnswer } from './broker-answer.js';
import { RpcError } from './rpc-error.js';
import type { RpcRequest } from './rpc-request.js';

/** A command of a service, ready to be called. */
export interface Command {
  /**
   * Whether the command answers through its request. A result of null or
   * undefined is then no answer.
   */
  readonly async: boolean;
  /**
   * Runs the command.
   *
   * @param started Present for `staged` commands: to be called when the user's
   *   own function has returned a promise. From then on the connection's next
   *   message may start.
   * @returns The result, or a promise of it.
   */
  invoke(request: RpcRequest, started?: () => void): unknown;
  /**
   * Whether something, such as a guard or a pipe, runs before the user's
   * function, so that the connection's later messages have to wait.
   */
  readonly staged: boolean;
  /**
   * Answers the promise of the final result, for a result that stands for a
   * later one, such as an Observable. Undefined where the result itself is the
   * answer. It is then sent at once: a promise in between would let later
   * messages overtake it.
   */
  readonly unwrap?: (value: unknown) => Promise<unknown> | undefined;
}

/**
 * Maps a thrown value to what the caller may know; undefined where that is
 * nothing.
 */
export type ErrorMapping = (error: unknown) => JsonValue | undefined;

/** Maps an error that the command signals to the caller on purpose. */
export function mapRpcError(error: unknown): JsonValue | undefined {
  return isInstance(error, RpcError) ? error.value : brokerAnswer(error);
}
