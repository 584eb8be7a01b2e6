import 'reflect-metadata';
import { Logger, Module, UseGuards, type CanActivate } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  BroadcastDealer,
  ConnectedClient,
  CurrentRequest,
  DataSyncModule,
  DataSyncService,
  Dealer,
  PubSubModule,
  PubSubService,
  RpcCommand,
  RpcError,
  RpcParam,
  RpcService,
  Service,
  SimpleDealer,
  SnorkyGateway,
  SnorkyModule,
  SnorkyService,
  SnorkyWsAdapter,
  type Client,
  type ItemRequest,
  type JsonValue,
  type RpcRequest,
  type SubscriptionItem,
  type UpgradeRequest,
} from 'snorky';
import { HOSTILE_VALUES } from '../support/hostile/values.js';

/**
 * Runs in a process of its own: an application that hands a hostile value to one
 * door of the framework after the other. What reaches the process is kept.
 */

const faults: string[] = [];
let last = 'nothing';

for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => {
    let text = 'something';
    try {
      text = error instanceof Error ? String(error.stack) : typeof error;
    } catch {
      // Then it is something.
    }
    faults.push(`${event} at ${last}: ${text}`);
  });
}

function valueOf(door: string, name: string): unknown {
  last = `${door} with ${name}`;
  const make = HOSTILE_VALUES[name];
  if (make === undefined) throw new Error(`No value ${name}`);
  return make();
}

/** What is thrown or sent, nobody waits for: its own rejection is its author's. */
function quiet(value: unknown): unknown {
  if (value instanceof Promise) {
    void Promise.prototype.then.call(value, undefined, () => {});
  }
  return value;
}

/** What hooks do next: the value that they answer or throw. */
let next: { door: string; value: string } | undefined;

/** Answers, or throws, the value that is meant for this door; else the usual. */
function hook<T>(door: string, usual: T): T {
  if (next === undefined) return usual;
  if (next.door === door) return valueOf(door, next.value) as T;
  if (next.door === `${door} throws`)
    throw quiet(valueOf(next.door, next.value));
  if (next.door === `${door} rejects`) {
    return Promise.reject(quiet(valueOf(next.door, next.value)) as Error) as T;
  }
  return usual;
}

class ByKey extends SimpleDealer {
  readonly model = 'Task';

  getKeyForModel(): JsonValue {
    return hook('getKeyForModel', 1);
  }
}

class Matching extends Dealer {
  readonly model = 'Task';

  override checkQuery(): void {
    return hook('checkQuery', undefined);
  }

  matches(): boolean {
    return hook('matches', false);
  }

  override addSubscriptionItem(item: SubscriptionItem): void {
    super.addSubscriptionItem(item);
    return hook('addSubscriptionItem', undefined);
  }

  override removeSubscriptionItem(item: SubscriptionItem): void {
    super.removeSubscriptionItem(item);
    return hook('removeSubscriptionItem', undefined);
  }
}

class Items extends BroadcastDealer {
  readonly model = 'Task';

  override getSubscriptionItemsForModel(): Iterable<SubscriptionItem> {
    return hook(
      'getSubscriptionItemsForModel',
      super.getSubscriptionItemsForModel(),
    );
  }
}

class Policy extends PubSubService {
  override canPublish(): boolean {
    return hook('canPublish', true);
  }

  override canSubscribe(): boolean {
    return hook('canSubscribe', true);
  }
}

@SnorkyGateway('frontend')
class Gateway {
  identify({ query }: UpgradeRequest): unknown {
    const { door, value } = query as Record<string, string>;
    if (door === undefined || value === undefined) return 'somebody';
    if (door === 'identify') return valueOf(door, value);
    if (door === 'identify throws') throw quiet(valueOf(door, value));
    if (door === 'expiresAt') {
      return { identity: 'u1', expiresAt: valueOf(door, value) };
    }
    // The hooks of this connection.
    next = { door, value };
    return 'somebody';
  }
}

class Guard implements CanActivate {
  canActivate(): boolean {
    return hook('a guard', true);
  }
}

@SnorkyService('raw')
class Raw extends Service {
  override processMessageFrom(): void {
    return hook('processMessageFrom', undefined);
  }
}

/** Doors at which a promise is refused, or waited for. */
const KEPT: ReadonlySet<string> = new Set([
  'identity',
  'clientsOf',
  'channel of a broadcast',
  'row',
  'deltas',
  'query',
  'items',
  'snapshot',
  'result',
]);

@SnorkyService('doors')
class Doors extends RpcService {
  constructor(
    private readonly pubsub: PubSubService,
    private readonly datasync: DataSyncService,
  ) {
    super();
  }

  override onClientConnected(): void {
    return hook('onClientConnected', undefined);
  }

  override onClientDisconnected(): void {
    return hook('onClientDisconnected', undefined);
  }

  /** What hooks answer from now on; without a door, the usual. */
  @RpcCommand()
  prepare(
    @RpcParam('door') door: string,
    @RpcParam('value') value: string,
  ): void {
    next = door === '' ? undefined : { door, value };
  }

  /** A command to call through hooks. */
  @RpcCommand()
  @UseGuards(Guard)
  guarded(): string {
    return 'passed';
  }

