import { describe, expect, it } from '@jest/globals';
import {
  Controller,
  forwardRef,
  Get,
  Inject,
  Injectable,
  Module,
  type ModuleMetadata,
  type Provider,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AddressInfo } from 'node:net';
import {
  BroadcastDealer,
  ConnectedClient,
  DataSyncModule,
  DataSyncService,
  Dealer,
  FilterDealer,
  getServiceToken,
  InjectRegistry,
  PubSubModule,
  PubSubService,
  RpcCommand,
  RpcService,
  Service,
  ServiceRegistry,
  SimpleDealer,
  SnorkyGateway,
  SnorkyModule,
  SnorkyService,
  SnorkyWsAdapter,
  Subscribable,
  type Client,
  type IdentifiesClient,
  type JsonObject,
  type JsonValue,
  type UpgradeRequest,
} from 'snorky';
import { callBackend, DelayedBroker } from 'snorky/testing';
import { MemoryBroker } from '../../../src/broker/memory/memory-broker.js';
import { TestSocket } from '../../support/sockets/socket.js';

/** What an application has done with every instance, if anything. */
type Decorator = ((instance: unknown) => unknown) | undefined;

/** As a tracer does. A native container cannot be in a proxy, Nest's neither. */
function inProxy(
  get: (target: object, key: PropertyKey, receiver: unknown) => unknown,
): Decorator {
  return (instance) =>
    typeof instance !== 'object' ||
    instance === null ||
    instance instanceof Map ||
    instance instanceof Set
      ? instance
      : new Proxy(instance, { get });
}

type Method = (...args: unknown[]) => unknown;

/** With the metadata that Nest itself reads from methods and classes. */
function traced(
  target: object,
  key: PropertyKey,
  wrap: (method: Method) => Method,
): unknown {
  const value: unknown = Reflect.get(target, key);
  if (typeof value !== 'function' || key === 'constructor') return value;
  const wrapped = wrap(value as Method);
  for (const name of Reflect.getMetadataKeys(value)) {
    Reflect.defineMetadata(name, Reflect.getMetadata(name, value), wrapped);
  }
  return wrapped;
}

const DECORATORS: readonly (readonly [name: string, Decorator])[] = [
  ['as they are', undefined],
  [
    'in a proxy that is the receiver',
    inProxy((target, key, receiver) => Reflect.get(target, key, receiver)),
  ],
  [
    'in a proxy that wraps methods',
    inProxy((target, key) =>
      traced(target, key, (method) => {
        return function (this: unknown, ...args: unknown[]): unknown {
          return Reflect.apply(method, this, args);
        };
      }),
    ),
  ],
  [
    'in a proxy that binds methods',
    inProxy((target, key) =>
      traced(target, key, (method) => {
        return (...args: unknown[]): unknown =>
          Reflect.apply(method, target, args);
      }),
    ),
  ],
];

interface Started extends AsyncDisposable {
  readonly app: Awaited<ReturnType<typeof NestFactory.create>>;
  readonly http: string;
  connect(query?: string): Promise<TestSocket>;
}

async function start(
  metadata: ModuleMetadata,
  instanceDecorator: Decorator,
  broker?: MemoryBroker | DelayedBroker,
): Promise<Started> {
  @Module({
    ...metadata,
    imports: [
      SnorkyModule.forRoot({
        registries: {
          frontend: { websocket: { path: '/ws' } },
          backend: { http: { path: '/backend', key: 'swordfish' } },
        },
        ...(broker === undefined ? {} : { broker }),
      }),
      ...(metadata.imports ?? []),
    ],
  })
  class App {}
  const app = await NestFactory.create(App, {
    logger: false,
    abortOnError: false,
    ...(instanceDecorator && { instrument: { instanceDecorator } }),
  });
  app.useWebSocketAdapter(new SnorkyWsAdapter(app));
  await app.listen(0, '127.0.0.1');
  const server = app.getHttpServer() as { address(): AddressInfo };
  const at = `127.0.0.1:${server.address().port}`;
  return {
    app,
    http: `http://${at}`,
    connect: (query = '') => TestSocket.connect(`ws://${at}/ws${query}`),
    [Symbol.asyncDispose]: () => app.close(),
  };
}

