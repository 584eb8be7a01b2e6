// A server in a process of its own, for tests that measure it or try to break
// it: its memory is its own, and when it dies nothing else does. Steered by the
// messages of a fork, see server-process.ts.
import { Module, UseGuards, type LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AddressInfo } from 'node:net';
import {
  BackendHost,
  ConnectedClient,
  CurrentRequest,
  getRegistryToken,
  PubSubModule,
  PubSubService,
  RpcCommand,
  RpcError,
  RpcParam,
  RpcRequest,
  Service,
  ServiceRegistry,
  SnorkyModule,
  SnorkyService,
  SnorkyWsAdapter,
  type Client,
  type JsonValue,
  type WebSocketOptions,
} from 'snorky';

/** How the server is set up. */
export interface HostileServerOptions {
  readonly websocket?: WebSocketOptions;
  readonly backend?: { readonly timeout?: number; readonly maxBody?: number };
}

/** What a test asks of the server. */
export type Order =
  | { readonly do: 'state' }
  | { readonly do: 'collect' }
  | { readonly do: 'measure' }
  | {
      /** Publishes objects with a counting `n`, many per turn. */
      readonly do: 'publish';
      readonly channel: string;
      readonly from: number;
      readonly count: number;
      readonly size: number;
      readonly perTurn: number;
    }
  | {
      /** Sends to all clients and closes them, in one turn. */
      readonly do: 'farewell';
      readonly count: number;
      readonly size: number;
      readonly code: number;
      readonly reason: string;
    };

/** What the server says of itself. */
export interface ServerState {
  readonly rss: number;
  /** The largest seen since `measure`. */
  readonly peakRss: number;
  readonly heapUsed: number;
  readonly clients: number;
  readonly counters: Readonly<Record<string, number>>;
  /** Lines written to the log since the start. */
  readonly lines: number;
  readonly lastLines: readonly string[];
  readonly warnings: readonly string[];
  readonly unhandled: readonly string[];
  readonly resources: Readonly<Record<string, number>>;
  /** Whether a message has reached Object.prototype. */
  readonly polluted: boolean;
}

/** Counts lines instead of writing them. */
class CountingLogger implements LoggerService {
  lines = 0;
  readonly last: string[] = [];

  log(): void {}
  warn(line: unknown): void {
    this.count(line);
  }
  error(line: unknown): void {
    this.count(line);
  }

  private count(line: unknown): void {
    this.lines++;
    this.last.push(String(line));
    if (this.last.length > 200) this.last.shift();
  }
}

/** Holds the lane for a turn, so that messages have to wait in it. */
class WaitATurn {
  canActivate(): Promise<boolean> {
    return new Promise((resolve) => setImmediate(() => resolve(true)));
  }
}

/** Holds it for ever. */
class WaitForEver {
  canActivate(): Promise<boolean> {
    return new Promise(() => {});
  }
}

@SnorkyService('calc')
class Calc {
  @RpcCommand()
  sum(@RpcParam('a') a: number, @RpcParam('b') b: number): number {
    return a + b;
  }

  @RpcCommand()
  async later(@RpcParam('value') value: JsonValue): Promise<JsonValue> {
    await new Promise((resolve) => setImmediate(resolve));
    return value;
  }

  @RpcCommand()
  text(@RpcParam('size') size: number): string {
    return 'x'.repeat(Math.min(Number(size) || 0, 10_000_000));
  }

  @RpcCommand({ async: true })
  never(): null {
    return null;
  }

  @RpcCommand()
  fail(): never {
    throw new Error('This command always fails');
  }

  @RpcCommand()
  refuse(@RpcParam('why') why: JsonValue): never {
    throw new RpcError(why);
  }

  @RpcCommand()
  twice(@CurrentRequest() request: RpcRequest): number {
    request.reply(1);
    return 2;
  }

  @RpcCommand()
  leave(@ConnectedClient() client: Client): void {
    client.close(4200, 'Bye');
  }

  @RpcCommand()
  @UseGuards(WaitATurn)
  guarded(@RpcParam('value') value: JsonValue): JsonValue {
    return value;
  }