  @RpcCommand()
  async token(@RpcParam('dealer') dealer: string): Promise<string> {
    return this.datasync.authorizeSubscription([{ dealer, query: 1 }]);
  }

  @RpcCommand()
  async row(): Promise<void> {
    await this.datasync.publishDeltas([
      { type: 'update', model: 'Task', newData: {}, oldData: {} },
    ]);
  }

  /** Answers once all that is under way has had its turn. */
  @RpcCommand()
  async turns(): Promise<void> {
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);
  }

  /** Gives what nobody caught. */
  @RpcCommand()
  async faults(): Promise<string[]> {
    await this.turns();
    return faults.splice(0);
  }

  @RpcCommand()
  give(
    @RpcParam('door') door: string,
    @RpcParam('value') name: string,
    @ConnectedClient() client: Client,
  ): unknown {
    const value = valueOf(door, name);
    if (!KEPT.has(door)) quiet(value);
    const json = value as JsonValue;
    switch (door) {
      case 'identity':
        client.identity = json;
        return 'taken';
      case 'clientsOf':
        return this.registry.clientsOf(json).size;
      case 'data':
        client.data['value'] = value;
        return 'taken';
      case 'send':
        client.send({ service: this.name, message: json });
        return 'sent';
      case 'service name':
        client.send({ service: value as string, message: 1 });
        return 'sent';
      case 'envelope':
        client.send(value as { service: string; message: JsonValue });
        return 'sent';
      case 'sendMessageTo':
        this.sendMessageTo(client, json);
        return 'sent';
      case 'notify':
        this.notify([client], json);
        return 'sent';
      case 'recipients':
        this.notify(value as Client[], 'hello');
        return 'sent';
      case 'close code':
        client.close(value as number);
        return 'closed';
      case 'close reason':
        client.close(4200, value as string);
        return 'closed';
      case 'message of a broadcast':
        return this.pubsub.broadcast('news', json);
      case 'channel of a broadcast':
        return this.pubsub.broadcast(json, 1);
      case 'row':
        return this.datasync.publishDeltas([
          { type: 'insert', model: 'Task', data: value },
        ]);
      case 'deltas':
        return this.datasync.publishDeltas(value as []);
      case 'query':
        return this.datasync.authorizeSubscription([
          { dealer: 'ByKey', query: json },
        ]);
      case 'items':
        return this.datasync.authorizeSubscription(value as ItemRequest[]);
      case 'snapshot':
        return this.datasync.snapshot([], () => value);
      case 'failing snapshot':
        return this.datasync.snapshot([], () => {
          throw value;
        });
      case 'RpcError':
        throw new RpcError(json);
      case 'thrown':
        throw value;
      case 'rejected':
        return Promise.reject(value as Error);
      case 'result':
        return value;
      case 'promised result':
        return new Promise((resolve) => setImmediate(() => resolve(value)));
      default:
        throw new Error(`No door ${door}`);
    }
  }

  @RpcCommand({ async: true })
  byHand(
    @RpcParam('door') door: string,
    @RpcParam('value') name: string,
    @CurrentRequest() request: RpcRequest,
  ): void {
    const value = quiet(valueOf(door, name));
    if (door === 'reply') request.reply(value);
    else request.error(value as JsonValue);
  }
}

@Module({
  imports: [
    SnorkyModule.forRoot({
      registries: {
        frontend: {
          websocket: {
            path: '/ws',
            middleware: [
              (request, _response, go) => {
                const url = new URL(request.url ?? '/', 'ws://localhost');
                const door = url.searchParams.get('door') ?? '';
                if (!door.startsWith('middleware')) return go();
                const name = url.searchParams.get('value') ?? '';
                const value = valueOf(door, name);
                if (door !== 'middleware returns') quiet(value);
                if (door === 'middleware throws') throw value;
                if (door === 'middleware passes on') return go(value);
                go();
                return value as void;
              },
            ],
          },
        },
      },
    }),
    PubSubModule.register({ service: Policy }),
    DataSyncModule.register({ dealers: [ByKey, Matching, Items] }),
  ],
  providers: [Doors, Raw, Gateway, Guard],
})
class Program {}

/** A log that fails once the application has started. */
const failing = process.argv[2] === 'failing-log';
let started = false;

function write(): void {
  if (!started || !failing) return;
  const names = Object.keys(HOSTILE_VALUES);
  const name = names[Math.floor(Math.random() * names.length)] as string;
  // Nest's logger drops what a log gives back: its rejection is not ours to see.
  const value = quiet(HOSTILE_VALUES[name]?.());
  if (Math.random() < 0.5) return value as void;
  throw value;
}

const log = { log: write, warn: write, error: write, debug: write };
const app = await NestFactory.create(Program, {
  logger: failing ? log : false,
  abortOnError: false,
});
if (failing) Logger.overrideLogger(log);
app.useWebSocketAdapter(new SnorkyWsAdapter(app));
await app.listen(0, '127.0.0.1');
started = true;
const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
process.send?.({ port });
// The channel to the parent must not keep the process.
process.channel?.unref();
process.once('disconnect', () => process.exit());
