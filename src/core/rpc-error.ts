import { WireError } from '../protocol/errors.js';
import type { JsonValue } from '../protocol/json.js';

/**
 * What a command throws to answer its call with an error. It is not logged: it
 * is an answer, not a fault of the server.
 *
 * @example
 * if (number <= 0) throw new RpcError('number must be positive');
 */
export class RpcError extends Error {
  /** What the client gets as the error's `message`. */
  readonly value: JsonValue;

  /** @param value Normally a sentence for the caller; any JSON is allowed. */
  constructor(value: JsonValue = WireError.exception) {
    super(typeof value === 'string' ? value : JSON.stringify(value));
    this.name = 'RpcError';
    this.value = value;
  }
}

/**
 * `Invalid params`, and why. The caller learns no more than that; the reason is
 * for the log, at level `debug`.
 *
 * @internal
 */
export class InvalidParams extends RpcError {
  constructor(readonly why: string) {
    super(WireError.invalidParams);
  }
}
