import { isLonger } from '../../core/json/is-longer.js';
import { RpcError } from '../../core/rpc/rpc-error.js';
import type { RpcService } from '../../core/rpc/rpc-service.js';
import { WireError } from '../../protocol/errors.js';
import type { JsonValue } from '../../protocol/json.js';
import type { PubSubSettings } from './pubsub-options.js';
import { PubSubEngine } from './pubsub.engine.js';

/**
 * What a client may have of channels. The counter and the log tell what was
 * refused.
 */
export class ChannelLimits {
  constructor(
    private readonly service: RpcService,
    private readonly settings: PubSubSettings,
  ) {}

  /**
   * The key of a channel that a client names.
   *
   * @throws RpcError if the name is too long.
   */
  keyOf(channel: JsonValue): string {
    this.checkName(channel);
    return PubSubEngine.key(channel);
  }

  /** @throws RpcError if the name is too long. */
  checkName(channel: JsonValue): void {
    const { maxChannel } = this.settings;
    if (isLonger(channel, maxChannel)) {
      throw this.beyond('channel', 'maxChannel', WireError.channelTooLong);
    }
  }

  /**
   * @param subscribed The number of channels that a client has.
   * @throws RpcError if there may not be another one.
   */
  checkRoom(subscribed: number): void {
    const { maxSubscriptions } = this.settings;
    if (subscribed >= maxSubscriptions) {
      const text = WireError.tooManySubscriptions;
      throw this.beyond('subscriptions', 'maxSubscriptions', text);
    }
  }

  private beyond(reason: string, option: string, text: string): RpcError {
    const { name: service, registry } = this.service;
    registry.counters.add('overLimit', { service, reason });
    registry.log.warn(`limit:${service}/${reason}`, () => {
      return `"${service}" refused a client: ${text}. If so much is expected, raise the option \`${option}\`.`;
    });
    return new RpcError(text);
  }
}
