import { Inject, Optional } from '@nestjs/common';
import type { Broker } from '../../broker/ports/broker.js';
import type { MaybePromise } from '../../protocol/maybe-promise.js';
import type { Client } from '../../core/clients/client.js';
import { ClientTurns } from '../../core/clients/client-turns.js';
import type { ClassRules } from '../../core/json/class-rules.js';
import { encodeMessage } from '../../core/json/encoded-json.js';
import { freezeJson, frozenJson } from '../../core/json/frozen-json.js';
import { disown, whenReady } from '../../core/promise-like.js';
import { RpcError } from '../../core/rpc/rpc-error.js';
import { RpcService } from '../../core/rpc/rpc-service.js';
import { CLASS_RULES, SNORKY_BROKER } from '../../nest/setup/constants.js';
import { RpcCommand } from '../../nest/decorators/rpc-command.decorator.js';
import {
  ConnectedClient,
  RpcParam,
} from '../../nest/decorators/rpc-params.decorator.js';
import { SnorkyService } from '../../nest/decorators/snorky-service.decorator.js';
import { WireError } from '../../protocol/errors.js';
import type { JsonValue } from '../../protocol/json.js';
import type {
  ChannelInput,
  MessageInput,
} from '../../protocol/snorky-types.js';
import { ChannelFeeds } from './channel-feeds.js';
import { ChannelLimits } from './channel-limits.js';
import { leavingMessage } from './leaving-message.js';
import type { Publication } from './publication.js';
import { PubSubEngine } from './pubsub.engine.js';
import type { OccupancyEvent } from '../../core/observation/registry-event.js';
import {
  PUBSUB_OPTIONS,
  pubSubSettings,
  type PubSubSettings,
} from './pubsub-options.js';
import { SubscribedChannels } from './subscribed-channels.js';

interface State {
  readonly engine: PubSubEngine<Client>;
  readonly turns: ClientTurns;
  feeds: ChannelFeeds | undefined;
  limits: ChannelLimits | undefined;
}

/** See `Service` for why this is a symbol. */
const state: unique symbol = Symbol('snorky:pubsub');

/**
 * Channels that clients subscribe and publish to. Channels and messages are any
 * JSON; a channel exists while somebody is subscribed.
 *
 * Override the two policy hooks to decide who may subscribe and publish. Only
 * the answer `true` allows.
 *
 * @example
 * class PrivatePubSub extends PubSubService {
 *   override canPublish() { return false; }   // only the backend publishes
 * }
 */
@SnorkyService('pubsub')
export class PubSubService extends RpcService {
  // Optional, so that the error for a missing root module can name it.
  @Optional()
  @Inject(SNORKY_BROKER)
  protected readonly broker!: Broker;
  /** @internal */
  @Optional()
  @Inject(CLASS_RULES)
  protected readonly $rules: ClassRules | undefined;
  /** @internal Undefined in a service that `forFeature` makes. */
  @Optional()
  @Inject(PUBSUB_OPTIONS)
  protected readonly $options: PubSubSettings | undefined;

  private readonly [state]: State = {
    engine: new PubSubEngine(),
    turns: new ClientTurns(),
    feeds: undefined,
    limits: undefined,
  };

  /** @internal Made when first needed: a subclass may have an `onModuleInit`. */
  get $feeds(): ChannelFeeds {
    return (this[state].feeds ??= new ChannelFeeds(
      this.broker.topics,
      this,
      (key, publication) => this.$announce(key, publication),
      () => this.$missed(),
    ));
  }

  /** @internal */
  get $limits(): ChannelLimits {
    return (this[state].limits ??= new ChannelLimits(
      this,
      this.$options ?? pubSubSettings({}),
    ));
  }

  /** Whether a client may publish to a channel. @default everybody may */
  canPublish(_client: Client, _channel: JsonValue): MaybePromise<boolean> {
    return true;
  }

  /** Whether a client may subscribe to a channel. @default everybody may */
  canSubscribe(_client: Client, _channel: JsonValue): MaybePromise<boolean> {
    return true;
  }

  /** The channels that a client is subscribed to, for policies that count. */
  channelsOf(client: Client): SubscribedChannels {
    const { engine } = this[state];
    return new SubscribedChannels(() => engine.keysOf(client));
  }

  /**
   * Command. Errors: `Already subscribed`, `Not authorized`, `Channel too long`,
   * `Too many subscriptions`.
   */
  @RpcCommand()
  subscribe(
    @RpcParam('channel') channel: JsonValue,
    @ConnectedClient() client: Client,
  ): MaybePromise<void> {
    if (!client.connected) throw new RpcError(WireError.connectionRequired);
    const key = this.$limits.keyOf(channel);
    return this[state].turns.take(client, () => {
      const { engine } = this[state];
      if (engine.has(client, key)) {
        throw new RpcError(WireError.alreadySubscribed);
      }
      this.$limits.checkRoom(engine.keysOf(client).size);
      return whenAllowed(this.canSubscribe(client, channel), () =>
        whenReady(this.$feeds.acquire(key), () => {
          // The client may have gone while the broker was answering.
          if (client.connected) this.$enter(client, key);
          else this.$feeds.release(key);
        }),
      );
    });
  }

