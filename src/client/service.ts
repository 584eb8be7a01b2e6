import { encodeEnvelope, envelopePrefix } from '../protocol/envelope.js';
import type { JsonValue } from '../protocol/json.js';
import type { ConnectorHost } from './connector-host.js';
import type { ConnectorError } from './errors.js';
import type { Signal } from './signal.js';

/**
 * The connector of a service that exchanges any JSON. Extend it to give such a
 * service methods of its own; for services with commands, extend `RPCService`.
 *
 * `Snorky` makes the instances: give it the class.
 */
export class Service {
  /** Dispatched with every message that arrives for the service. */
  declare readonly packetReceived: Signal<[JsonValue]>;
  private readonly $prefix: string;

  constructor(
    /** The name of the service on the server. */
    readonly name: string,
    /** The `Snorky` object that this connector belongs to. */
    readonly snorky: ConnectorHost,
  ) {
    this.$prefix = envelopePrefix(name);
    this.$setUp();
    this.init();
  }

  /** Keeps Vue from making a proxy, which could not reach private members. */
  get __v_skip(): boolean {
    return true;
  }

  /** A hook for subclasses: make signals here, and listen to others. */
  init(): void {}

  /**
   * Sends a message, or keeps it until there is a connection.
   *
   * @throws ConnectorError when too much is waiting already, or the connection
   *   has stopped.
   * @throws TypeError when JSON cannot express the message.
   */
  sendMessage(message: unknown): void {
    const text = this.$encode(message);
    this.snorky.$send({ text, sent: false });
  }

  /**
   * Makes what the class needs before `init` runs. These are not fields,
   * because a subclass's fields are made after `init`.
   *
   * @internal
   */
  $setUp(): void {
    (this as { packetReceived: unknown }).packetReceived =
      new this.snorky.Signal<[JsonValue]>();
  }

  /** @internal @throws TypeError when JSON cannot express the message. */
  $encode(message: unknown): string {
    return encodeEnvelope(this.$prefix, message);
  }

  /** @internal */
  $receive(message: JsonValue): void {
    this.packetReceived.dispatch(message);
  }

  /**
   * @internal There is a connection. Messages that wait are sent after this.
   */
  $connected(): void {}

  /**
   * The connection has gone.
   *
   * @param final Whether it does not come back by itself.
   * @internal
   */
  $lost(_error: ConnectorError, _final: boolean): void {}

  /**
   * Asks the server for a sign of life.
   *
   * @returns Whether that is possible.
   * @internal
   */
  $ask(): boolean {
    return false;
  }

  /** @internal Whether the server has a reason to be silent. */
  $isBusy(): boolean {
    return false;
  }
}
