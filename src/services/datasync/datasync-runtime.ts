import type { Broker } from '../../broker/ports/broker.js';
import type { Stop } from '../../broker/ports/listening.js';
import type { Position, TopicEntry } from '../../broker/ports/log.js';
import type { Topics } from '../../broker/ports/topics.js';
import type { MaybePromise } from '../../protocol/maybe-promise.js';
import { afterPart } from '../../core/after-part.js';
import type { RpcService } from '../../core/rpc/rpc-service.js';
import { disown, whenReady } from '../../core/promise-like.js';
import { RpcError } from '../../core/rpc/rpc-error.js';
import { encodeJson } from '../../protocol/envelope.js';
import { WireError } from '../../protocol/errors.js';
import { canonicalKey, type JsonValue } from '../../protocol/json.js';
import { AlarmClock, TIME_OF_DAY } from '../../broker/alarm-clock.js';
import type { AuthorizationTerms } from './requests/authorize-options.js';
import type { DataSyncEngine } from './datasync.engine.js';
import type { DataSyncSettings } from './datasync-options.js';
import type { Delta } from '../../protocol/delta.js';
import { DeltaOutput } from './delivery/delta-output.js';
import { Invalidations } from './log/invalidations.js';
import {
  deltasEntry,
  invalidateEntry,
  readEntry,
  readRevocationEntry,
  revocationEntry,
  revokeEntry,
  type LogEntry,
} from './log/log-entry.js';
import { LogReader } from './log/log-reader.js';
import type { Models } from './models/models.js';
import type { Publication } from './models/publication.js';
import { Departures } from '../../core/clients/departures.js';
import { SubscriptionDesk } from './subscription/desk.js';
import { EvictionWatch } from './log/eviction-watch.js';
import type { RevocationLog } from './subscription/life-context.js';
import type { ItemRequest } from './tokens/authorization.js';
import { Notices } from './delivery/notices.js';
import { PositionBeacon } from './delivery/position-beacon.js';
import { ReplaySchedule } from './log/replay-schedule.js';
import { Retries } from './subscription/retries.js';
import type { RevocationTerms } from './tokens/revocation.js';
import { SubscriptionStore } from './tokens/store.js';
import { TokenWarnings } from './tokens/token-warnings.js';
import { isToken, newToken } from './tokens/token.js';

