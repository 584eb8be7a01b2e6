import { Inject } from '@nestjs/common';
import type { MaybePromise } from '../../protocol/maybe-promise.js';
import { RpcService } from '../../core/rpc/rpc-service.js';
import { RpcCommand } from '../../nest/decorators/rpc-command.decorator.js';
import { RpcParam } from '../../nest/decorators/rpc-params.decorator.js';
import { SnorkyService } from '../../nest/decorators/snorky-service.decorator.js';
import { DEFAULT_BACKEND_REGISTRY } from '../../nest/setup/constants.js';
import type {
  ChannelInput,
  MessageInput,
} from '../../protocol/snorky-types.js';
import { PubSubService } from './pubsub.service.js';

/** @internal The service that this backend publishes to. */
export const PUBSUB_TARGET = Symbol('snorky:pubsub');

/**
 * Lets trusted servers publish, whatever the policy hooks of the service say.
 * Inject it to publish from the application itself.
 */
@SnorkyService('pubsub_backend', { registry: DEFAULT_BACKEND_REGISTRY })
export class PubSubBackend extends RpcService {
  @Inject(PUBSUB_TARGET)
  protected readonly pubsub!: PubSubService;

  /** Command. Sends a message to all subscribers of a channel. */
  @RpcCommand()
  publish<const Channel, Message>(
    @RpcParam('channel') channel: ChannelInput<Channel>,
    @RpcParam('message') message: MessageInput<Channel, Message>,
  ): MaybePromise<void> {
    return this.pubsub.broadcast<Channel, Message>(channel, message);
  }
}
