import { setImmediate } from 'node:timers';
import { Client, type Handshake } from '../core/client.js';
import type { PreparedMessage } from '../core/prepared-message.js';
import { RpcError } from '../core/rpc-error.js';
import type { ServiceRegistry } from '../core/service-registry.js';
import { CloseCode } from '../protocol/errors.js';
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../protocol/json.js';
import type { AsJson } from '../protocol/json-input.js';
import { LONGEST_TIMER } from '../transports/longest-timer.js';
import {
  checkClosing,
  cutReason,
} from '../transports/websocket/close-frame.js';
import { Inbox, PATIENCE } from './inbox.js';

/** A message as a client gets it. */
export interface ReceivedEnvelope {
  readonly service: string;
  readonly message: JsonValue;
}

/** How a connection ended. */
export interface Closing {
  readonly code: number;
  readonly reason: string;
}

interface PendingCall {
  readonly resolve: (data: JsonValue) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * A client in memory: what it sends is JSON text to the registry, and what it
 * gets was JSON text, as over a socket, without a port.
 */
export class TestClient extends Client implements AsyncDisposable {
  /** Settles when the connection has ended, and services have been told. */
  readonly closed: Promise<Closing>;

  private readonly inbox = new Inbox<ReceivedEnvelope>();
  private readonly calls = new Map<string, PendingCall>();
  private counter = 0;
  private open = true;
  private expiry: NodeJS.Timeout | undefined;
  private end!: (closing: Closing) => void;

  /** @internal Use `connectClient`. */
  constructor(
    private readonly registryOfClient: ServiceRegistry,
    readonly handshake: Handshake,
  ) {
    super();
    this.closed = new Promise((resolve) => (this.end = resolve));
  }

  // What a browser does

  /** Sends a message to a service, without waiting for anything. */
  emit<Message>(service: string, message: AsJson<Message>): void {
    this.emitText(JSON.stringify({ service, message }));
  }

  /** Sends a text as it is, for what no well-behaved client would send. */
  emitText(text: string): void {
    if (!this.open) throw new Error('The connection has been closed.');
    this.registryOfClient.dispatch(this, text);
  }

  /**
   * Calls a command, and gives its result.
   *
   * Rejects with an `RpcError` when the command answers with an error, and with
   * an `Error` when no answer comes within `patience` milliseconds.
   */
  call(
    service: string,
    command: string,
    params: object = {},
    patience: number = PATIENCE,
  ): Promise<JsonValue> {
    const callId = `call-${this.counter++}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.calls.delete(callId);
        reject(
          new Error(`${service}.${command} did not answer in ${patience} ms.`),
        );
      }, patience);
      this.calls.set(callId, { resolve, reject, timer });
      try {
        this.emit(service, { command, params, callId });
      } catch (error) {
        clearTimeout(timer);
        this.calls.delete(callId);
        reject(error as Error);
      }
    });
  }

  /** The next message that answers no `call`; rejects when none comes in time. */
  next(patience: number = PATIENCE): Promise<ReceivedEnvelope> {
    return this.inbox.next(patience);
  }

  /** Messages that arrived and were not asked for. */
  get unread(): readonly ReceivedEnvelope[] {
    return this.inbox.unread;
  }

  /** Goes away, as when a browser is closed. */
  disconnect(): void {
    this.finish(CloseCode.normal, '');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.disconnect();
    await this.closed;
  }

  // What the server does

  get connected(): boolean {
    return this.open;
  }

  sendText(text: string): void {
    if (!this.open) return;
    const envelope = JSON.parse(text) as ReceivedEnvelope;
    const call = this.takeCall(envelope.message);
    if (call === undefined) {
      this.inbox.put(envelope);
      return;
    }
    const { type, data, message } = envelope.message as JsonObject;
    if (type === 'error') call.reject(new RpcError(message ?? null));
    else call.resolve(data ?? null);
  }

  deliver(message: PreparedMessage): void {
    this.sendText(message.text);
  }

  /** @internal Closes with 4100 then, in milliseconds since 1970. */
  expire(expiresAt: number): void {
    const left = expiresAt - Date.now();
    this.expiry = setTimeout(
      () => {
        if (left > LONGEST_TIMER) this.expire(expiresAt);
        else {
          this.registryOfClient.counters.closedExpired++;
          this.close(CloseCode.identityExpired, 'Identity expired');
        }
      },
      Math.min(Math.max(left, 0), LONGEST_TIMER),
    );
    this.expiry.unref();
  }

  close(code: number = CloseCode.normal, reason = ''): void {
    checkClosing(code, reason);
    this.finish(code, cutReason(reason));
  }

  private takeCall(message: JsonValue): PendingCall | undefined {
    if (!isJsonObject(message)) return undefined;
    const { type, callId } = message;
    if (type !== 'response' && type !== 'error') return undefined;
    if (typeof callId !== 'string') return undefined;
    const call = this.calls.get(callId);
    if (call === undefined) return undefined;
    this.calls.delete(callId);
    clearTimeout(call.timer);
    return call;
  }

  private finish(code: number, reason: string): void {
    if (!this.open) return;
    this.open = false;
    clearTimeout(this.expiry);
    // As of a socket, services hear of the end in a later turn: whoever closes a
    // client in a hook must not have others told of its end before its start.
    setImmediate(() => this.leave(code, reason));
  }

  private leave(code: number, reason: string): void {
    this.registryOfClient.disconnect(this);
    const told = `The connection was closed with ${code}${reason && ` (${reason})`}.`;
    for (const { timer, reject } of this.calls.values()) {
      clearTimeout(timer);
      reject(new Error(told));
    }
    this.calls.clear();
    this.inbox.end(told);
    this.end({ code, reason });
  }
}