/** All parts of a DataSync service on this node, while it runs. */
export class DataSyncRuntime {
  readonly desk: SubscriptionDesk;
  private readonly warnings: TokenWarnings;
  private readonly store: SubscriptionStore;
  private readonly reader: LogReader;
  private readonly revocations: LogReader;
  private revocationsHeard: Position | undefined;
  private readonly output: DeltaOutput;
  private readonly beacon: PositionBeacon;
  private readonly watch: EvictionWatch;
  private readonly invalidations: Invalidations;
  private readonly departures: Departures;
  private readonly expiries = new AlarmClock(TIME_OF_DAY);
  private readonly retries = new Retries();
  private readonly stops: Stop[] = [];
  /** What this node is publishing: it has learned from that already. */
  private publishing: readonly Delta[] | undefined;

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
    this.store = new SubscriptionStore(broker, scope, tokenTimeout, maxTokens);
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
    this.reader = new LogReader(
      topics.log(scope, log),
      compare,
      (entry) => this.read(entry),
      () => this.gap(),
    );
    this.revocations = new LogReader(
      topics.log(`revoked:${scope}`, settings.revocations),
      compare,
      (entry) => this.readRevoked(entry),
      () => this.revocationsGap(),
    );
    this.invalidations = new Invalidations((models) =>
      this.reader.append(invalidateEntry(models)),
    );
    this.departures = new Departures(settings.closesPerSecond);
    this.desk = new SubscriptionDesk(
      {
        store: this.store,
        engine,
        deltas: {
          reader: this.reader,
          uncovered: () => this.warnings.uncovered(),
        },
        revocations: this.revocationLog(),
        output: this.output,
        beacon: this.beacon,
        notices: new Notices(
          (client, text) => this.output.tell(client, text),
          this.departures,
          settings.fetchesPerSecond,
        ),
        schedule: new ReplaySchedule(),
        expiries: this.expiries,
        retries: this.retries,
        compare,
        identityOf: ({ identity }) =>
          identity === null ? undefined : canonicalKey(identity as JsonValue),
        clientsOf: (identity) => service.registry.clientsOf(identity),
        arrived: (token) => this.watch.forget(token),
        mismatched: () => this.warnings.mismatched(),
        unreadable: () => this.warnings.unreadableToken(),
        failed: (error) => {
          service.registry.failed(
            { reason: 'broker', service: service.name },
            error,
            () => 'The broker failed',
          );
        },
      },
      maxSubscriptions,
    );
  }

  start(): MaybePromise<void> {
    const heard = this.store.onTaken(
      (token, holder) => this.desk.taken(token, holder),
      () => this.desk.doubted(),
    );
    return whenReady(heard, (stop) => {
      this.stops.push(
        stop,
        // What this node held may be somebody else's, or gone.
        this.broker.directory.onLost(() => this.desk.doubted()),
      );
      // Before anybody can hold anything: what is not heard here, is read.
      return whenReady(this.revocations.start(), () => this.reader.start());
    });
  }

  stop(): void {
    this.invalidations.stop();
    this.reader.stop();
    this.revocations.stop();
    this.beacon.stop();
    this.retries.stop();
    this.expiries.stop();
    this.departures.stop();
    for (const stop of this.stops.splice(0)) stop();
  }

  authorize(
    items: readonly ItemRequest[],
    terms: AuthorizationTerms,
  ): MaybePromise<string> {
    const { store, watch } = this;
    const { waiting } = store;
    if (waiting.full) throw this.warnings.full();
    const token = newToken();
    const put = waiting.addIf(token, () =>
      whenReady(this.ends(), ({ position, revocations }) =>
        store.put(token, { items, position, revocations, ...terms }),
      ),
    );
    return whenReady(put, () => {
      watch.authorized(token);
      return token;
    });
  }

  /** Takes back a token that nobody was given. */
  async withdraw(token: string): Promise<void> {
    this.watch.forget(token);
    await this.store.withdraw(token);
  }

  publish({ deltas, stale }: Publication): MaybePromise<void> {
    const appended = deltas.length === 0 ? undefined : this.append(deltas);
    return whenReady(appended, () => {
      if (stale.size === 0) return;
      return appended === undefined
        ? this.fetchAgain(stale)
        : afterPart(() => this.fetchAgain(stale));
    });
  }

  invalidate(models: readonly string[]): MaybePromise<void> {
    return this.invalidations.add(
      models.filter((model) => this.models.find(model, '"fetch again"')),
    );
  }

  /** Settles when what this node has of them is silent. */
  revoke(terms: RevocationTerms): MaybePromise<void> {
    const { dealer, token } = terms;
    if (dealer !== undefined && !this.engine.hasDealer(dealer)) {
      throw new RpcError(WireError.noSuchDealer);
    }
    // Nobody can have it.
    if (token !== undefined && !isToken(token)) return;
    // First where those who come are looked up, or one could come in between.
    const logged = this.revocations.append(revocationEntry(terms));
    return whenReady(logged, (at) =>
      whenReady(
        afterPart(() => this.reader.append(revokeEntry(terms, at))),
        () => {},
      ),
    );
  }

  private append(deltas: readonly Delta[]): MaybePromise<Position> {
    this.publishing = deltas;
    try {
      return this.reader.append(deltasEntry(deltas));
    } finally {
      this.publishing = undefined;
    }
  }

  /** Where both logs end now. */
  private ends(): MaybePromise<{ position: Position; revocations: Position }> {
    const revocations = this.revocations.end();
    const position = this.reader.end();
    // If the other one fails, nobody waits for it.
    disown(position);
    return whenReady(revocations, (revoked) =>
      whenReady(position, (last) => ({
        position: last,
        revocations: revoked,
      })),
    );
  }

  private revocationLog(): RevocationLog {
    const reader = this.revocations;
    const heard = (): Position | undefined => this.revocationsHeard;
    return {
      reader,
      uncovered: () => this.warnings.revocationsUncovered(),
      get heard() {
        return heard();
      },
    };
  }

  private readRevoked(entry: TopicEntry): void {
    const { position } = entry;
    const revocation = readRevocationEntry(entry);
    if (revocation === undefined) this.unreadable();
    else this.desk.revoked(revocation, position);
    // After all have been told: a token that is let go meanwhile was not.
    this.revocationsHeard = position;
  }

  /** An entry that says what nobody here understands is as good as lost. */
  private unreadable(): void {
    this.desk.gap();
    this.warnings.unreadable();
  }

  /**
   * What subscriptions were told of the log until now may lack something for ever,
   * so that nothing after it may be told to them.
   */
  private gap(): void {
    this.beacon.gap();
    this.watch.gap();
    this.desk.gap();
    this.warnings.gap();
  }

  /** Somebody who was to lose a subscription may have it still. */
  private revocationsGap(): void {
    this.revocationsHeard = undefined;
    this.desk.gap();
    this.warnings.gap();
  }

  /** The publisher does not wait for what is merged with later ones. */
  private fetchAgain(models: ReadonlySet<string>): MaybePromise<void> {
    const { registry, name } = this.service;
    return this.invalidations.soon(models, (error) => {
      const failure = { reason: 'invalidate', service: name };
      registry.failed(failure, error, () => {
        return `Service "${name}" could not have rows fetched again`;
      });
    });
  }

  private read(entry: TopicEntry): void {
    const measure = measureOnce(entry);
    // Before it is told: who is told of it has had it.
    this.beacon.count(measure);
    this.route(entry, readEntry(entry));
    this.beacon.advance(entry.position);
    this.watch.advance(measure);
  }

  private route(entry: TopicEntry, said: LogEntry): void {
    switch (said.kind) {
      case 'deltas':
        if (said.deltas !== this.publishing) this.models.learn(said.deltas);
        this.output.live(said.deltas, entry.position);
        break;
      case 'invalidate':
        this.desk.invalidated(new Set(said.models), entry.position);
        break;
      case 'revoke':
        this.desk.revoked(said.revocation, said.at);
        break;
      case 'unreadable':
        this.unreadable();
        break;
    }
  }
}

/** The size of an entry, made when it is first asked for. */
function measureOnce({ value }: TopicEntry): () => number {
  let size: number | undefined;
  return () => (size ??= encodeJson(value).length);
}
