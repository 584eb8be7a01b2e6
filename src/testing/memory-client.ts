import { setImmediate } from 'node:timers';
import { Client, type Handshake } from '../core/clients/client.js';
import type { PreparedMessage } from '../core/clients/prepared-message.js';
import type { ServiceRegistry } from '../core/registry/service-registry.js';
import { CloseCode } from '../protocol/close-codes.js';
import type { JsonValue } from '../protocol/json.js';
import { checkClosing, cutReason } from '../core/clients/closing.js';

/** A message, as a client receives it. */
export interface ReceivedEnvelope<Message = JsonValue> {
  readonly service: string;
  readonly message: Message;
}

/** How a connection ended. */
export interface Closing {
  readonly code: number;
  readonly reason: string;
}

/**
 * A connection in memory. As over a socket, messages travel as JSON text in
 * both directions, but there is no port.
 */
export abstract class MemoryClient extends Client {
  /** Settles when the connection has ended and all services have been told. */
  readonly closed: Promise<Closing>;

  private open = true;
  private end!: (closing: Closing) => void;

  /** @internal Use `connectClient`. */
  constructor(
    /** @internal */
    readonly $registry: ServiceRegistry,
    readonly handshake: Handshake,
  ) {
    super();
    this.closed = new Promise((resolve) => (this.end = resolve));
  }

  get connected(): boolean {
    return this.open;
  }

  /** Sends a text as it is, for messages that no well-behaved client sends. */
  emitText(text: string): void {
    if (!this.open) throw new Error('The connection has been closed.');
    this.$registry.dispatch(this, text);
  }

  sendText(text: string): void {
    if (this.open) this.$arrived(JSON.parse(text) as ReceivedEnvelope, text);
  }

  deliver(message: PreparedMessage): void {
    this.sendText(message.text);
  }

  close(code: number = CloseCode.normal, reason = ''): void {
    checkClosing(code, reason);
    this.$finish(code, cutReason(reason));
  }

  /** @internal A message has arrived. */
  abstract $arrived(envelope: ReceivedEnvelope, text: string): void;

  /** @internal Nothing will arrive any more. */
  abstract $ended(closing: Closing): void;

  /** @internal */
  $finish(code: number, reason: string): void {
    if (!this.open) return;
    this.open = false;
    // Services hear of the end in a later turn, as with a socket. When a
    // connect hook closes the client, the other services must first hear that
    // it has connected.
    setImmediate(() => {
      this.$registry.disconnect(this);
      this.$ended({ code, reason });
      this.end({ code, reason });
    });
  }
}
