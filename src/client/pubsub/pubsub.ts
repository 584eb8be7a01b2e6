import { ALREADY_SUBSCRIBED } from '../../protocol/errors.js';
import { jsonOf } from '../../protocol/envelope.js';
import { canonicalKey, type JsonValue } from '../../protocol/json.js';
import type { RpcNotification } from '../../protocol/rpc.js';
import type {
  ChannelInput,
  DeclaredChannel,
  MessageOn,
  MessageInput,
  Publication,
  ReceivedChannel,
} from '../../protocol/snorky-types.js';
import type { CallOptions } from '../calls/call-options.js';
import { tell } from '../calls/notifications.js';
import { RpcError, type ConnectorError } from '../errors.js';
import { RenewingService } from '../calls/renewing-service.js';
import type { Signal } from '../signal.js';
import { channelOf, type Channel, type HeardChannel } from './channel.js';

/** The name of a channel: any JSON. */
interface ChannelParams {
  readonly channel: JsonValue;
}

/**
 * The connector of the publish/subscribe service.
 *
 * Subscriptions outlive the connection: they are made again on the next one,
 * and `resubscribed` is dispatched. Messages that were published in between are
 * lost.
 *
 * @example
 * const { pubsub } = snorky.services;
 * pubsub.messageReceived.add(({ channel, message }) => { ... });
 * await pubsub.subscribe({ channel: 'announcements' });
 */
export class PubSub extends RenewingService<ChannelParams, null> {
  /** Dispatched with each message of the channels that are subscribed to. */
  declare readonly messageReceived: Signal<[Publication]>;
  /**
   * Dispatched with a channel when it was subscribed to again after a
   * reconnection. Messages since the loss have not arrived.
   */
  declare readonly resubscribed: Signal<[channel: ReceivedChannel]>;
  /**
   * Dispatched with a channel and the error when subscribing again was refused.
   * No more messages of it arrive.
   */
  declare readonly unsubscribed: Signal<
    [channel: ReceivedChannel, error: unknown]
  >;
  /** @internal The channels with listeners. */
  declare $listened: Set<HeardChannel>;
  /** Requests of `subscribe` that have no answer yet. */
  declare private $asked: Set<{ readonly key: string }>;

  /**
   * A channel as an object, with listeners of its own and a snapshot for
   * frameworks. Nothing is sent before it has a listener.
   */
  channel<const Name extends DeclaredChannel>(
    name: Name,
  ): Channel<MessageOn<Name>>;
  /** For a channel whose messages `SnorkyTypes` does not declare. */
  channel<Message = JsonValue, const Name = JsonValue>(
    name: ChannelInput<Name>,
  ): Channel<Message>;
  channel(name: unknown): never {
    // Copied: the caller may change the name later.
    return channelOf(jsonOf(name), this) as never;
  }

  /**
   * Subscribes to a channel, until `unsubscribe`. If the connection is lost
   * before the answer, the call is sent again.
   */
  subscribe<const Channel>(
    { channel }: { readonly channel: ChannelInput<Channel> },
    options?: CallOptions,
  ): Promise<null> {
    const asked = { key: canonicalKey(jsonOf(channel) as JsonValue) };
    const entering = this.$enter('subscribe', { channel }, options);
    const end = (): void => void this.$asked.delete(asked);
    this.$asked.add(asked);
    entering.then(end, end);
    return entering;
  }

  /** Ends a subscription. Nothing need be sent without a connection. */
  unsubscribe<const Channel>(
    { channel }: { readonly channel: ChannelInput<Channel> },
    options?: CallOptions,
  ): Promise<null> {
    const name = jsonOf(channel) as JsonValue;
    const left = this.$leave('unsubscribe', { channel: name }, options);
    // It was also the subscription of channel objects with listeners: they
    // subscribe again.
    const again = (): void => {
      for (const each of this.$of(name)) each.$ask();
    };
    left.then(again, again);
    return left;
  }

  /** Publishes a message, if the server allows clients to do so. */
  publish<const Channel, Message>(
    params: {
      readonly channel: ChannelInput<Channel>;
      readonly message: MessageInput<Channel, Message>;
    },
    options?: CallOptions,
  ): Promise<null> {
    return this.rpcCall<null>('publish', params, options, this.publish);
  }

  /** @internal */
  override $setUp(): void {
    super.$setUp();
    this.$signals('messageReceived', 'resubscribed', 'unsubscribed');
    this.$listened = new Set();
    this.$asked = new Set();
  }

  /** @internal */
  override $renewed({ channel }: ChannelParams): void {
    this.resubscribed.dispatch(channel as ReceivedChannel);
  }

  /** @internal */
  override $ended({ channel }: ChannelParams, error: unknown): void {
    this.unsubscribed.dispatch(channel as ReceivedChannel, error);
  }

  /** @internal */
  override $heard(notification: RpcNotification): boolean {
    const isMessage = tell(
      notification,
      'message',
      this.messageReceived,
      'channel',
      'message',
    );
    const { channel, message } = notification as unknown as Publication;
    if (isMessage) for (const each of this.$of(channel)) each.$receive(message);
    return isMessage;
  }

  /** @internal */
  override $connected(): void {
    // First, so that channel objects of the same channels are answered that
    // they are subscribed.
    super.$connected();
    for (const channel of this.$listened) channel.$ask();
  }

  /** @internal */
  override $lost(error: ConnectorError, final: boolean): void {
    super.$lost(error, final);
    for (const channel of this.$listened) channel.$lost();
  }

  /**
   * @internal Whether anything in this page is subscribed to the channel, or
   * about to be.
   */
  $isHeld(name: JsonValue): boolean {
    const key = canonicalKey(name);
    return (
      this.$of(name).length > 0 ||
      [...this.$asked].some((asked) => asked.key === key) ||
      this.$entryOf({ channel: name })?.isLeft === false
    );
  }

  /** @internal A channel object with listeners may have subscribed first. */
  override $isIn({ channel }: ChannelParams, error: unknown): boolean {
    return (
      error instanceof RpcError &&
      error.value === ALREADY_SUBSCRIBED &&
      this.$of(channel).length > 0 &&
      !this.$entryOf({ channel })
    );
  }

  /** The channel objects with listeners, of one channel. */
  private $of(name: JsonValue): HeardChannel[] {
    const all = [...this.$listened];
    const key = all.length > 0 && canonicalKey(name);
    return all.filter(({ $key }) => $key === key);
  }
}
