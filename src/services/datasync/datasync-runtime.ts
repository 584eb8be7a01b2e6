import { AlarmClock, TIME_OF_DAY } from '../../broker/alarm-clock.js';
import type { Broker } from '../../broker/ports/broker.js';
import type { Stop } from '../../broker/ports/listening.js';
import type { Topics } from '../../broker/ports/topics.js';
import { Departures } from '../../core/clients/departures.js';
import { whenReady } from '../../core/promise-like.js';
import type { RpcService } from '../../core/rpc/rpc-service.js';
import { canonicalKey, type JsonValue } from '../../protocol/json.js';
import type { MaybePromise } from '../../protocol/maybe-promise.js';
import type { DataSyncEngine } from './datasync.engine.js';
import type { DataSyncSettings } from './datasync-options.js';
import { DeltaOutput } from './delivery/delta-output.js';
import { Notices } from './delivery/notices.js';
import { PositionBeacon } from './delivery/position-beacon.js';
import { Changes, type ChangeListener } from './log/changes.js';
import { EvictionWatch } from './log/eviction-watch.js';
import { logEnds } from './log/log-ends.js';
import { ReplaySchedule } from './log/replay-schedule.js';
import { Revocations } from './log/revocations.js';
import { LogWriter } from './log-writer.js';
import type { Models } from './models/models.js';
import { SubscriptionDesk } from './holding/desk.js';
import type { LifeContext } from './holding/life-context.js';
import { Retries } from './holding/retries.js';
import { TokenIssuer } from './tokens/token-issuer.js';
import { TokenStore } from './tokens/token-store.js';
import { TokenWarnings } from './tokens/token-warnings.js';

/** All parts of a DataSync service on this node, while it runs. */
export class DataSyncRuntime {
  readonly desk: SubscriptionDesk;
  readonly issuer: TokenIssuer;
  readonly writer: LogWriter;
  private readonly warnings: TokenWarnings;
  private readonly store: TokenStore;
  private readonly changes: Changes;
  private readonly revocations: Revocations;
  private readonly output: DeltaOutput;
  private readonly beacon: PositionBeacon;
  private readonly watch: EvictionWatch;
  private readonly departures: Departures;
  private readonly expiries = new AlarmClock(TIME_OF_DAY);
  private readonly retries = new Retries();
  private readonly stops: Stop[] = [];

  constructor(
    private readonly service: RpcService,
    private readonly engine: DataSyncEngine,
    private readonly broker: Broker,
    private readonly models: Models,
    settings: DataSyncSettings,
  ) {
    this.warnings = new TokenWarnings(service);
    const { topics } = broker;
    const compare: Topics['compare'] = (left, right) =>
      topics.compare(left, right);
    const scope = `datasync:${service.registry.name}/${service.name}`;
    const { log, tokenTimeout, maxTokens, maxSubscriptions } = settings;
    this.store = new TokenStore(broker, scope, tokenTimeout, maxTokens);
    this.beacon = new PositionBeacon(log, (subscription, position) =>
      this.output.position(subscription, position),
    );
    this.output = new DeltaOutput(
      service,
      engine,
      (subscriptions) => this.beacon.told(subscriptions),
      compare,
    );
    this.watch = new EvictionWatch(log, tokenTimeout, () =>
      this.warnings.evicted(),
    );
    this.changes = new Changes(
      topics.log(scope, log),
      compare,
      this.listener(),
    );
    this.revocations = new Revocations(
      topics.log(`revoked:${scope}`, settings.revocations),
      compare,
      {
        revoked: (revocation, at) => this.desk.revoked(revocation, at),
        unreadable: () => this.unreadable(),
        gap: () => this.gap(),
        uncovered: () => this.warnings.revocationsUncovered(),
      },
    );
    this.writer = new LogWriter({
      service,
      engine,
      models,
      changes: this.changes,
      revocations: this.revocations,
    });
    this.departures = new Departures(settings.closesPerSecond);
    this.issuer = new TokenIssuer({
      store: this.store,
      watch: this.watch,
      warnings: this.warnings,
      maxItems: settings.maxItems,
      checkItems: (items) => engine.checkItems(items),
      ends: () => logEnds(this.changes, this.revocations),
    });
    const context = this.lifeContext(compare, settings.fetchesPerSecond);
    this.desk = new SubscriptionDesk(context, maxSubscriptions);
  }

  start(): MaybePromise<void> {
    const heard = this.store.onTaken(
      (token, holder) => this.desk.taken(token, holder),
      () => this.desk.doubted(),
    );
    return whenReady(heard, (stop) => {
      this.stops.push(
        stop,
        // This node has lost its leases: its tokens may have other holders, or
        // be gone.
        this.broker.directory.onLost(() => this.desk.doubted()),
      );
      // Runs before any client can hold a token. Earlier revocations are read
      // from the log.
      return whenReady(this.revocations.reader.start(), () =>
        this.changes.reader.start(),
      );
    });
  }

  stop(): void {
    this.writer.stop();
    this.changes.reader.stop();
    this.revocations.reader.stop();
    this.beacon.stop();
    this.retries.stop();
    this.expiries.stop();
    this.departures.stop();
    for (const stop of this.stops.splice(0)) stop();
  }

  private listener(): ChangeListener {
    return {
      begins: (measure) => {
        // Counted before subscriptions are told: those that are told have had
        // this entry.
        this.beacon.count(measure);
      },
      deltas: (deltas, position, isOwn) => {
        // The models have learned from this node's own deltas when those were
        // published.
        if (!isOwn) this.models.learn(deltas);
        this.output.live(deltas, position);
      },
      invalidated: (models, position) =>
        this.desk.invalidated(models, position),
      revoked: (revocation, at) => this.desk.revoked(revocation, at),
      unreadable: () => this.unreadable(),
      ends: (position, measure) => {
        this.beacon.advance(position);
        this.watch.advance(measure);
      },
      gap: () => {
        this.beacon.gap();
        this.watch.gap();
        this.gap();
      },
      uncovered: () => this.warnings.uncovered(),
    };
  }

  private lifeContext(
    compare: Topics['compare'],
    fetchesPerSecond: number,
  ): LifeContext {
    const { service, warnings, output } = this;
    return {
      store: this.store,
      engine: this.engine,
      changes: this.changes,
      revocations: this.revocations,
      output,
      beacon: this.beacon,
      notices: new Notices(
        (client, text) => output.tell(client, text),
        this.departures,
        fetchesPerSecond,
      ),
      schedule: new ReplaySchedule(),
      expiries: this.expiries,
      retries: this.retries,
      compare,
      identityOf: ({ identity }) =>
        identity === null ? undefined : canonicalKey(identity as JsonValue),
      clientsOf: (identity) => service.registry.clientsOf(identity),
      counted: (by) => {
        const labels = { service: service.name };
        service.registry.counters.add('subscriptions', labels, by);
      },
      arrived: (token) => this.watch.forget(token),
      mismatched: () => warnings.mismatched(),
      unreadable: () => warnings.unreadableToken(),
      failed: (error) => {
        const failure = { reason: 'broker', service: service.name };
        service.registry.failed(failure, error, () => 'The broker failed');
      },
    };
  }

  /** Handles an entry that this version cannot read like one that was lost. */
  private unreadable(): void {
    this.desk.gap();
    this.warnings.unreadable();
  }

  private gap(): void {
    this.desk.gap();
    this.warnings.gap();
  }
}
