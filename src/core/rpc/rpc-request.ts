import { WireError } from '../../protocol/errors.js';
import type { JsonObject, JsonValue } from '../../protocol/json.js';
import type { JsonInput } from '../../protocol/json-input.js';
import { encodeError, encodeResponse } from '../../protocol/rpc.js';
import type { AnswerKind, Client } from '../clients/client.js';
import { refusalOf } from '../json/encoded-json.js';
import type { CommandReport } from '../observation/observers.js';

/** The service that a request was made to. */
export interface RequestOwner {
  readonly name: string;
  /** @internal */
  readonly $prefix: string;
  /** @internal */
  $commandFailed(request: RpcRequest, error: unknown): void;
  /**
   * @internal Called with the duration and outcome of a call that is observed.
   */
  $observed(
    request: RpcRequest,
    outcome: CommandReport['outcome'],
    duration: number,
  ): void;
  /** @internal */
  $resolvedTwice(request: RpcRequest, how: 'reply' | 'error'): void;
}

/**
 * One call of a command, from its arrival to its answer. It is resolved once:
 * by the command's result, or by hand through `reply` or `error`.
 */
export class RpcRequest {
  private answered = false;
  /** When the call arrived; undefined where nobody observes calls. */
  private began: number | undefined;

  /** @internal */
  constructor(
    readonly service: RequestOwner,
    readonly client: Client,
    /** The command's name, as the client sent it. */
    readonly command: string,
    /** What the client sent, before any check or transformation. */
    readonly params: JsonObject,
    readonly callId: JsonValue | undefined,
    /** @internal Characters of the message that the call came in. */
    readonly size: number,
  ) {
    client.requestOpened(size);
  }

  /** @internal Has the call report how it ends. */
  $observe(): void {
    this.began = performance.now();
  }

  /** Whether the call has been answered. */
  get resolved(): boolean {
    return this.answered;
  }

  /**
   * Answers the call with a result; without one, with `null`. If JSON cannot
   * express the result, the caller gets `Internal error`, and the log says why.
   * If the call has been answered already, this is logged and ignored.
   */
  reply(data?: unknown): void {
    if (this.ignoreSecond('reply')) return;
    let text: string;
    try {
      text = encodeResponse(this.service.$prefix, this.callId, data);
    } catch (error) {
      this.service.$commandFailed(this, refusalOf(error, data, 'result'));
      this.error(WireError.internalError);
      return;
    }
    this.resolve(text, 'answered');
  }

  /**
   * Answers the call with an error. If the call has been answered already, this
   * is logged and ignored.
   *
   * @param message Normally a sentence for the caller; any JSON is allowed. If
   *   JSON cannot express it, the caller gets `Internal error`, and the log says
   *   why.
   */
  error(message: JsonInput = WireError.exception): void {
    this.fail(message, 'answer');
  }

  /**
   * @internal Answers with an error that is not the service's own: 503 over
   * HTTP.
   */
  unavailable(message: JsonInput): void {
    this.fail(message, 'unavailable');
  }

  private fail(message: JsonInput, kind: AnswerKind): void {
    if (this.ignoreSecond('error')) return;
    let text: string;
    let failed = message === WireError.internalError;
    try {
      text = encodeError(this.service.$prefix, this.callId, message);
    } catch (error) {
      this.service.$commandFailed(this, refusalOf(error, message, 'error'));
      text = encodeError(
        this.service.$prefix,
        this.callId,
        WireError.internalError,
      );
      failed = true;
    }
    const outcome = failed || kind === 'unavailable' ? 'failed' : 'refused';
    this.resolve(text, outcome, kind);
  }

  private resolve(
    text: string,
    outcome: CommandReport['outcome'],
    kind: AnswerKind = 'answer',
  ): void {
    this.answered = true;
    this.client.requestClosed(this.size);
    this.client.answer(text, kind);
    if (this.began === undefined) return;
    this.service.$observed(this, outcome, performance.now() - this.began);
  }

  private ignoreSecond(how: 'reply' | 'error'): boolean {
    if (!this.answered) return false;
    this.service.$resolvedTwice(this, how);
    return true;
  }
}
