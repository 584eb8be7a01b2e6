import type { IncomingMessage } from 'node:http';
import {
  Client,
  type AnswerKind,
  type Handshake,
} from '../../core/clients/client.js';
import type { PreparedMessage } from '../../core/clients/prepared-message.js';
import type { MessageFault } from '../../protocol/envelope.js';

/** How an HTTP request ended. */
export type HttpOutcome =
  | { readonly text: string; readonly kind: AnswerKind }
  | { readonly fault: MessageFault };

/**
 * The caller of one HTTP request. It is answered once: a call when it is
 * resolved, a raw service's message by the first message that the service sends
 * back. Nothing else is sent to it, and nothing later.
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

  /** Always false: what a service registers for it would stay for ever. */
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

  /** Does nothing: there is no connection, and the response ends by itself. */
  close(): void {}

  /** Called when the caller has its response, or has gone. */
  release(): void {
    this.done = true;
  }

  private end(outcome: HttpOutcome): void {
    if (this.done) return;
    this.done = true;
    this.finish(outcome);
  }
}