  @RpcCommand()
  @UseGuards(WaitForEver)
  stuck(): void {}
}

@SnorkyService('echo')
class Echo extends Service {
  processMessageFrom(client: Client, message: JsonValue): void {
    this.sendMessageTo(client, message);
  }
}

@SnorkyService('explode')
class Explode extends Service {
  processMessageFrom(): Promise<void> {
    if (this.odd) throw new Error('This service always throws');
    return Promise.reject(new Error('This service always rejects'));
  }

  private turn = 0;
  private get odd(): boolean {
    return this.turn++ % 2 === 1;
  }
}

const options = JSON.parse(process.argv[2] ?? '{}') as HostileServerOptions;

@Module({
  imports: [
    SnorkyModule.forRoot({
      registries: {
        frontend: { websocket: { path: '/ws', ...options.websocket } },
        backend: {
          http: {
            path: '/backend',
            key: 'swordfish',
            listen: { port: 0 },
            ...options.backend,
          },
        },
      },
    }),
    PubSubModule.register(),
    SnorkyModule.forFeature([
      { service: Calc, name: 'calc', registry: 'backend' },
      { service: Calc, name: 'calc', registry: 'frontend' },
    ]),
  ],
  providers: [Echo, Explode],
})
class HostileModule {}

const logger = new CountingLogger();
const warnings: string[] = [];
const unhandled: string[] = [];
process.on('warning', (warning) => warnings.push(String(warning)));
process.on('unhandledRejection', (reason) => unhandled.push(String(reason)));
process.once('disconnect', () => process.exit());

const app = await NestFactory.create(HostileModule, { logger });
app.useWebSocketAdapter(new SnorkyWsAdapter(app));
await app.listen(0, '127.0.0.1');
const registry = app.get<ServiceRegistry>(getRegistryToken('frontend'));
const pubsub = app.get(PubSubService);

let peakRss = 0;
const sample = (): number => {
  const rss = process.memoryUsage.rss();
  peakRss = Math.max(peakRss, rss);
  return rss;
};
setInterval(sample, 20).unref();

function state(): ServerState {
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) {
    resources[kind] = (resources[kind] ?? 0) + 1;
  }
  return {
    rss: sample(),
    peakRss,
    heapUsed: process.memoryUsage().heapUsed,
    clients: registry.clients().size,
    counters: Object.fromEntries(Object.entries(registry.counters)),
    lines: logger.lines,
    lastLines: logger.last,
    warnings,
    unhandled,
    resources,
    polluted: Reflect.ownKeys(Object.prototype).length !== 12,
  };
}

const nextTurn = (): Promise<void> =>
  new Promise((resolve) => setImmediate(resolve));

async function collect(): Promise<void> {
  for (let i = 0; i < 4; i++) {
    globalThis.gc?.();
    await nextTurn();
  }
}

async function obey(order: Order): Promise<void> {
  if (order.do === 'collect') {
    await collect();
  } else if (order.do === 'measure') {
    await collect();
    peakRss = 0;
  } else if (order.do === 'publish') {
    const { channel, from, count, size, perTurn } = order;
    const body = 'x'.repeat(size);
    for (let n = from; n < from + count; n++) {
      if (n > from && (n - from) % perTurn === 0) await nextTurn();
      await pubsub.broadcast(channel, { n, body });
    }
    sample();
  } else if (order.do === 'farewell') {
    const body = 'x'.repeat(order.size);
    for (const client of registry.clients()) {
      for (let n = 0; n < order.count; n++) {
        client.send({ service: 'echo', message: { n, body } });
      }
      client.close(order.code, order.reason);
      client.send({ service: 'echo', message: 'after' });
      client.close(4999, 'again');
    }
  }
}

process.on('message', ({ id, order }: { id: number; order: Order }) => {
  void obey(order).then(() => process.send?.({ id, state: state() }));
});

process.send?.({
  id: 0,
  port: (app.getHttpServer() as { address(): AddressInfo }).address().port,
  backendPort: app.get(BackendHost).address('backend')?.port,
});
