import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Inject,
  Injectable,
  Module,
  type INestApplicationContext,
  type LoggerService,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  BackendHost,
  BroadcastDealer,
  DataSyncModule,
  DataSyncService,
  InjectRegistry,
  MemoryBroker,
  PubSubBackend,
  PubSubModule,
  PubSubService,
  RpcCommand,
  SnorkyModule,
  SnorkyService,
  SnorkyWsAdapter,
  type Broker,
  type ServiceRegistry,
} from 'snorky';
import { connectClient } from 'snorky/testing';
import type { AddressInfo } from 'node:net';
import { RecordedLog } from '../../support/servers/log.js';
import { TestSocket } from '../../support/sockets/socket.js';

class Tasks extends BroadcastDealer {
  readonly model = 'Task';
}

@SnorkyService('ping')
class Ping {
  @RpcCommand()
  ping(): string {
    return 'pong';
  }
}

/** What a worker or a command does: it publishes, and serves nobody. */
@Injectable()
class Work {
  constructor(
    readonly datasync: DataSyncService,
    readonly pubsub: PubSubService,
    readonly backend: PubSubBackend,
    @InjectRegistry('frontend') readonly frontend: ServiceRegistry,
    @Inject(Ping) readonly ping: Ping,
  ) {}

  async run(): Promise<void> {
    const model = { id: 1 };
    await this.datasync.publishDeltas([
      { model: 'Task', type: 'insert', data: model },
    ]);
    await this.datasync.authorizeSubscription([
      { dealer: 'Tasks', query: null },
    ]);
    await this.pubsub.broadcast('news', 'Hi');
    await this.backend.publish('news', 'Hi');
  }
}

class SharedBroker extends MemoryBroker {
  override readonly shared: boolean = true;
}

function moduleWith(broker?: Broker): new () => object {
  @Module({
    imports: [
      SnorkyModule.forRoot({
        registries: {
          frontend: { websocket: { path: '/ws' } },
          backend: {
            http: { path: '/backend', key: 'k', listen: { port: 0 } },
          },
        },
        ...(broker && { broker }),
      }),
      PubSubModule.register(),
      DataSyncModule.register({ dealers: [Tasks] }),
    ],
    providers: [Ping, Work],
  })
  class AppModule {}
  return AppModule;
}

const options = (
  logger: LoggerService,
): { readonly logger: LoggerService; readonly abortOnError: false } => ({
  logger,
  abortOnError: false,
});

const started: INestApplicationContext[] = [];

/** Closes it after the test, if the test has not. */
function closing<App extends INestApplicationContext>(app: App): App {
  started.push(app);
  return app;
}

afterEach(async () => {
  for (const app of started.splice(0)) await app.close();
});

/** What this process listens with. */
const servers = (): number =>
  process.getActiveResourcesInfo().filter((kind) => kind === 'TCPServerWrap')
    .length;

const NOBODY_HEARS =
  'This application has no HTTP server, so that Snorky opens no port and no ' +
  'client can be connected to it. Its broker is in memory and reaches no other ' +
  'process: nobody hears what it publishes. Publish through the HTTP backend of ' +
  'the process that has the clients, or give SnorkyModule.forRoot() a broker ' +
  'that the processes share ({ broker }).';

/** Its transport is the test. */
class Strategy {
  closed = false;
  listen(started: () => void): void {
    started();
  }
  close(): void {
    this.closed = true;
  }
  on(): void {}
  unwrap<T>(): T {
    return this as unknown as T;
  }
}

