import type { Broker } from '../../broker/ports/broker.js';
import { ClientTurns } from '../../core/clients/client-turns.js';
import type { ClassRules } from '../../core/json/class-rules.js';
import { isPromiseLike, whenReady } from '../../core/promise-like.js';
import type { RpcService } from '../../core/rpc/rpc-service.js';
import type { MaybePromise } from '../../protocol/maybe-promise.js';
import { DataSyncEngine } from './datasync.engine.js';
import { DataSyncRuntime } from './datasync-runtime.js';
import type { DataSyncSettings } from './datasync-options.js';
import { checkDealers } from './dealers/check-dealers.js';
import type { Dealer } from './dealers/dealer.js';
import type { ModelSettings } from './models/model-options.js';
import { Models } from './models/models.js';

/** What Nest injects into a DataSync service. */
export interface DataSyncSetup {
  readonly service: RpcService;
  readonly broker: Broker;
  readonly settings: DataSyncSettings;
  readonly dealers: readonly Dealer<never>[];
  readonly declared: ReadonlyMap<string, ModelSettings>;
  readonly rules: ClassRules | undefined;
}

/**
 * The state of a DataSync service, made when it is first needed. All copies
 * that Nest makes of the service share it.
 */
export class DataSyncState {
  readonly engine: DataSyncEngine;
  readonly turns = new ClientTurns();
  private starting: MaybePromise<DataSyncRuntime> | undefined;
  private made: Models | undefined;
  private readonly stops: (() => void)[] = [];

  /** @param service It has its name and its registry only later. */
  constructor(service: Pick<RpcService, 'name' | 'registry'>) {
    this.engine = new DataSyncEngine((dealer, error) => {
      const failure = {
        reason: 'dealer',
        service: service.name,
        what: dealer.name,
      };
      service.registry.failed(failure, error, () => {
        return `Dealer "${dealer.name}" failed on a change, of which its subscribers do not hear`;
      });
    });
  }

  /**
   * The running parts, or a promise of them; undefined until they are started.
   */
  get running(): MaybePromise<DataSyncRuntime> | undefined {
    return this.starting;
  }

  /** The running parts; undefined until they have started. */
  get started(): DataSyncRuntime | undefined {
    const { starting } = this;
    return starting === undefined || isPromiseLike(starting)
      ? undefined
      : starting;
  }

  /** Undefined until they are made. */
  get knownModels(): Models | undefined {
    return this.made;
  }

  /** The models, made at the first call: the registry may come late. */
  models({ service, dealers, declared, rules }: DataSyncSetup): Models {
    const { name, registry } = service;
    return (this.made ??= new Models(name, registry, dealers, declared, rules));
  }

  start(setup: DataSyncSetup): MaybePromise<DataSyncRuntime> {
    this.starting ??= whenReady(this.run(setup), (running) => {
      this.starting = running;
      return running;
    });
    return this.starting;
  }

  stop(): void {
    for (const stop of this.stops.splice(0)) stop();
  }

  private run(setup: DataSyncSetup): MaybePromise<DataSyncRuntime> {
    const { service, broker, dealers, settings } = setup;
    checkDealers(dealers, service.name, this);
    for (const dealer of dealers) this.engine.addDealer(dealer);
    const runtime = new DataSyncRuntime(
      service,
      this.engine,
      broker,
      this.models(setup),
      settings,
    );
    this.stops.push(
      () => {
        for (const dealer of dealers) dealer.detach();
      },
      () => runtime.stop(),
    );
    return whenReady(runtime.start(), () => runtime);
  }
}
