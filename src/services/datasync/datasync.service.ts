import {
  Inject,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  Optional,
} from '@nestjs/common';
import type {
  Broker,
  MaybePromise,
  Stop,
  TopicEntry,
} from '../../broker/ports.js';
import type { Client } from '../../core/client.js';
import { ClientTurns } from '../../core/client-turns.js';
import { isPromiseLike, whenReady } from '../../core/promise-like.js';
import { RpcError } from '../../core/rpc-error.js';
import type { RpcRequest } from '../../core/rpc-request.js';
import { RpcService } from '../../core/rpc-service.js';
import { SNORKY_BROKER } from '../../nest/constants.js';
import { RpcCommand } from '../../nest/decorators/rpc-command.decorator.js';
import {
  ConnectedClient,
  CurrentRequest,
  RpcParam,
} from '../../nest/decorators/rpc-params.decorator.js';
import { SnorkyService } from '../../nest/decorators/snorky-service.decorator.js';
import { encodeJson } from '../../protocol/envelope.js';
import { WireError } from '../../protocol/errors.js';
import { canonicalKey, type JsonValue } from '../../protocol/json.js';
import { DataSyncEngine } from './datasync.engine.js';
import type { DataSyncSettings } from './datasync-options.js';
import { checkDealers } from './dealers/check-dealers.js';
import type { Dealer } from './dealers/dealer.js';
import { parseDeltas, type Delta } from './delta.js';
import { DeltaOutput } from './delta-output.js';
import { LogReader } from './log-reader.js';
import { SubscriptionDesk } from './subscription/desk.js';
import { EvictionWatch } from './subscription/eviction-watch.js';
import type { ItemRequest } from './subscription/life-states.js';
import { Notices } from './subscription/notices.js';
import { PositionBeacon } from './subscription/position-beacon.js';
import { ReplaySchedule } from './subscription/replay-schedule.js';
import { Retries } from './subscription/retries.js';
import { SubscriptionStore } from './subscription/store.js';
import { isToken, newToken } from './token.js';

/** @internal */
export const DATASYNC_SETTINGS = Symbol('snorky:datasync-settings');
/** @internal */
export const DATASYNC_DEALERS = Symbol('snorky:datasync-dealers');

/** Everything of a running service. */
interface Running {
  readonly desk: SubscriptionDesk;
  readonly reader: LogReader;
  readonly store: SubscriptionStore;
  readonly watch: EvictionWatch;
}

interface State {
  readonly engine: DataSyncEngine;
  readonly turns: ClientTurns;
  /** What to do at the end. */
  readonly stops: Stop[];
  running: MaybePromise<Running> | undefined;
}

/** See `Service` for why there is one. */
const state: unique symbol = Symbol('snorky:datasync');

/**
 * Live data: clients who were authorized for parts of the application's data
 * hear of every change to them, in the order of the log, once.
 *
 * The application publishes deltas and authorizes subscriptions, through the
 * backend service or in process; dealers decide who hears what.
 */