describe('An application context', () => {
  it('opens no port, and its services can be used', async () => {
    const before = servers();
    const app = closing(
      await NestFactory.createApplicationContext(
        moduleWith(),
        options(new RecordedLog()),
      ),
    );
    expect(servers()).toBe(before);
    expect(app.get(BackendHost).address('backend')).toBeUndefined();
    await app.get(Work).run();
    expect(app.get(Work).frontend.serviceNames().sort()).toEqual([
      'datasync',
      'ping',
      'pubsub',
    ]);
    await app.close();
  });

  it('says once that nobody hears it, and promises no endpoint', async () => {
    const log = new RecordedLog();
    const app = closing(
      await NestFactory.createApplicationContext(moduleWith(), options(log)),
    );
    await app.get(Work).run();
    await app.close();
    const own = log.lines.filter(({ level }) => level !== 'log');
    expect(own).toEqual([{ level: 'warn', text: NOBODY_HEARS }]);
    expect(log.with('log', 'Registry "')).toEqual([]);
    expect(log.with('log', 'Backend of')).toEqual([]);
  });

  it('says nothing with a broker that processes share', async () => {
    const log = new RecordedLog();
    const app = closing(
      await NestFactory.createApplicationContext(
        moduleWith(new SharedBroker()),
        options(log),
      ),
    );
    await app.close();
    expect(log.with('warn', '')).toEqual([]);
  });

  it('says nothing where there is nothing to publish with', async () => {
    @Module({
      imports: [SnorkyModule.forRoot({ registries: { frontend: {} } })],
    })
    class Bare {}
    const log = new RecordedLog();
    const app = closing(
      await NestFactory.createApplicationContext(Bare, options(log)),
    );
    await app.close();
    expect(log.with('warn', '')).toEqual([]);
  });

  it('still refuses options that cannot be', async () => {
    @Module({
      imports: [
        SnorkyModule.forRoot({
          registries: { frontend: { websocket: { path: '/', heartbeat: -1 } } },
        }),
      ],
    })
    class Wrong {}
    await expect(
      NestFactory.createApplicationContext(Wrong, options(new RecordedLog())),
    ).rejects.toThrow('The options of registry "frontend" cannot be used');
  });
});

describe('A microservice', () => {
  it('opens no port of Snorky, warns, and closes', async () => {
    const log = new RecordedLog();
    const strategy = new Strategy();
    const before = servers();
    const app = closing(
      await NestFactory.createMicroservice(moduleWith(), {
        ...options(log),
        strategy,
      }),
    );
    await app.listen();
    expect(servers()).toBe(before);
    await app.get(Work).run();
    expect(log.with('warn', '').map(({ text }) => text)).toEqual([
      NOBODY_HEARS,
    ]);
    await app.close();
    expect(strategy.closed).toBe(true);
  });

  it('beside HTTP in one application takes nothing from it', async () => {
    const log = new RecordedLog();
    const strategy = new Strategy();
    const app = closing(await NestFactory.create(moduleWith(), options(log)));
    app.useWebSocketAdapter(new SnorkyWsAdapter(app));
    app.connectMicroservice({ strategy });
    await app.startAllMicroservices();
    await app.listen(0, '127.0.0.1');
    const server = app.getHttpServer() as { address(): AddressInfo };
    await using socket = await TestSocket.connect(
      `ws://127.0.0.1:${server.address().port}/ws`,
    );
    expect(await socket.call('ping', 'ping')).toMatchObject({ data: 'pong' });
    expect(app.get(BackendHost).address('backend')).toBeDefined();
    expect(log.with('warn', '')).toEqual([]);
    await app.close();
    expect(strategy.closed).toBe(true);
  });
});

describe('A testing module without an application', () => {
  it('opens no port; clients connect in memory', async () => {
    const before = servers();
    const testing = closing(
      await Test.createTestingModule({
        imports: [moduleWith()],
      }).compile(),
    );
    await testing.init();
    expect(servers()).toBe(before);
    await using client = await connectClient(testing);
    expect(await client.call('ping', 'ping', {})).toBe('pong');
    await testing.close();
  });

  it('gives services before it is initialized', async () => {
    const testing = closing(
      await Test.createTestingModule({
        imports: [moduleWith()],
      }).compile(),
    );
    expect(testing.get(Ping).ping()).toBe('pong');
    await testing.close();
  });
});
