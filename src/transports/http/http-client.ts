import type { IncomingMessage } from 'node:http';
import {
  Client,
  type AnswerKind,
  type Handshake,
} from '../../core/clients/client.js';
import type { PreparedMessage } from '../../core/clients/prepared-message.js';
import type { MessageFault } from '../../protocol/envelope.js';

/** What became of an HTTP request. */
export type HttpOutcome =
  | { readonly text: string; readonly kind: AnswerKind }
  | { readonly fault: MessageFault };

/**
 * The caller of one HTTP request. It is answered once - a call by its
 * resolution, a raw service's message by the first message that comes back -
 * and is no recipient of anything else, nor of anything later.
 */
export class HttpClient extends Client {
  readonly handshake: Handshake;
  private done = false;

  constructor(
    request: IncomingMessage,
    ip: string | undefined,
    private readonly resolvesCalls: boolean,
    private readonly finish: (outcome: HttpOutcome) => void,
    private readonly dropped: () => void,
  ) {
    super();
    this.handshake = {
      headers: request.headers,
      url: request.url ?? '/',
      remoteAddress: request.socket.remoteAddress,
      ip,
    };
  }

  /** Never: what a service registered for it would stay for ever. */
  get connected(): boolean {
    return false;
  }

  sendText(text: string): void {
    if (this.resolvesCalls || this.done) this.dropped();
    else this.end({ text, kind: 'answer' });
  }

  deliver(message: PreparedMessage): void {
    this.sendText(message.text);
  }

  override answer(text: string, kind: AnswerKind): void {
    if (this.done) this.dropped();
    else this.end({ text, kind });
  }

  override discarded(fault: MessageFault): void {
    this.end({ fault });
  }

  /** There is no connection: the response ends by itself. */
  close(): void {}

  /** The caller has its response, or has gone. */
  release(): void {
    this.done = true;
  }

  private end(outcome: HttpOutcome): void {
    if (this.done) return;
    this.done = true;
    this.finish(outcome);
  }
}
