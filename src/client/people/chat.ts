import type { AsJson } from '../../protocol/json-input.js';
import type { JsonValue } from '../../protocol/json.js';
import type { RpcNotification } from '../../protocol/rpc.js';
import type { Identity } from '../../protocol/snorky-types.js';
import type { CallOptions } from '../calls/call-options.js';
import { tell } from '../calls/notifications.js';
import { RenewingService } from '../calls/renewing-service.js';
import type { Signal } from '../signal.js';

/** A message that a member, perhaps this client, has sent to a channel. */
export interface ChatMessage {
  /** The identity of the sender. */
  readonly from: Identity;
  readonly channel: JsonValue;
  readonly body: JsonValue;
  /** The server's time: ISO 8601 with the offset from UTC. */
  readonly timestamp: string;
}

/**
 * An identity has entered a channel with its first connection, or left it with
 * the last one.
 */
export interface ChatPresence {
  readonly from: Identity;
  readonly channel: JsonValue;
  readonly status: 'joined' | 'left';
  readonly timestamp: string;
}

/** Another connection of this client's identity has read a channel. */
export interface ChatRead {
  readonly channel: JsonValue;
  readonly timestamp: string;
}

/** The identities in a channel, each once, the client's own included. */
export interface ChatMembers {
  readonly members: readonly Identity[];
}

/** The name of a channel: any JSON. */
interface ChannelParams {
  readonly channel: JsonValue;
}

/**
 * The connector of the chat service.
 *
 * Memberships outlive the connection: channels are joined again on the next
 * one, and `rejoined` is dispatched. Messages that were sent in between are
 * lost.
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
  /**
   * Dispatched when another identity joins or leaves; never for the client's
   * own.
   */
  declare readonly presenceReceived: Signal<[ChatPresence]>;
  /** Dispatched when another connection of this identity has read a channel. */
  declare readonly readReceived: Signal<[ChatRead]>;
  /**
   * Dispatched with a channel and its members when the channel was joined again
   * after a reconnection. Messages since the loss have not arrived.
   */
  declare readonly rejoined: Signal<
    [channel: JsonValue, members: readonly Identity[]]
  >;
  /**
   * Dispatched with a channel and the error when joining it again was refused.
   * No more messages of it arrive.
   */
  declare readonly left: Signal<[channel: JsonValue, error: unknown]>;

  /**
   * Joins a channel, until `leave`. If the connection is lost before the
   * answer, the call is sent again.
   */
  join<Channel>(
    { channel }: { readonly channel: AsJson<Channel> },
    options?: CallOptions,
  ): Promise<ChatMembers> {
    return this.$enter('join', { channel }, options);
  }

  /** Leaves a channel. Nothing need be sent without a connection. */
  leave<Channel>(
    { channel }: { readonly channel: AsJson<Channel> },
    options?: CallOptions,
  ): Promise<null> {
    return this.$leave('leave', { channel }, options);
  }

  /** Sends a message to a joined channel. */
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
