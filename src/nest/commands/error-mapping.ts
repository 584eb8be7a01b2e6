import { BadRequestException, HttpException } from '@nestjs/common';
import { WsException } from '@nestjs/websockets';
import { isInstance } from '../../core/is-instance.js';
import { describeThrown, isError } from '../../core/log/log-line.js';
import { brokerAnswer } from '../../core/rpc/broker-answer.js';
import { RpcError } from '../../core/rpc/rpc-error.js';
import { isJsonObject, type JsonValue } from '../../protocol/json.js';

/**
 * What the caller learns of something that a command, or an enhancer, threw:
 * the value of an `RpcError`, the message of an `HttpException` below 500 or of
 * a `WsException`, that the broker failed, and nothing of anything else.
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

/** Whether this is how pipes say that a value does not fit. */
export function isRejectedValue(error: unknown): boolean {
  return isInstance(error, BadRequestException);
}

/** A guard, pipe, interceptor or filter failed in a way that it should not. */
export class EnhancerFailure extends Error {
  /** @param what Which of them, and when. */
  constructor(what: string, cause: unknown) {
    const thrown = isError(cause) ? '' : ` (${describeThrown(cause)})`;
    super(
      `${what}${thrown}. If it was written for HTTP, let it look at ` +
        'context.getType(), which is "ws" here.',
      { cause },
    );
    this.name = 'EnhancerFailure';
    // Its own frames are ours. Those of the cause are logged after it.
    this.stack = `${this.name}: ${this.message}`;
  }
}