  /** Command. Errors: `Not subscribed`, `Channel too long`. */
  @RpcCommand()
  unsubscribe(
    @RpcParam('channel') channel: JsonValue,
    @ConnectedClient() client: Client,
  ): MaybePromise<void> {
    const key = this.$limits.keyOf(channel);
    return this[state].turns.take(client, () => {
      if (!this.$leave(client, key)) {
        throw new RpcError(WireError.notSubscribed);
      }
    });
  }

  /** Command. Errors: `Not authorized`, `Channel too long`. */
  @RpcCommand()
  publish(
    @RpcParam('channel') channel: JsonValue,
    @RpcParam('message') message: JsonValue,
    @ConnectedClient() client: Client,
  ): MaybePromise<void> {
    this.$limits.checkName(channel);
    const allowed = this.canPublish(client, channel);
    // The result may be read later; its rejection is not unhandled until then.
    disown(allowed);
    return this[state].turns.take(client, () =>
      whenAllowed(allowed, () => this.$publish(channel, message)),
    );
  }

  /**
   * Publishes from the server, whatever the policy hooks say. Settles when the
   * publication is queued for every subscriber of this node.
   *
   * The option `serialize` is applied to the message first, then the rules of
   * class-transformer's decorators, to instances anywhere in it.
   *
   * @throws NotJsonError when JSON cannot express the channel or the message.
   */
  broadcast<const Channel, Message>(
    channel: ChannelInput<Channel>,
    message: MessageInput<Channel, Message>,
  ): MaybePromise<void> {
    const key = frozenJson(channel, 'channel');
    const sent = this.$leaving(message, key);
    // Checked here, where there is a caller to tell. The nodes of subscribers
    // could only log it.
    encodeMessage('', sent);
    return this.$publish(key, sent);
  }

  /** @internal What is sent in place of a message that the server publishes. */
  $leaving(message: unknown, channel: JsonValue): JsonValue {
    return leavingMessage(message, channel, this.$options, this.$rules);
  }

  /** @internal */
  $publish(channel: JsonValue, message: JsonValue): MaybePromise<void> {
    const key = PubSubEngine.key(channel);
    return this.$feeds.publish(key, channel, message);
  }

  override onClientDisconnected(client: Client): void {
    for (const key of [...this[state].engine.keysOf(client)]) {
      this.$leave(client, key);
    }
  }

  /** @internal */
  $enter(client: Client, key: string): void {
    if (this[state].engine.add(client, key)) this.$tell('occupied', key);
  }

  /** @internal Answers whether the client was subscribed. */
  $leave(client: Client, key: string): boolean {
    const { engine } = this[state];
    if (!engine.delete(client, key)) return false;
    this.$feeds.release(key);
    if (!engine.isOccupied(key)) this.$tell('vacated', key);
    return true;
  }

  /** @internal */
  $tell(type: OccupancyEvent['type'], key: string): void {
    const { observers } = this.registry;
    if (!observers.hearsEvents) return;
    const { name: service } = this;
    const channel = freezeJson(PubSubEngine.channel(key));
    const event = { type, at: Date.now(), service, channel };
    observers.event(Object.freeze(event));
  }

  /** @internal */
  $announce(key: string, { channel, message }: Publication): void {
    const recipients = this[state].engine.recipients(key);
    if (recipients.size === 0) return;
    try {
      this.notify(recipients, { type: 'message', channel, message });
    } catch (error) {
      const failure = { reason: 'announce', service: this.name };
      this.registry.failed(failure, error, () => {
        return `Service "${this.name}" could not announce a publication`;
      });
    }
  }

  /**
   * @internal Publications were lost. They are not kept anywhere, so they
   * cannot be sent later.
   */
  $missed(): void {
    const { counters, log } = this.registry;
    counters.add('gaps', { service: this.name });
    log.warn(`gap:${this.name}`, () => {
      return `Publications of service "${this.name}" were lost, by the broker or because another version of the application writes them: some subscribers have missed some.`;
    });
  }
}

/**
 * Acts if a policy hook answers `true`, now or later. Any other answer refuses.
 */
function whenAllowed(
  allowed: MaybePromise<boolean>,
  act: () => MaybePromise<void>,
): MaybePromise<void> {
  return whenReady(allowed, (answer) => {
    if (answer !== true) throw new RpcError(WireError.notAuthorized);
    return act();
  });
}