describe.each(DECORATORS)('instances %s', (_name, decorator) => {
  describe.each([
    ['in one order', (all: Provider[]) => all],
    ['in the other order', (all: Provider[]) => [...all].reverse()],
  ])('%s', (_order, inOrder) => {
    it('serve commands of two services that inject each other', async () => {
      interface Speaker {
        say(): string;
      }

      @SnorkyService('by-constructor')
      class ByConstructor extends RpcService implements Speaker {
        constructor(
          @Inject(forwardRef(() => ByProperty)) readonly other: Speaker,
        ) {
          super();
        }

        @RpcCommand()
        ask(): string {
          return this.other.say();
        }

        say(): string {
          return `${this.name} in ${this.registry.name}`;
        }
      }

      @SnorkyService('by-property')
      class ByProperty extends RpcService implements Speaker {
        @Inject(forwardRef(() => ByConstructor)) readonly other!: Speaker;

        @RpcCommand()
        ask(): string {
          this.notify(this.registry.clients(), { type: 'asked' });
          return this.other.say();
        }

        // Bound to the instance that Nest copies from.
        say = (): string => `${this.name} in ${this.registry.name}`;
      }

      await using started = await start(
        { providers: inOrder([ByConstructor, ByProperty]) },
        decorator,
      );
      await using socket = await started.connect();
      expect(await socket.call('by-constructor', 'ask')).toMatchObject({
        data: 'by-property in frontend',
      });
      socket.send('by-property', { command: 'ask', params: {} });
      expect(await socket.take(2)).toEqual([
        { type: 'asked' },
        { type: 'response', data: 'by-constructor in frontend' },
      ]);
    });

    it('serve raw and plain services that inject each other', async () => {
      @SnorkyService('raw')
      class Raw extends Service {
        constructor(
          @Inject(forwardRef(() => Plain)) readonly plain: { count: number },
        ) {
          super();
        }

        override processMessageFrom(client: Client): void {
          this.sendMessageTo(client, [this.name, this.plain.count]);
        }
      }

      @SnorkyService('plain')
      class Plain {
        count = 0;

        constructor(@Inject(forwardRef(() => Raw)) readonly raw: Service) {}

        onClientConnected(): void {
          this.count++;
        }

        @RpcCommand()
        name(): string {
          return this.raw.name;
        }
      }

      await using started = await start(
        { providers: inOrder([Raw, Plain]) },
        decorator,
      );
      await using socket = await started.connect();
      socket.send('raw', null);
      expect(await socket.take(1)).toEqual([['raw', 1]]);
      expect(await socket.call('plain', 'name')).toMatchObject({ data: 'raw' });
    });

    it('identify in a gateway and a service that inject each other', async () => {
      @SnorkyService('people')
      class People extends RpcService {
        constructor(
          @Inject(forwardRef(() => Gateway)) readonly gateway: { seen: number },
        ) {
          super();
        }

        knows(id: JsonValue): boolean {
          return this.registry.clientsOf(id).size > 0;
        }

        @RpcCommand()
        seen(): [number, boolean] {
          return [this.gateway.seen, this.knows('u1')];
        }
      }

      @SnorkyGateway('frontend')
      class Gateway implements IdentifiesClient {
        seen = 0;

        constructor(
          @Inject(forwardRef(() => People))
          readonly people: { knows(id: JsonValue): boolean },
        ) {}

        identify({ query }: UpgradeRequest): string | null {
          const id = query['id'] as string;
          if (!this.people.knows(id)) this.seen++;
          return id;
        }
      }

      await using started = await start(
        { providers: inOrder([People, Gateway]) },
        decorator,
      );
      await using first = await started.connect('?id=u1');
      await using second = await started.connect('?id=u1');
      for (const socket of [first, second]) {
        expect(await socket.call('people', 'seen')).toMatchObject({
          data: [1, true],
        });
      }
    });
  });

  it.each([
    ['its class', () => Guarded],
    ['the class that it extends', () => PubSubService],
    ['its token', () => getServiceToken('pubsub', 'frontend')],
    ['its name', () => getServiceToken('pubsub')],
  ])(
    'publish where a policy and its service inject each other by %s',
    async (_how, token) => {
      @Injectable()
      class Journal implements Policy {
        constructor(
          @Inject(forwardRef(token)) private readonly pubsub: PubSubService,
        ) {}

        async allows(channel: JsonValue): Promise<boolean> {
          await this.pubsub.broadcast('journal', channel);
          return true;
        }
      }
      const provider = { provide: POLICY, useClass: Journal };

      @Module({ providers: [provider], exports: [POLICY] })
      class PolicyModule {}

      await using started = await start(
        {
          imports: [
            PubSubModule.register({
              service: Guarded,
              imports: [PolicyModule],
            }),
          ],
        },
        decorator,
      );
      await using socket = await started.connect();
      await socket.call('pubsub', 'subscribe', { channel: 'journal' });
      socket.send('pubsub', {
        command: 'subscribe',
        params: { channel: 'news' },
      });
      expect(await socket.take(2)).toEqual([
        { type: 'message', channel: 'journal', message: 'news' },
        { type: 'response', data: null },
      ]);
      await callBackend(started.app, 'pubsub_backend', 'publish', {
        channel: 'news',
        message: 1,
      });
      expect(await socket.take(1)).toEqual([
        { type: 'message', channel: 'news', message: 1 },
      ]);
    },
  );

  it.each([
    ['its class', () => DataSyncService],
    ['its token', () => getServiceToken('datasync', 'frontend')],
    ['its name', () => getServiceToken('datasync')],
  ])(
    'follow rows where dealers and who publishes inject each other by %s',
    async (_how, token) => {
      @Injectable()
      class Tasks {
        constructor(
          @Inject(forwardRef(token)) readonly datasync: DataSyncService,
        ) {}

        readonly model = 'Task';
      }
      interface Known {
        readonly model: string;
      }

      @Module({ providers: [Tasks], exports: [Tasks] })
      class TasksModule {}

      class ByKey extends SimpleDealer<JsonObject> {
        readonly model = 'Task';

        constructor(@Inject(forwardRef(() => Tasks)) readonly tasks: Known) {
          super();
        }

        getKeyForModel({ id }: JsonObject): JsonValue {
          return `${this.tasks.model} ${String(id)}`;
        }
      }
      class Everything extends BroadcastDealer {
        readonly model = 'Task';
        @Inject(forwardRef(() => Tasks)) readonly tasks!: Known;
      }
      class Filtered extends FilterDealer {
        readonly model = 'Task';
        @Inject(forwardRef(() => Tasks)) readonly tasks!: Known;
      }
      class Linear extends Dealer<JsonObject> {
        readonly model = 'Task';
        @Inject(forwardRef(() => Tasks)) readonly tasks!: Known;

        matches(query: JsonValue): boolean {
          return query === this.tasks.model;
        }
      }

      @Controller('tasks')
      class TasksController {
        @Get()
        @Subscribable(() => [
          { dealer: 'ByKey', query: 'Task 1' },
          { dealer: 'Everything', query: null },
          { dealer: 'Filtered', query: ['==', 'id', 1] },
          { dealer: 'Linear', query: 'Task' },
        ])
        list(): object[] {
          return [];
        }
      }

      await using started = await start(
        {
          imports: [
            TasksModule,
            DataSyncModule.register({
              dealers: [ByKey, Everything, Filtered, Linear],
              imports: [TasksModule],
            }),
          ],
          controllers: [TasksController],
        },
        decorator,
        new DelayedBroker(new MemoryBroker(), { seed: 1, maxDelay: 2 }),
      );
      const response = await fetch(`${started.http}/tasks`, {
        headers: { 'X-Snorky': 'Subscribe' },
      });
      const subscription = response.headers.get('x-subscription-token');
      await using socket = await started.connect();
      expect(
        await socket.call('datasync', 'acquireSubscription', {
          token: subscription,
        }),
      ).toEqual({ type: 'response', callId: 0, data: null });
      const delta = { type: 'insert', model: 'Task', data: { id: 1 } } as const;
      await started.app.get(Tasks).datasync.publishDeltas([delta]);
      expect(await socket.take(1)).toEqual([{ type: 'delta', delta }]);
    },
  );

  it('give a registry to whoever injects it', async () => {
    @Injectable()
    class Presence {
      constructor(
        @InjectRegistry('frontend') private readonly registry: ServiceRegistry,
      ) {}

      count(): number {
        return this.registry.clients().size;
      }

      cutEverybody(): void {
        for (const client of this.registry.clientsOf('u1')) client.close(4200);
      }
    }

    @SnorkyService('who')
    class Who {
      @RpcCommand()
      becomes(@ConnectedClient() client: Client): void {
        client.identity = 'u1';
      }
    }

    await using started = await start(
      { providers: [Presence, Who] },
      decorator,
    );
    await using socket = await started.connect();
    await socket.call('who', 'becomes');
    const presence = started.app.get(Presence);
    expect(presence.count()).toBe(1);
    presence.cutEverybody();
    expect(await socket.closed).toMatchObject({ code: 4200 });
  });
});

const POLICY = 'policy';

interface Policy {
  allows(channel: JsonValue): Promise<boolean>;
}

class Guarded extends PubSubService {
  @Inject(forwardRef(() => POLICY)) private readonly policy!: Policy;

  override canSubscribe(
    _client: Client,
    channel: JsonValue,
  ): boolean | Promise<boolean> {
    return channel === 'journal' || this.policy.allows(channel);
  }
}

it('a service that is used before its constructor has run says so', async () => {
  @SnorkyService('early')
  class Early extends RpcService {
    constructor(@Inject(forwardRef(() => Hasty)) readonly hasty: object) {
      super();
    }

    @RpcCommand()
    hello(): string {
      return 'hello';
    }
  }

  @Injectable()
  class Hasty {
    constructor(@Inject(forwardRef(() => Early)) early: RpcService) {
      early.notify(early.registry.clients(), null);
    }
  }

  await expect(start({ providers: [Early, Hasty] }, undefined)).rejects.toThrow(
    'Early is not registered yet: use its name and registry',
  );
});
