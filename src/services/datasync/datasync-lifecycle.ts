import {
  type BeforeApplicationShutdown,
  Inject,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  Optional,
} from '@nestjs/common';
import type { Broker } from '../../broker/ports/broker.js';
import type { Client } from '../../core/clients/client.js';
import type { ClassRules } from '../../core/json/class-rules.js';
import { isPromiseLike, whenReady } from '../../core/promise-like.js';
import { RpcService } from '../../core/rpc/rpc-service.js';
import { CLASS_RULES, SNORKY_BROKER } from '../../nest/setup/constants.js';
import type { MaybePromise } from '../../protocol/maybe-promise.js';
import {
  DATASYNC_DEALERS,
  DATASYNC_MODELS,
  DATASYNC_SETTINGS,
  type DataSyncSettings,
} from './datasync-options.js';
import type { DataSyncRuntime } from './datasync-runtime.js';
import { DataSyncState, type DataSyncSetup } from './datasync-state.js';
import type { Dealer } from './dealers/dealer.js';
import type { ModelSettings } from './models/model-options.js';
import type { Models } from './models/models.js';

/** See `Service` for why this is a symbol. */
const state: unique symbol = Symbol('snorky:datasync');

/**
 * The part of `DataSyncService` that follows Nest and the clients: injection,
 * the start and the end of the service, and clients that leave. It has no
 * commands.
 */
export abstract class DataSyncLifecycle
  extends RpcService
  implements
    OnApplicationBootstrap,
    BeforeApplicationShutdown,
    OnApplicationShutdown
{
  // Optional, so that the error for a missing root module can name it.
  @Optional()
  @Inject(SNORKY_BROKER)
  protected readonly broker!: Broker;
  /** @internal */
  @Inject(DATASYNC_SETTINGS)
  protected readonly $settings!: DataSyncSettings;
  /** @internal */
  @Inject(DATASYNC_DEALERS)
  readonly $dealers!: readonly Dealer<never>[];
  /** @internal */
  @Inject(DATASYNC_MODELS)
  protected readonly $declared!: ReadonlyMap<string, ModelSettings>;
  /** @internal */
  @Optional()
  @Inject(CLASS_RULES)
  protected readonly $rules: ClassRules | undefined;

  private readonly [state] = new DataSyncState(this);

  /**
   * @internal The running parts, or a promise of them; undefined until they are
   * started.
   */
  get $running(): MaybePromise<DataSyncRuntime> | undefined {
    return this[state].running;
  }

  /** @internal Made at the first call, because the registry may come late. */
  get $models(): Models {
    const { [state]: mine } = this;
    return mine.knownModels ?? mine.models(this.$setup);
  }

  /** @internal */
  get $setup(): DataSyncSetup {
    return {
      service: this,
      broker: this.broker,
      settings: this.$settings,
      dealers: this.$dealers,
      declared: this.$declared,
      rules: this.$rules,
    };
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.$ready();
  }

  /**
   * Writes what waits now: the broker may be closed before
   * `onApplicationShutdown` is called here.
   */
  beforeApplicationShutdown(): void {
    this[state].started?.writer.stop();
  }

  onApplicationShutdown(): void {
    this[state].stop();
  }

  override onClientDisconnected(client: Client): void | Promise<void> {
    const left = whenReady(this.$ready(), ({ desk }) => desk.leave(client));
    if (isPromiseLike(left)) return Promise.resolve(left);
  }

  /** @internal */
  override $onIdentityChanged(client: Client): void {
    // No client has a subscription before the service has started.
    this[state].started?.desk.identityChanged(client);
  }

  /** @internal The running service, started when it is first needed. */
  $ready(): MaybePromise<DataSyncRuntime> {
    const { [state]: mine } = this;
    return mine.running ?? mine.start(this.$setup);
  }

  /** @internal Acts after the client's earlier requests. */
  $inTurn(
    client: Client,
    act: (running: DataSyncRuntime) => MaybePromise<void>,
  ): MaybePromise<void> {
    return this[state].turns.take(client, () => whenReady(this.$ready(), act));
  }
}
