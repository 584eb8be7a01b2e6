import type { JsonValue } from '../protocol/json.js';
import type { RpcNotification } from '../protocol/rpc.js';
import type {
  ChannelInput,
  MessageInput,
  Publication,
  ReceivedChannel,
} from '../protocol/snorky-types.js';
import type { CallOptions } from './calls/call-options.js';
import { tell } from './calls/notifications.js';
import { RenewingService } from './calls/renewing-service.js';
import type { Signal } from './signal.js';

/** A channel: any JSON. */
interface ChannelParams {
  readonly channel: JsonValue;
}

/**
 * The connector of the publish/subscribe service.
 *
 * Subscriptions outlive the connection: they are made again on the next one.
 * What was published in between is lost, as `resubscribed` says.
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
   * Dispatched with a channel after a reconnection, when messages arrive again.
   * Those that were published since the loss have not arrived.
   */
  declare readonly resubscribed: Signal<[channel: ReceivedChannel]>;
  /**
   * Dispatched with a channel and the error when subscribing again was refused.
   * Nothing will arrive any more.
   */
  declare readonly unsubscribed: Signal<
    [channel: ReceivedChannel, error: unknown]
  >;

  /**
   * Subscribes to a channel, until `unsubscribe`. If the connection is lost
   * before the answer, it is sent again.
   */
  subscribe<const Channel>(
    { channel }: { readonly channel: ChannelInput<Channel> },
    options?: CallOptions,
  ): Promise<null> {
    return this.$enter('subscribe', { channel }, options);
  }

  /** Ends a subscription. Without a connection there is nothing to be sent. */
  unsubscribe<const Channel>(
    { channel }: { readonly channel: ChannelInput<Channel> },
    options?: CallOptions,
  ): Promise<null> {
    return this.$leave('unsubscribe', { channel }, options);
  }

  /** Publishes a message, where the server lets clients do so. */
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
    return tell(
      notification,
      'message',
      this.messageReceived,
      'channel',
      'message',
    );
  }
}
