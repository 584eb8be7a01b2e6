import { canonicalKey, type JsonValue } from '../protocol/json.js';
import type { RpcNotification } from '../protocol/rpc.js';
import type { CallOptions } from './call-options.js';
import { ConnectorError } from './errors.js';
import { RPCService } from './rpc-service.js';
import type { Signal } from './signal.js';

/** A message that was published to a channel. */
export interface Publication {
  readonly channel: JsonValue;
  readonly message: JsonValue;
}

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
export class PubSub extends RPCService {
  /** Dispatched with each message of the channels that are subscribed to. */
  declare readonly messageReceived: Signal<[Publication]>;
  /**
   * Dispatched with a channel after a reconnection, when messages arrive again.
   * Those that were published since the loss have not arrived.
   */
  declare readonly resubscribed: Signal<[channel: JsonValue]>;
  /**
   * Dispatched with a channel and the error when subscribing again was refused.
   * Nothing will arrive any more.
   */
  declare readonly unsubscribed: Signal<[channel: JsonValue, error: unknown]>;
  /** What is to be subscribed to again, by its canonical key. */
  declare private channels: Map<string, JsonValue>;

  /**
   * Subscribes to a channel, until `unsubscribe`. If the connection is lost
   * before the answer, it is sent again.
   */
  subscribe(params: ChannelParams, options?: CallOptions): Promise<null> {
    const { channel } = params;
    return this.rpcCall<null>('subscribe', params, {
      repeat: true,
      ...options,
    }).then((result) => {
      this.channels.set(canonicalKey(channel), channel);
      return result;
    });
  }

  /** Ends a subscription. Without a connection there is nothing to be sent. */
  unsubscribe(params: ChannelParams, options?: CallOptions): Promise<null> {
    const key = canonicalKey(params.channel);
    const known = this.channels.delete(key);
    if (known && this.snorky.state !== 'connected') {
      return new this.snorky.Promise((resolve) => resolve(null));
    }
    return this.rpcCall<null>('unsubscribe', params, options).then(
      (result) => {
        // The answer to `subscribe` may have come after the question.
        this.channels.delete(key);
        return result;
      },
      (error: unknown) => {
        // The subscription has ended together with the connection.
        if (known && isLoss(error)) return null;
        throw error;
      },
    );
  }

  /** Publishes a message, where the server lets clients do so. */
  publish(params: Publication, options?: CallOptions): Promise<null> {
    return this.rpcCall<null>('publish', params, options);
  }

  /** @internal */
  override $setUp(): void {
    super.$setUp();
    const { Signal } = this.snorky;
    this.channels = new Map();
    Object.assign(this, {
      messageReceived: new Signal<[Publication]>(),
      resubscribed: new Signal<[JsonValue]>(),
      unsubscribed: new Signal<[JsonValue, unknown]>(),
    });
    this.notificationReceived.add(this.onNotification, this);
  }

  /** @internal */
  override $connected(): void {
    for (const [key, channel] of this.channels) {
      this.rpcCall('subscribe', { channel }, { timeout: 0 }).then(
        () => {
          if (this.channels.has(key)) this.resubscribed.dispatch(channel);
        },
        (error: unknown) => {
          // The next connection is another chance.
          if (error instanceof ConnectorError) return;
          this.channels.delete(key);
          this.unsubscribed.dispatch(channel, error);
        },
      );
    }
  }

  private onNotification(notification: RpcNotification): void {
    const { type, channel, message } = notification;
    if (type !== 'message' || channel === undefined || message === undefined) {
      this.$strange('an unknown notification', notification);
      return;
    }
    this.messageReceived.dispatch({ channel, message });
  }
}

function isLoss(error: unknown): boolean {
  return (
    error instanceof ConnectorError &&
    (error.code === 'SNORKY_CONNECTION_LOST' ||
      error.code === 'SNORKY_DISCONNECTED' ||
      error.code === 'SNORKY_STOPPED')
  );
}
