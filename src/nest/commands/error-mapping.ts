import { BadRequestException, HttpException } from '@nestjs/common';
import { WsException } from '@nestjs/websockets';
import { isInstance } from '../../core/is-instance.js';
import { describeThrown, isError } from '../../core/log/log-line.js';
import { brokerAnswer } from '../../core/rpc/broker-answer.js';
import { RpcError } from '../../core/rpc/rpc-error.js';
import { isJsonObject, type JsonValue } from '../../protocol/json.js';

/**
 * What the caller learns of an error that a command, or an enhancer, threw: the
 * value of an `RpcError`, the message of an `HttpException` below 500 or of a
 * `WsException`, and that the broker failed. Undefined for any other error, of
 * which the caller learns nothing.
 */
export function mapError(error: unknown): JsonValue | undefined {
  if (isInstance(error, RpcError)) return error.value;
  if (isInstance(error, HttpException)) {
    return error.getStatus() < 500 ? error.message : undefined;
  }
  if (isInstance(error, WsException)) {
    const given: unknown = error.getError();
    if (typeof given === 'string') return given;
    const message = isJsonObject(given) ? given['message'] : undefined;
    return typeof message === 'string' ? message : error.message;
  }
  return brokerAnswer(error);
}

/** Whether an error is an answer, and not a fault of the server. */
export function isAnswer(error: unknown): boolean {
  return mapError(error) !== undefined;
}

/** Whether pipes throw this error for a value that does not fit. */
export function isRejectedValue(error: unknown): boolean {
  return isInstance(error, BadRequestException);
}

/**
 * A guard, pipe, interceptor or filter failed with something other than an
 * answer.
 */
export class EnhancerFailure extends Error {
  /** @param what Which enhancer failed, and when. */
  constructor(what: string, cause: unknown) {
    const thrown = isError(cause) ? '' : ` (${describeThrown(cause)})`;
    super(
      `${what}${thrown}. If it was written for HTTP, let it look at ` +
        'context.getType(), which is "ws" here.',
      { cause },
    );
    this.name = 'EnhancerFailure';
    // Its own frames are Snorky's. The log has those of the cause after it.
    this.stack = `${this.name}: ${this.message}`;
  }
}