@SnorkyService('datasync')
export class DataSyncService
  extends RpcService
  implements OnApplicationBootstrap, OnApplicationShutdown
{
  // Optional, so that a root module that is missing is told by its name.
  @Optional()
  @Inject(SNORKY_BROKER)
  protected readonly broker!: Broker;
  /** @internal */
  @Inject(DATASYNC_SETTINGS)
  protected readonly $settings!: DataSyncSettings;
  /** @internal */
  @Inject(DATASYNC_DEALERS)
  readonly $dealers!: readonly Dealer<never>[];

  private readonly [state]: State = {
    engine: new DataSyncEngine((dealer, error) => {
      this.registry.failed(`dealer:${dealer.name}`, error, () => {
        return `Dealer "${dealer.name}" failed on a change, of which its subscribers do not hear`;
      });
    }),
    turns: new ClientTurns(),
    stops: [],
    running: undefined,
  };

  /** @internal Undefined until it is started. */
  get $running(): MaybePromise<Running> | undefined {
    return this[state].running;
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.$ready();
  }

  onApplicationShutdown(): void {
    for (const stop of this[state].stops.splice(0)) stop();
  }

  // For clients

  /**
   * Command. With `resume: true`, from `since` on, the token may come again on
   * another connection. Errors: `token must be string`, `No such subscription`,
   * `Subscription expired`, `Too many subscriptions`.
   */
  @RpcCommand()
  acquireSubscription(
    @RpcParam('token') token: JsonValue,
    @RpcParam('resume', { optional: true }) resume: JsonValue | undefined,
    @RpcParam('since', { optional: true }) since: JsonValue | undefined,
    @CurrentRequest() request: RpcRequest,
  ): MaybePromise<void> {
    const { client } = request;
    if (!client.connected) throw new RpcError(WireError.connectionRequired);
    if (typeof token !== 'string') {
      throw new RpcError(WireError.tokenNotAString);
    }
    if (!isToken(token)) throw new RpcError(WireError.noSuchSubscription);
    const resumes = resume === true;
    if (!resumes && ((resume ?? false) !== false || since !== undefined)) {
      throw new RpcError(WireError.invalidParams);
    }
    return this[state].turns.take(client, () =>
      whenReady(this.$ready(), ({ desk }) =>
        desk.acquire({
          token,
          client,
          resume: resumes,
          since,
          answer: (result) => request.reply(result),
        }),
      ),
    );
  }

  /** Command. Errors: `token must be string`, `No such subscription`. */
  @RpcCommand()
  cancelSubscription(
    @RpcParam('token') token: JsonValue,
    @ConnectedClient() client: Client,
  ): MaybePromise<void> {
    if (typeof token !== 'string') {
      throw new RpcError(WireError.tokenNotAString);
    }
    return this[state].turns.take(client, () =>
      whenReady(this.$ready(), ({ desk }) => desk.cancel(token, client)),
    );
  }

  override onClientDisconnected(client: Client): void | Promise<void> {
    const left = whenReady(this.$ready(), ({ desk }) => desk.leave(client));
    if (isPromiseLike(left)) return Promise.resolve(left);
  }

  // For the application

  /**
   * Publishes a batch of changes: one entry of the log. Call it after the
   * transaction has been committed. Deltas of models without a dealer are
   * ignored.
   *
   * Settles when all subscribers of this node have it queued.
   *
   * @throws RpcError when one of them is no delta; nothing is published then.
   */
  publishDeltas(deltas: readonly Delta<unknown>[]): MaybePromise<void> {
    // As it would have come over the wire: dates as text, and nobody's object
    // that changes while the log remembers it.
    return this.$publish(JSON.parse(encodeJson(deltas)) as JsonValue);
  }

  /**
   * Gives a token with which a client can acquire a subscription. It is a secret
   * of whoever may have it, good for `tokenTimeout` milliseconds.
   *
   * @throws RpcError when an item cannot be subscribed to, or too many tokens
   *   wait.
   */
  authorizeSubscription(items: readonly ItemRequest[]): MaybePromise<string> {
    // A query that changes while an index has it could not be removed from it.
    return this.$authorize(JSON.parse(encodeJson(items)) as JsonValue);
  }

  /**
   * Reads data for a client who is to hear of its changes: authorizes first,
   * then runs the query, so that no change falls in between.
   *
   * @example
   * const { token, data } = await datasync.snapshot(
   *   [{ dealer: 'AllTasks', query: null }],
   *   () => this.tasks.find(),
   * );
   */
  async snapshot<Data>(
    items: readonly ItemRequest[],
    query: () => Data | PromiseLike<Data>,
  ): Promise<{ readonly token: string; readonly data: Awaited<Data> }> {
    const token = await this.authorizeSubscription(items);
    try {
      return { token, data: await query() };
    } catch (error) {
      await this.$withdraw(token);
      throw error;
    }
  }

  /** @internal Takes back a token that nobody was given. */
  async $withdraw(token: string): Promise<void> {
    const { store, watch } = await this.$ready();
    watch.forget(token);
    await store.withdraw(token);
  }

  /** @internal */
  $authorize(items: JsonValue): MaybePromise<string> {
    if (Array.isArray(items) && items.length > this.$settings.maxItems) {
      throw new RpcError(WireError.tooManyItems);
    }
    const token = newToken();
    return whenReady(this.$ready(), ({ reader, store, watch }) => {
      const { waiting } = store;
      const checked = this[state].engine.checkItems(items);
      if (waiting.full) throw this.$full();
      const put = waiting.addIf(token, () =>
        whenReady(this.broker.topics.position(reader.topic), (position) =>
          store.put(token, { items: checked, position }),
        ),
      );
      return whenReady(put, () => {
        watch.authorized(token);
        return token;
      });
    });
  }

  /** @internal */
  $publish(value: JsonValue): MaybePromise<void> {
    const all = parseDeltas(value);
    return whenReady(this.$ready(), ({ reader }) => {
      const deltas = all.filter(({ model }) => this.$knows(model));
      if (deltas.length === 0) return;
      const appended = reader.append(deltas as unknown as JsonValue);
      return whenReady(appended, () => {});
    });
  }

  /** @internal */
  $knows(model: string): boolean {
    if (this[state].engine.hasModel(model)) return true;
    this.registry.log.warn(`model:${this.name}`, () => {
      return `Ignored a delta: no dealer of "${this.name}" is for model ${JSON.stringify(model.slice(0, 100))}`;
    });
    return false;
  }

  /** @internal The running service, started when it is first needed. */
  $ready(): MaybePromise<Running> {
    this[state].running ??= whenReady(this.$start(), (running) => {
      this[state].running = running;
      return running;
    });
    return this[state].running;
  }

  /** @internal */
  $start(): MaybePromise<Running> {
    checkDealers(this.$dealers, this.name, this[state]);
    for (const dealer of this.$dealers) this[state].engine.addDealer(dealer);
    this[state].stops.push(() => {
      for (const dealer of this.$dealers) dealer.detach();
    });
    const { broker } = this;
    const settings = this.$settings;
    const engine = this[state].engine;
    const scope = `datasync:${this.registry.name}/${this.name}`;
    const store = new SubscriptionStore(
      broker,
      scope,
      settings.tokenTimeout,
      settings.maxTokens,
    );
    const beacon = new PositionBeacon(settings.log, (subscription, position) =>
      output.position(subscription, position),
    );
    const output = new DeltaOutput(
      this,
      engine,
      (subscription) => beacon.told(subscription),
      (left, right) => broker.topics.compare(left, right),
    );
    const watch = new EvictionWatch(settings.log, settings.tokenTimeout, () =>
      this.$evicted(),
    );
    const reader = new LogReader(
      broker.topics,
      scope,
      settings.log,
      (entry) => {
        output.live(entry);
        const measure = measureOnce(entry);
        beacon.advance(entry.position, measure);
        watch.advance(measure);
      },
    );
    const retries = new Retries();
    const desk = new SubscriptionDesk(
      {
        store,
        engine,
        reader,
        output,
        beacon,
        notices: new Notices((client, text) => output.tell(client, text)),
        schedule: new ReplaySchedule(),
        retries,
        replay: (since, limit) => broker.topics.replay(scope, since, limit),
        compare: (left, right) => broker.topics.compare(left, right),
        identityOf: ({ identity }) =>
          identity === null ? undefined : canonicalKey(identity),
        arrived: (token) => watch.forget(token),
        uncovered: () => this.$uncovered(),
        failed: (error) => {
          this.registry.failed('datasync', error, () => 'The broker failed');
        },
      },
      settings.maxSubscriptions,
    );
    this[state].stops.push(
      () => reader.stop(),
      () => beacon.stop(),
      () => retries.stop(),
    );
    return whenReady(
      store.onTaken((token, holder) => desk.taken(token, holder)),
      (stop) => {
        this[state].stops.push(stop);
        return whenReady(reader.start(), () => ({
          desk,
          reader,
          store,
          watch,
        }));
      },
    );
  }

  /** @internal */
  $full(): RpcError {
    this.registry.log.warn(`tokens:${this.name}`, () => {
      return `"${this.name}" authorizes nothing: as many tokens wait for their clients as the option \`maxTokens\` allows. Limit how often one client may ask; if so many clients are expected, raise the option.`;
    });
    return new RpcError(WireError.tooManyTokens);
  }

  /** @internal */
  $evicted(): void {
    this.registry.counters.evicted++;
    this.registry.log.warn(`evicted:${this.name}`, () => {
      return `The log of "${this.name}" has forgotten what a token needs that nobody has come with yet. If this is common, raise the option \`log\`.`;
    });
  }

  /** @internal */
  $uncovered(): void {
    this.registry.log.warn(`uncovered:${this.name}`, () => {
      return `The log of "${this.name}" no longer reaches back to where a subscription was to go on: its client has to fetch again.`;
    });
  }
}

/** The size of an entry, made when it is first asked for. */
function measureOnce({ value }: TopicEntry): () => number {
  let size: number | undefined;
  return () => (size ??= encodeJson(value).length);
}
