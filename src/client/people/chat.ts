import type { AsJson } from '../../protocol/json-input.js';
import type { JsonValue } from '../../protocol/json.js';
import type { RpcNotification } from '../../protocol/rpc.js';
import type { Identity } from '../../protocol/snorky-types.js';
import type { CallOptions } from '../calls/call-options.js';
import { tell } from '../calls/notifications.js';
import { RenewingService } from '../calls/renewing-service.js';
import type { Signal } from '../signal.js';

/** A message that somebody, perhaps oneself, has sent to a channel. */
export interface ChatMessage {
  /** The identity of the sender. */
  readonly from: Identity;
  readonly channel: JsonValue;
  readonly body: JsonValue;
  /** The server's time, ISO 8601 with the offset from UTC. */
  readonly timestamp: string;
}

/** Somebody has come with a first connection, or left with the last one. */
export interface ChatPresence {
  readonly from: Identity;
  readonly channel: JsonValue;
  readonly status: 'joined' | 'left';
  readonly timestamp: string;
}

/** Another connection of the same identity has read a channel. */
export interface ChatRead {
  readonly channel: JsonValue;
  readonly timestamp: string;
}

/** Who is in a channel: identities, each once, oneself included. */
export interface ChatMembers {
  readonly members: readonly Identity[];
}

/** A channel: any JSON. */
interface ChannelParams {
  readonly channel: JsonValue;
}

/**
 * The connector of the chat service.
 *
 * Memberships outlive the connection: channels are joined again on the next one.
 * Messages that were sent in between are lost, as `rejoined` says.
 *
 * @example
 * const { chat } = snorky.services;
 * chat.messageReceived.add(({ channel, from, body }) => { ... });
 * const { members } = await chat.join({ channel: 'support' });
 * await chat.send({ channel: 'support', body: 'Hello' });
 */
export class Chat extends RenewingService<ChannelParams, ChatMembers> {
  /** Dispatched with each message of the channels that are joined. */
  declare readonly messageReceived: Signal<[ChatMessage]>;
  /** Dispatched when somebody joins or leaves; never with oneself. */
  declare readonly presenceReceived: Signal<[ChatPresence]>;
  /** Dispatched when oneself has read a channel elsewhere. */
  declare readonly readReceived: Signal<[ChatRead]>;
  /**
   * Dispatched with a channel and its members after a reconnection, when
   * messages arrive again. What happened since the loss has not arrived.
   */
  declare readonly rejoined: Signal<
    [channel: JsonValue, members: readonly Identity[]]
  >;
  /**
   * Dispatched with a channel and the error when joining again was refused.
   * Nothing will arrive any more.
   */
  declare readonly left: Signal<[channel: JsonValue, error: unknown]>;

  /**
   * Joins a channel, until `leave`. If the connection is lost before the answer,
   * it is sent again.
   */
  join<Channel>(
    { channel }: { readonly channel: AsJson<Channel> },
    options?: CallOptions,
  ): Promise<ChatMembers> {
    return this.$enter('join', { channel }, options);
  }

  /** Leaves a channel. Without a connection there is nothing to be sent. */
  leave<Channel>(
    { channel }: { readonly channel: AsJson<Channel> },
    options?: CallOptions,
  ): Promise<null> {
    return this.$leave('leave', { channel }, options);
  }

  /** Sends a message to a channel that is joined. */
  send<Channel, Body>(
    params: {
      readonly channel: AsJson<Channel>;
      readonly body: AsJson<Body>;
    },
    options?: CallOptions,
  ): Promise<null> {
    return this.rpcCall<null>('send', params, options, this.send);
  }

  /** Tells the other connections of this identity that a channel was read. */
  read<Channel>(
    params: { readonly channel: AsJson<Channel> },
    options?: CallOptions,
  ): Promise<null> {
    return this.rpcCall<null>('read', params, options, this.read);
  }

  /** @internal */
  override $setUp(): void {
    super.$setUp();
    this.$signals(
      'messageReceived',
      'presenceReceived',
      'readReceived',
      'rejoined',
      'left',
    );
  }

  /** @internal */
  override $renewed(
    { channel }: ChannelParams,
    { members }: ChatMembers,
  ): void {
    this.rejoined.dispatch(channel, members);
  }

  /** @internal */
  override $ended({ channel }: ChannelParams, error: unknown): void {
    this.left.dispatch(channel, error);
  }

  /** @internal */
  override $heard(notification: RpcNotification): boolean {
    return (
      tell(
        notification,
        'message',
        this.messageReceived,
        'from',
        'channel',
        'body',
        'timestamp',
      ) ||
      tell(
        notification,
        'presence',
        this.presenceReceived,
        'from',
        'channel',
        'status',
        'timestamp',
      ) ||
      tell(notification, 'read', this.readReceived, 'channel', 'timestamp')
    );
  }
}
