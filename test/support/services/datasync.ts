import type { INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  BroadcastDealer,
  DataSyncModule,
  DataSyncService,
  Dealer,
  FilterDealer,
  SimpleDealer,
  SnorkyModule,
  type Broker,
  type DataSyncModuleOptions,
  type Delta,
  type ItemRequest,
  type JsonObject,
  type JsonValue,
} from 'snorky';
import { callBackend, connectClient, type TestClient } from 'snorky/testing';
import { DelayedBroker } from '../../../src/broker/delayed-broker.js';
import { MemoryBroker } from '../../../src/broker/memory/memory-broker.js';
import { RecordedLog } from '../servers/log.js';

export class AllTasks extends BroadcastDealer {
  readonly model = 'Task';
}

export class TasksByOwner extends SimpleDealer<JsonObject> {
  readonly model = 'Task';

  getKeyForModel({ owner }: JsonObject): JsonValue | undefined {
    return owner;
  }
}

export class FilteredTasks extends FilterDealer {
  readonly model = 'Task';
}

/** Rows that no subscription of a test is to. */
export class Sentinels extends BroadcastDealer {
  readonly model = 'Sentinel';
}

/** Of which a replay takes several turns of the event loop. */
export class SlowTasks extends Dealer {
  readonly model = 'Task';

  matches(): boolean {
    const until = performance.now() + 0.5;
    while (performance.now() < until);
    return true;
  }
}

const TASK_DEALERS = [AllTasks, TasksByOwner, FilteredTasks, SlowTasks];

export const ALL: readonly ItemRequest[] = [
  { dealer: 'AllTasks', query: null },
];

/** The brokers that every suite of services runs over. */
export const BROKERS = [
  { over: 'the memory broker', make: (): Broker => new MemoryBroker() },
  {
    over: 'a slow broker',
    make: (): Broker =>
      new DelayedBroker(new MemoryBroker(), { seed: Date.now() & 0xffff }),
  },
] as const;

export interface DataSyncAppOptions extends Partial<DataSyncModuleOptions> {
  readonly broker?: Broker;
}

/** An application with one DataSync service, without a port. */
export class DataSyncApp implements AsyncDisposable {
  private readonly clients: TestClient[] = [];

  private constructor(
    readonly app: INestApplicationContext,
    readonly log: RecordedLog,
  ) {}

  static async start({
    broker,
    dealers = [],
    ...options
  }: DataSyncAppOptions = {}): Promise<DataSyncApp> {
    const log = new RecordedLog();
    const testing = await Test.createTestingModule({
      imports: [
        SnorkyModule.forRoot({
          ...(broker === undefined ? {} : { broker }),
          registries: {
            frontend: { websocket: { path: '/ws' } },
            backend: { http: { path: '/backend', key: 'swordfish' } },
          },
        }),
        DataSyncModule.register({
          dealers: [...TASK_DEALERS, Sentinels, ...dealers],
          ...options,
        }),
      ],
    })
      .setLogger(log)
      .compile();
    return new DataSyncApp(await testing.init(), log);
  }

  get service(): DataSyncService {
    return this.app.get(DataSyncService, { strict: false });
  }

  async connect(): Promise<TestClient> {
    const client = await connectClient(this.app);
    this.clients.push(client);
    return client;
  }

  async authorize(
    items: readonly ItemRequest[] | JsonValue = ALL,
  ): Promise<string> {
    const params = { items: items as unknown as JsonValue };
    const backend = 'datasync_backend';
    const token = await callBackend(
      this.app,
      backend,
      'authorizeSubscription',
      params,
    );
    return token as string;
  }

  /** Tries again while too many tokens wait. */
  async authorizeLater(): Promise<string> {
    for (;;) {
      try {
        return await this.authorize();
      } catch (error) {
        const { value } = error as { readonly value?: unknown };
        if (value !== 'Too many tokens') throw error;
        await new Promise(setImmediate);
      }
    }
  }

  async publish(...deltas: readonly (Delta | JsonValue)[]): Promise<JsonValue> {
    const params = { deltas: deltas as unknown as JsonValue };
    return callBackend(this.app, 'datasync_backend', 'publishDeltas', params);
  }

  /** Publishes that many inserts, each an entry, with `n` from `first` on. */
  async publishTasks(count: number, first = 0): Promise<void> {
    // Together, for a slow broker has them in the order of the calls.
    await Promise.all(range(first, count).map((n) => this.publish(task(n))));
  }

  /** Settles when this node has read all that was published before. */
  async read(): Promise<void> {
    await this.publish({ type: 'insert', model: 'Sentinel', data: null });
  }

  /** Subscriptions that clients of this node hold. */
  get held(): number {
    return this.service.registry.counters.subscriptions;
  }

  /** Items to which deltas of tasks would be routed. */
  get routed(): number {
    const row = { owner: 'ann', n: 0 };
    return TASK_DEALERS.map((dealer): Dealer =>
      this.app.get(dealer, { strict: false }),
    ).flatMap((dealer) => [...dealer.getSubscriptionItemsForModel(row)]).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.clients) client.disconnect();
    await this.app.close();
  }
}

/** A row of its own. */
export function task(n: number, more: JsonObject = {}): Delta {
  return { type: 'insert', model: 'Task', data: { n, owner: 'ann', ...more } };
}

export function acquire(
  client: TestClient,
  token: JsonValue,
  more: JsonObject = {},
): Promise<JsonValue> {
  return client.call('datasync', 'acquireSubscription', { token, ...more });
}

/** Acquires with `resume`; the last position that is known is given, if any. */
export async function resume(
  client: TestClient,
  token: string,
  since?: JsonValue,
): Promise<{ readonly recovered: boolean; readonly position?: JsonValue }> {
  const more = since === undefined ? {} : { since };
  const answer = await acquire(client, token, { resume: true, ...more });
  return answer as unknown as { recovered: boolean; position?: JsonValue };
}

export function cancel(client: TestClient, token: string): Promise<JsonValue> {
  return client.call('datasync', 'cancelSubscription', { token });
}

/** Takes the notifications that have come. */
export async function taken(client: TestClient): Promise<JsonObject[]> {
  const messages: JsonObject[] = [];
  while (client.unread.length > 0) {
    const { message } = await client.next();
    messages.push(message as JsonObject);
  }
  return messages;
}

/** The `n` of the rows in notifications of either kind, in order. */
export function rowsIn(messages: readonly JsonObject[]): JsonValue[] {
  return messages.flatMap(({ type, delta, deltas }) => {
    const all = type === 'delta' ? [delta] : type === 'deltas' ? deltas : [];
    return (all as unknown as Delta<{ n: number }>[]).map((each) =>
      each.type === 'update' ? each.newData.n : each.data.n,
    );
  });
}

/** Settles when a condition has become true; rejects when it does not. */
export async function until(
  what: string,
  condition: () => boolean,
  patience = 3000,
): Promise<void> {
  const end = performance.now() + patience;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`Not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

export function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

/** A client of an identity, whose connection has asked for features. */
export async function connectAs(
  app: DataSyncApp,
  identity: JsonValue = null,
  ...features: string[]
): Promise<TestClient> {
  const client = await app.connect();
  client.identity = identity;
  await client.call('snorky', 'hello', { features });
  return client;
}
