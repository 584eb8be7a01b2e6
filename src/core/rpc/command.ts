import type { JsonValue } from '../../protocol/json.js';
import { isInstance } from '../is-instance.js';
import { brokerAnswer } from './broker-answer.js';
import { RpcError } from './rpc-error.js';
import type { RpcRequest } from './rpc-request.js';

/** A command of a service, ready to be called. */
export interface Command {
  /** Replies come through the request; a result of null or undefined is none. */
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
   * Whether something runs before the user's function (guards, pipes), so that
   * the connection's later messages have to wait for it.
   */
  readonly staged: boolean;
  /**
   * For a result that stands for a later one, such as an Observable: the promise
   * of that one. Undefined where the result is the answer itself, which is then
   * sent at once: a promise in between would let later messages overtake it.
   */
  readonly unwrap?: (value: unknown) => Promise<unknown> | undefined;
}

/** Makes of something thrown what the caller may know; undefined: nothing. */
export type ErrorMapping = (error: unknown) => JsonValue | undefined;

/** What a caller may know by itself: what the command signals. */
export function mapRpcError(error: unknown): JsonValue | undefined {
  return isInstance(error, RpcError) ? error.value : brokerAnswer(error);
}
