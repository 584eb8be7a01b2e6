import type { JsonValue } from '../protocol/json.js';
import type { RpcNotification } from '../protocol/rpc.js';
import type { CallOptions } from './call-options.js';
import { Renewals } from './renewals.js';
import { RPCService } from './rpc-service.js';
import type { Signal } from './signal.js';

/** A message from one participant to another. */
export interface DirectMessage {
  readonly sender: JsonValue;
  readonly dest: JsonValue;
  readonly body: JsonValue;
}

/** The name of a participant: any JSON. */
interface NameParams {
  readonly name: JsonValue;
}

/**
 * The connector of the messaging service.
 *
 * Names outlive the connection: they are registered again on the next one, if
 * nobody else was faster. Messages to them in between are lost.
 *
 * @example
 * const { messaging } = snorky.services;
 * messaging.messageReceived.add(({ sender, body }) => { ... });
 * await messaging.registerParticipant({ name: 'alice' });
 * await messaging.send({ sender: 'alice', dest: 'bob', body: 'Hello' });
 */
export class Messaging extends RPCService {
  /** Dispatched with each message to a name that is registered here. */
  declare readonly messageReceived: Signal<[DirectMessage]>;
  /**
   * Dispatched with a name after a reconnection, when messages to it arrive
   * again. Those that were sent since the loss have not arrived.
   */
  declare readonly reregistered: Signal<[name: JsonValue]>;
  /**
   * Dispatched with a name and the error when registering it again was refused.
   * `Name already registered`: somebody else has it - or the connection that was
   * lost still has, as the server knows nothing of the loss. Try again later.
   */
  declare readonly unregistered: Signal<[name: JsonValue, error: unknown]>;
  declare private names: Renewals<null>;

  /**
   * Registers a name, until `unregisterParticipant`. If the connection is lost
   * before the answer, it is sent again.
   */
  registerParticipant(
    { name }: NameParams,
    options?: CallOptions,
  ): Promise<null> {
    return this.names.enter(name, options);
  }

  /** Gives a name up. Without a connection there is nothing to be sent. */
  unregisterParticipant(
    { name }: NameParams,
    options?: CallOptions,
  ): Promise<null> {
    return this.names.leave(name, options);
  }

  /** The names that are registered now, by anybody. */
  listParticipants(options?: CallOptions): Promise<readonly JsonValue[]> {
    return this.rpcCall<readonly JsonValue[]>('listParticipants', {}, options);
  }

  /** Sends a message from a name that is registered here. */
  send(params: DirectMessage, options?: CallOptions): Promise<null> {
    return this.rpcCall<null>('send', params, options);
  }

  /** @internal */
  override $setUp(): void {
    super.$setUp();
    const { Signal } = this.snorky;
    Object.assign(this, {
      messageReceived: new Signal<[DirectMessage]>(),
      reregistered: new Signal<[JsonValue]>(),
      unregistered: new Signal<[JsonValue, unknown]>(),
    });
    this.names = new Renewals<null>(this, {
      enter: 'registerParticipant',
      leave: 'unregisterParticipant',
      params: (name) => ({ name }),
      entered: () => null,
      renewed: (name) => this.reregistered.dispatch(name),
      ended: (name, error) => this.unregistered.dispatch(name, error),
    });
    this.notificationReceived.add(this.onNotification, this);
  }

  /** @internal */
  override $connected(): void {
    this.names.renew();
  }

  private onNotification(notification: RpcNotification): void {
    const { type, sender, dest, body } = notification;
    if (
      type !== 'message' ||
      sender === undefined ||
      dest === undefined ||
      body === undefined
    ) {
      this.$strange('an unknown notification', notification);
      return;
    }
    this.messageReceived.dispatch({ sender, dest, body });
  }
}
