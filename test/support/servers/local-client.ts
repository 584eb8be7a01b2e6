import { Client, type Handshake } from '../../../src/core/clients/client.js';
import type { LogSink } from '../../../src/core/log/log.js';
import type { PreparedMessage } from '../../../src/core/clients/prepared-message.js';
import type { MessageFault } from '../../../src/protocol/envelope.js';
import type { JsonValue } from '../../../src/protocol/json.js';
import type { ServiceRegistry } from '../../../src/core/registry/service-registry.js';

/** A transport without bytes: keeps the texts that it is to send. */
export class LocalClient extends Client {
  readonly handshake: Handshake = {
    headers: {},
    url: '/',
    remoteAddress: '192.0.2.1',
    ip: '192.0.2.1',
  };
  readonly texts: string[] = [];
  readonly faults: MessageFault[] = [];
  /** Code and reason of each `close`. */
  readonly closings: (readonly [number | undefined, string | undefined])[] = [];
  connected = true;

  sendText(text: string): void {
    this.texts.push(text);
  }

  deliver(message: PreparedMessage): void {
    this.sendText(message.text);
  }

  close(code?: number, reason?: string): void {
    this.connected = false;
    this.closings.push([code, reason]);
  }

  override discarded(fault: MessageFault): void {
    this.faults.push(fault);
  }

  /** The messages that came, without their envelopes. */
  get messages(): unknown[] {
    return this.texts.map(
      (text) => (JSON.parse(text) as { message: unknown }).message,
    );
  }

  /** Sends a message to a service of a registry. */
  tell(
    registry: ServiceRegistry,
    service: JsonValue,
    message: JsonValue,
  ): void {
    registry.dispatch(this, JSON.stringify({ service, message }));
  }
}

/** Keeps the lines of a log. */
export class LogLines implements LogSink {
  readonly lines: string[] = [];
  /** The lines of level `debug`. */
  readonly details: string[] = [];
  readonly stacks: (string | undefined)[] = [];

  debug(line: string): void {
    this.details.push(line);
  }

  warn(line: string): void {
    this.lines.push(`warn ${line}`);
  }

  error(line: string, stack?: string): void {
    this.lines.push(`error ${line}`);
    this.stacks.push(stack);
  }
}
