import type { AsJson } from '../../protocol/json-input.js';
import type { JsonValue } from '../../protocol/json.js';
import type { RpcNotification } from '../../protocol/rpc.js';
import type { CallOptions } from '../calls/call-options.js';
import { tell } from '../calls/notifications.js';
import { RenewingService } from '../calls/renewing-service.js';
import type { Signal } from '../signal.js';

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
 * Names outlive the connection: they are registered again on the next one,
 * unless somebody else has taken them. Messages to them in between are lost.
 *
 * @example
 * const { messaging } = snorky.services;
 * messaging.messageReceived.add(({ sender, body }) => { ... });
 * await messaging.registerParticipant({ name: 'alice' });
 * await messaging.send({ sender: 'alice', dest: 'bob', body: 'Hello' });
 */
export class Messaging extends RenewingService<NameParams, null> {
  /** Dispatched with each message to a name that is registered here. */
  declare readonly messageReceived: Signal<[DirectMessage]>;
  /**
   * Dispatched with a name when it was registered again after a reconnection.
   * Messages since the loss have not arrived.
   */
  declare readonly reregistered: Signal<[name: JsonValue]>;
  /**
   * Dispatched with a name and the error when registering it again was refused.
   * The error `Name already registered` means that somebody else has it, or
   * that the lost connection still has, because the server has not noticed the
   * loss. Try again later.
   */
  declare readonly unregistered: Signal<[name: JsonValue, error: unknown]>;

  /**
   * Registers a name, until `unregisterParticipant`. If the connection is lost
   * before the answer, the call is sent again.
   */
  registerParticipant<Name>(
    { name }: { readonly name: AsJson<Name> },
    options?: CallOptions,
  ): Promise<null> {
    return this.$enter('registerParticipant', { name }, options);
  }

  /** Gives a name up. Nothing need be sent without a connection. */
  unregisterParticipant<Name>(
    { name }: { readonly name: AsJson<Name> },
    options?: CallOptions,
  ): Promise<null> {
    return this.$leave('unregisterParticipant', { name }, options);
  }

  /** The names that anybody has registered now. */
  listParticipants(options?: CallOptions): Promise<readonly JsonValue[]> {
    return this.rpcCall<readonly JsonValue[]>(
      'listParticipants',
      {},
      options,
      this.listParticipants,
    );
  }

  /** Sends a message from a name that is registered here. */
  send<Sender, Dest, Body>(
    params: {
      readonly sender: AsJson<Sender>;
      readonly dest: AsJson<Dest>;
      readonly body: AsJson<Body>;
    },
    options?: CallOptions,
  ): Promise<null> {
    return this.rpcCall<null>('send', params, options, this.send);
  }

  /** @internal */
  override $setUp(): void {
    super.$setUp();
    this.$signals('messageReceived', 'reregistered', 'unregistered');
  }

  /** @internal */
  override $renewed({ name }: NameParams): void {
    this.reregistered.dispatch(name);
  }

  /** @internal */
  override $ended({ name }: NameParams, error: unknown): void {
    this.unregistered.dispatch(name, error);
  }

  /** @internal */
  override $heard(notification: RpcNotification): boolean {
    return tell(
      notification,
      'message',
      this.messageReceived,
      'sender',
      'dest',
      'body',
    );
  }
}
