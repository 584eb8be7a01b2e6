import { describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  Scope,
  UseGuards,
  type CanActivate,
  type DynamicModule,
  type ModuleMetadata,
  type Provider,
  type Type,
} from '@nestjs/common';
import {
  APP_GUARD,
  LazyModuleLoader,
  REQUEST,
  type ExternalContextCreator,
} from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { IsNumber } from 'class-validator';
import { createServer, type Server } from 'node:http';
import {
  BroadcastDealer,
  DataSyncModule,
  FilterDealer,
  InjectService,
  PubSubModule,
  PubSubService,
  MemoryBroker,
  RpcCommand,
  RpcParam,
  Service,
  SnorkyGateway,
  SnorkyModule,
  SnorkyService,
  SnorkySetupError,
  Subscribable,
  WebSocketHost,
  type DataSyncModuleOptions,
  type RegistryOptions,
  type SetupErrorCode,
} from 'snorky';
import { z } from 'zod';
import { applicationConfigOf } from '../../../src/nest/setup/nest-internals.js';
import { checkNestVersion } from '../../../src/nest/setup/nest-version.js';
import { startApp } from '../../support/servers/app.js';

@SnorkyService('ping')
class Ping {
  @RpcCommand()
  ping(): string {
    return 'pong';
  }
}

@Injectable()
class Never implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

class Untyped {
  a?: number;
}

class Typed {
  @IsNumber() a!: number;
}

@SnorkyGateway('frontend')
class Gateway {}

const frontend: RegistryOptions = { websocket: { path: '/ws' } };

const root = (
  registries: Readonly<Record<string, RegistryOptions>> = { frontend },
): ModuleMetadata['imports'] => [SnorkyModule.forRoot({ registries })];

const start = (metadata: ModuleMetadata): Promise<unknown> =>
  startApp({ ...metadata, imports: metadata.imports ?? root() ?? [] });

const startWith = (...providers: Provider[]): Promise<unknown> =>
  start({ providers });

class Tasks extends BroadcastDealer {
  readonly model = 'Task';
}

class Other extends FilterDealer {
  readonly model = 'Other';
}

const startDataSync = (options: DataSyncModuleOptions): Promise<unknown> =>
  start({ imports: [...(root() ?? []), DataSyncModule.register(options)] });

/** With a mock in the place of a provider. */
const startOverridden = async (
  { imports = [], ...metadata }: ModuleMetadata,
  token: unknown,
): Promise<void> => {
  const testing = await Test.createTestingModule({
    ...metadata,
    imports: [...(root() ?? []), ...imports],
  })
    .overrideProvider(token)
    .useValue({})
    .compile();
  await testing.init();
};

/** What an application loads when it has started. */
const loadLazily = async (
  late: Type | DynamicModule,
  { imports = root() ?? [] }: ModuleMetadata = {},
): Promise<void> => {
  const testing = await Test.createTestingModule({ imports }).compile();
  await testing.init();
  try {
    await testing.get(LazyModuleLoader).load(() => late);
  } finally {
    await testing.close();
  }
};

/** With a route that is decorated. */
const startRoute = (
  decorator: MethodDecorator,
  ...services: readonly DataSyncModuleOptions[]
): Promise<unknown> => {
  @Controller('tasks')
  class TasksController {
    @Get()
    @decorator
    list(): void {}
  }
  return start({
    imports: [
      ...(root({ frontend, admin: {} }) ?? []),
      ...services.map((options) => DataSyncModule.register(options)),
    ],
    controllers: [TasksController],
  });
};

interface Case {
  /** A set-up that cannot be meant. */
  readonly start: () => Promise<unknown>;
  /** What it says. */
  readonly sentence: string;
}

/** One of each; the compiler sees that none is missing. */
const CASES: Readonly<
  // In files of their own: where class-validator is not installed, and where
  // the package is twice.
  Record<
    Exclude<SetupErrorCode, 'SNORKY_VALIDATOR_MISSING' | 'SNORKY_COPIES'>,
    Case
  >
> = {
  SNORKY_ADAPTER_MISSING: {
    async start() {
      const testing = await Test.createTestingModule({
        imports: root() ?? [],
      }).compile();
      const app = testing.createNestApplication({ logger: false });
      await app.listen(0, '127.0.0.1');
    },
    sentence:
      'Snorky needs its WebSocket adapter. Add this line before app.listen() or app.init():\n\n' +
      '    app.useWebSocketAdapter(new SnorkyWsAdapter(app));\n',
  },
  SNORKY_VALIDATION_ERRORS_INVALID: {
    start: () =>
      Test.createTestingModule({
        imports: [
          SnorkyModule.forRoot({
            registries: { frontend: {} },
            validationErrors: 'show' as 'expose',
          }),
        ],
      }).compile(),
    sentence: "The option `validationErrors` is 'expose' or 'hide', not show.",
  },
  SNORKY_LOG_INVALID: {
    async start() {
      await Test.createTestingModule({
        imports: [
          SnorkyModule.forRoot({
            registries: { frontend: {} },
            log: { redact: ['iban', '-'] },
          }),
        ],
      }).compile();
    },
    sentence:
      'The option `log` cannot be used: The log option "redact" must list names, not "-".',
  },
  SNORKY_ROOT_MISSING: {
    async start() {
      await Test.createTestingModule({
        imports: [DataSyncModule.register({ dealers: [] })],
      }).compile();
    },
    sentence:
      'Service "datasync" has no registry to be in. Import ' +
      'SnorkyModule.forRoot({ registries: ... }) in the root module.',
  },
  SNORKY_ROOT_TWICE: {
    start: () => {
      @Module({ imports: root({ other: {} }) ?? [] })
      class Other {}
      return start({ imports: [...(root() ?? []), Other] });
    },
    sentence:
      'SnorkyModule.forRoot() was imported twice. Call it once, in the root ' +
      'module, with all registries; everything else can inject them.',
  },
  SNORKY_REGISTRY_UNKNOWN: {
    start: () => {
      @SnorkyService('ping', { registry: 'nowhere' })
      class Lost extends Ping {}
      return startWith(Lost);
    },
    sentence:
      'Lost names registry "nowhere", but SnorkyModule.forRoot() has only: ' +
      'frontend. Add the registry there, or name one of these.',
  },
  SNORKY_MODULE_LAZY: {
    start: () => {
      @Module({ providers: [Ping] })
      class Late {}
      return loadLazily(Late);
    },
    sentence:
      'Ping of Late was loaded lazily, when services and gateways had been ' +
      'looked for: clients would not reach it, nor would it guard anything. ' +
      'Import Late in a module that is there from the start.',
  },
  SNORKY_ROOT_LAZY: {
    start: async () => {
      @Module({ imports: root() ?? [], providers: [Ping] })
      class Late {}
      const testing = await Test.createTestingModule({}).compile();
      const app = testing.createNestApplication();
      await app.listen(0, '127.0.0.1');
      try {
        await app.get(LazyModuleLoader).load(() => Late);
      } finally {
        await app.close();
      }
    },
    sentence:
      'SnorkyModule.forRoot() was loaded lazily, when the application was ' +
      'listening already: nobody could connect. Import it in the root module.',
  },
  SNORKY_NAME_TAKEN: {
    start: () => {
      @SnorkyService('ping')
      class Pong extends Ping {}
      return startWith(Ping, Pong);
    },
    sentence:
      'Both Ping and Pong are service "ping" of registry "frontend". Give one of them another name.',
  },
  SNORKY_NAME_RESERVED: {
    start: () => {
      @SnorkyService('snorky')
      class Usurper extends Ping {}
      return startWith(Usurper);
    },
    sentence:
      'Usurper is named "snorky", which is the name of the registry itself: ' +
      'connections are negotiated under it. Give the service another name.',
  },
  SNORKY_STAND_IN_DECORATED: {
    start: () => {
      class Fake {
        @RpcCommand()
        ping(): string {
          return 'fake';
        }
      }
      return startWith({ provide: Ping, useClass: Fake });
    },
    sentence:
      'Fake stands for Ping, and has decorators of its own: nobody could tell ' +
      'which hold. Extend Ping, or leave out the decorators: then those of Ping ' +
      'hold, its guards included.',
  },
  SNORKY_STAND_IN_SCOPED: {
    start: () => {
      @Injectable({ scope: Scope.REQUEST })
      class Each extends Never {
        constructor(@Inject(REQUEST) readonly request: unknown) {
          super();
        }
      }
      @SnorkyService('ping')
      @UseGuards(Each)
      class Guarded extends Ping {}
      return startOverridden({ providers: [Guarded] }, Guarded);
    },
    sentence:
      'A value stands for Guarded, around which something request-scoped runs. ' +
      'Nest makes such things for what it makes itself: use `useFactory` or ' +
      '`useClass` instead of `useValue`.',
  },
  SNORKY_STAND_IN_PARTIAL: {
    start: () => {
      @Injectable()
      class User {
        constructor(@InjectService('pubsub') readonly pubsub: unknown) {}
      }
      const imports = [PubSubModule.register()];
      return startOverridden({ imports, providers: [User] }, PubSubService);
    },
    sentence:
      "User injects 'SnorkyService(pubsub)', while PubSubService, another name of " +
      'the same service, is overridden: it would have the service itself. Override ' +
      "getServiceToken('pubsub', 'frontend'), which all of them follow.",
  },
  SNORKY_SERVICE_EMPTY: {
    start: () => {
      @SnorkyService('empty')
      class Empty {}
      return startWith(Empty);
    },
    sentence:
      'Empty has no command. Decorate a method with @RpcCommand(), or extend ' +
      'Service and implement processMessageFrom().',
  },
  SNORKY_SERVICE_RAW: {
    start: () => {
      @SnorkyService('raw')
      class Raw extends Service {
        processMessageFrom(): void {}
        @RpcCommand()
        ping(): void {}
      }
      return startWith(Raw);
    },
    sentence:
      'Raw extends Service, whose messages are raw, but has the command "ping". ' +
      'Extend RpcService, or nothing at all.',
  },
  SNORKY_SERVICE_SCOPED: {
    start: () => {
      @Injectable({ scope: Scope.REQUEST })
      class Context {
        constructor(@Inject(REQUEST) readonly request: unknown) {}
      }
      @SnorkyService('scoped')
      class Scoped {
        constructor(readonly context: Context) {}
        onClientConnected(): void {}
        @RpcCommand()
        ping(): void {}
      }
      return startWith(Scoped, Context);
    },
    sentence:
      'Scoped keeps state for its clients, so there is one instance of it. Yet it ' +
      'would be request-scoped, by its own scope or because it, or a guard, ' +
      'pipe, interceptor or filter that applies to it, injects something ' +
      'request-scoped. Make those singletons (Scope.DEFAULT), or do not apply ' +
      'them to this service.',
  },
  SNORKY_SERVICE_TRANSIENT: {
    start: () => {
      @Injectable({ scope: Scope.TRANSIENT })
      class Fleeting extends Ping {}
      return startWith(Fleeting);
    },
    sentence:
      'Fleeting is transient, so that every class that injects it has another one. Remove `scope: Scope.TRANSIENT`.',
  },
  SNORKY_SERVICE_AMBIGUOUS: {
    start: () => {
      @Injectable()
      class User {
        constructor(@InjectService('ping') readonly ping: Ping) {}
      }
      return start({
        imports: [
          ...(root({ frontend, admin: {} }) ?? []),
          SnorkyModule.forFeature([
            { service: Ping, name: 'ping' },
            { service: Ping, name: 'ping', registry: 'admin' },
          ]),
        ],
        providers: [User],
      });
    },
    sentence:
      'User injects service "ping", which exists in several registries: ' +
      "frontend, admin. Write @InjectService('ping', '<registry>').",
  },
  SNORKY_CLASS_AMBIGUOUS: {
    start: () => {
      @Injectable()
      class User {
        constructor(readonly pubsub: PubSubService) {}
      }
      return start({
        imports: [
          ...(root() ?? []),
          PubSubModule.register(),
          PubSubModule.register({ name: 'chat', registry: 'frontend' }),
        ],
        providers: [User],
      });
    },
    sentence:
      'User injects PubSubService by its class, which stands for several ' +
      'services: "pubsub" of "frontend", "chat" of "frontend". Write ' +
      "@InjectService('<name>', '<registry>').",
  },
  SNORKY_COMMAND_TWICE: {
    start: () => {
      @SnorkyService('twice')
      class Twice extends Ping {
        @RpcCommand({ name: 'ping' })
        other(): void {}
      }
      return startWith(Twice);
    },
    sentence:
      'Twice declares the command "ping" twice. Give one method another name with @RpcCommand({ name }).',
  },
  SNORKY_OVERRIDE_BARE: {
    start: () => {
      class Guarded extends Ping {
        @UseGuards(Never)
        @RpcCommand()
        secret(): void {}
      }
      @SnorkyService('heir')
      class Heir extends Guarded {
        override secret(): void {}
      }
      return startWith(Heir);
    },
    sentence:
      'Heir overrides the command secret() without decorators, while the ' +
      'overridden one has more than @RpcCommand(): its guards, pipes or other ' +
      'metadata would not apply. Repeat the decorators on the override.',
  },
  SNORKY_OVERRIDE_DROPS: {
    start: () => {
      class Guarded extends Ping {
        @UseGuards(Never)
        @RpcCommand()
        secret(): void {}
      }
      @SnorkyService('heir')
      class Heir extends Guarded {
        @RpcCommand()
        override secret(): void {}
      }
      return startWith(Heir);
    },
    sentence:
      'Heir.secret() overrides a command that has @UseGuards(Never), which does ' +
      'not apply to the override. Repeat it there, or write @UseGuards() to do without.',
  },
  SNORKY_ENHANCER_UNBOUND: {
    start: () => {
      @UseGuards(Never)
      @SnorkyService('made')
      class Made extends Ping {}
      return startWith({ provide: Made, useFactory: () => new Made() });
    },
    sentence:
      'The guard Never on Made would never run: RootTestModule has made none. ' +
      'Nest makes them for classes under `providers`, not for what a factory or ' +
      '`useValue` gives. List Never under the providers of RootTestModule (a ' +
      'singleton), or give @UseGuards an instance.',
  },
  SNORKY_GLOBAL_UNBOUND: {
    start: () => {
      class Late {}
      class Early {
        constructor(
          @Inject(LazyModuleLoader) private readonly loader: LazyModuleLoader,
        ) {}
        async onModuleInit(): Promise<void> {
          const guard = { provide: APP_GUARD, useClass: Never };
          await this.loader.load(() => ({ module: Late, providers: [guard] }));
        }
      }
      // The hooks of global modules run first, in the order of their imports.
      class Before {}
      return start({
        imports: [
          { module: Before, global: true, providers: [Early] },
          ...(root({ frontend: {} }) ?? []),
        ],
      });
    },
    sentence:
      'Never is provided as APP_GUARD, but Nest does not run it: its module is ' +
      'loaded lazily, or it needs what is made for each request. Provide it in ' +
      'a module that is there from the start, as a singleton or with `scope: ' +
      'Scope.REQUEST`.',
  },
  SNORKY_NEST_OLD: {
    // An application cannot have another Nest than this one.
    start: async () => {
      await Promise.resolve();
      checkNestVersion(() => '12.1.3');
    },
    sentence:
      '@nestjs/core 12.1.3 is too old: it leaves out guards of services without ' +
      'a word. Run: npm install @nestjs/core@^12.2.0',
  },
  SNORKY_NEST_UNKNOWN: {
    start: async () => {
      await Promise.resolve();
      applicationConfigOf({} as ExternalContextCreator);
    },
    sentence:
      'This version of @nestjs/core keeps its global guards, pipes and filters ' +
      'where Snorky cannot find them, so that guards could silently be left ' +
      'out. Use a version that the README names under "Tested with", or a newer Snorky.',
  },
  SNORKY_PARAMS_UNCHECKED: {
    start: () => {
      @SnorkyService('loose')
      class Loose {
        @RpcCommand()
        take(_params: Partial<Typed>): void {}
      }
      return startWith(Loose);
    },
    sentence:
      'The params of Loose.take() cannot be checked: at run time their type is ' +
      'only "Object". If it is a class, import the class, not its type (no ' +
      '`import type`); an interface, Partial<T> or Record must become a class ' +
      'with class-validator decorators or a schema (@RpcCommand({ params: ' +
      'schema })); or say @RpcCommand({ unchecked: true }) and check them yourself.',
  },
  SNORKY_SCHEMA_UNUSED: {
    start: () => {
      @SnorkyService('loose')
      class Loose {
        @RpcCommand({ params: z.object({ a: z.string().max(3) }) })
        take(@RpcParam('a') _a: string): void {}
      }
      return startWith(Loose);
    },
    sentence:
      'Loose.take() has a schema for its params as one object, and does not ' +
      'take them so: the schema would check nothing. Give each parameter its ' +
      "own (@RpcParam('name', schema)), or take all of them with @RpcParams().",
  },
  SNORKY_PARAMS_UNDECORATED: {
    start: () => {
      @SnorkyService('loose')
      class Loose {
        @RpcCommand()
        take(_params: Untyped): void {}
      }
      return startWith(Loose);
    },
    sentence:
      'The params of Loose.take() cannot be checked: no property of Untyped has a ' +
      'class-validator decorator, so that every call would be refused. Add ' +
      'decorators, or say @RpcCommand({ unchecked: true }).',
  },
  SNORKY_PARAMETER_BARE: {
    start: () => {
      @SnorkyService('bare')
      class Bare {
        @RpcCommand()
        take(@RpcParam('a') _a: number, _b: number): void {}
      }
      return startWith(Bare);
    },
    sentence:
      'Parameter 2 of Bare.take() has no decorator while others have. Add ' +
      "@RpcParam('name'), @RpcParams(), @CurrentRequest() or @ConnectedClient().",
  },
  SNORKY_GATEWAY_TWICE: {
    start: () => {
      @SnorkyGateway('frontend')
      class Second {}
      return startWith(Gateway, Second);
    },
    sentence:
      'Both Gateway and Second are the gateway of registry "frontend". Keep one: it decides who may connect.',
  },
  SNORKY_GATEWAY_USELESS: {
    start: () =>
      start({ imports: root({ frontend: {} }) ?? [], providers: [Gateway] }),
    sentence:
      'Gateway is the gateway of registry "frontend", which has no websocket. ' +
      'Add `websocket: { path }` to the registry, or remove the gateway.',
  },
  SNORKY_GATEWAY_PLACE: {
    start: () => startWith({ provide: 'other', useValue: new Gateway() }),
    sentence:
      'Gateway uses @SnorkyGateway but is no provider of a static class. List it under `providers` as a class.',
  },
  SNORKY_GATEWAY_UNLISTED: {
    start: () => {
      @SnorkyGateway('guarded')
      class Unlisted {}
      return start({
        imports: root({ guarded: { websocket: { path: '/in' } } }) ?? [],
        // Beside the class that is not there.
        providers: [{ provide: 'name', useValue: Unlisted.name }],
      });
    },
    sentence:
      'Unlisted decides who may connect to registry "guarded", but no module lists it, so that "/in" would be open to ' +
      'everybody. List it under `providers`. If this application is meant to have no gateway, say so: ' +
      "`websocket: { path: '/in', open: true }`. If it belongs to another application of this process, create that one first.",
  },
  SNORKY_GATEWAY_OPEN: {
    start: () =>
      start({
        imports: root({
          frontend: { websocket: { path: '/ws', open: true } },
        }) as [],
        providers: [Gateway],
      }),
    sentence:
      'The endpoint "/ws" of registry "frontend" says `open: true`, but Gateway decides who may connect there. Remove one of the two.',
  },
  SNORKY_SERVER_INVALID: {
    start: async () => {
      await using app = await startApp({ imports: root() ?? [] });
      app.app.get(WebSocketHost).attach(app.app as unknown as Server);
    },
    sentence:
      'WebSocketHost.attach() was given an object of NestApplication. Give it a server: what createServer() of ' +
      'node:http or node:https returns, or createSecureServer() of node:http2 with allowHTTP1.',
  },
  SNORKY_SERVER_LATE: {
    start: async () => {
      const { app } = await startApp({ imports: root() ?? [] });
      await app.close();
      app.get(WebSocketHost).attach(createServer());
    },
    sentence:
      'WebSocketHost.attach() was called when the application had closed. Attach servers while it is there.',
  },
  SNORKY_PATH_TAKEN: {
    start: () =>
      start({
        imports:
          root({ frontend, backend: { http: { path: '/ws', key: 'k' } } }) ??
          [],
      }),
    sentence: 'The path "/ws" is used twice. Give every endpoint its own.',
  },
  SNORKY_PATH_INVALID: {
    start: () =>
      start({
        imports: root({ frontend: { websocket: { path: 'ws' } } }) ?? [],
      }),
    sentence:
      '"ws" is no path for an endpoint. It starts with "/", and has no query and no trailing slash.',
  },
  SNORKY_OPTION_INVALID: {
    start: () =>
      start({
        imports:
          root({ frontend: { websocket: { path: '/ws', heartbeat: -1 } } }) ??
          [],
      }),
    sentence:
      'The options of registry "frontend" cannot be used: The WebSocket option "heartbeat" must be',
  },
  SNORKY_BROKER_START: {
    start: () =>
      start({
        imports: [
          SnorkyModule.forRoot({
            registries: { frontend },
            broker: Object.assign(new MemoryBroker(), {
              start: async () => {
                throw new Error('connect ECONNREFUSED 127.0.0.1:6379');
              },
            }),
          }),
        ],
      }),
    sentence:
      'The broker could not start: connect ECONNREFUSED 127.0.0.1:6379. Check ' +
      'what it was told of where to connect, and that it can be reached from here.',
  },
  SNORKY_EVENTS_LISTENER: {
    start: () => {
      class Audit {
        onRegistryEvent(): void {}
      }
      return start({
        imports: root({ frontend: { events: { listener: Audit } } }) ?? [],
      });
    },
    sentence:
      'The events of registry "frontend" are for Audit, which no module provides, or which has no method onRegistryEvent(). Provide it, or remove it from the option `events`.',
  },
  SNORKY_SHUTDOWN_INVALID: {
    start: () =>
      start({
        imports: [
          SnorkyModule.forRoot({
            registries: { frontend },
            shutdownTimeout: Number.NaN,
          }),
        ],
      }),
    sentence:
      'The option `shutdownTimeout` must be a number of milliseconds from 0 ' +
      'up, not NaN.',
  },
  SNORKY_SERVICE_OPTION_INVALID: {
    start: () => startDataSync({ dealers: [Tasks], maxItems: 0 }),
    sentence:
      'The options of service "datasync" cannot be used: The DataSync option ' +
      '"maxItems" must be a number from 1 up, not 0.',
  },
  SNORKY_DEALER_INVALID: {
    start: () => startDataSync({ dealers: [{} as Tasks] }),
    sentence:
      'Service "datasync" was given something else than a dealer. Extend one of ' +
      'the dealer classes, or Dealer; what a test puts there too: ' +
      'overrideProvider(AllTasks).useClass(FakeTasks).',
  },
  SNORKY_DEALER_MODEL: {
    start: () => {
      class Modelless extends BroadcastDealer {
        readonly model = '';
      }
      return startDataSync({ dealers: [Modelless] });
    },
    sentence:
      'Modelless has no model. Say whose deltas it is given: ' +
      "readonly model = 'Task';",
  },
  SNORKY_DEALER_UNNAMED: {
    start: () =>
      startDataSync({
        dealers: [
          class extends BroadcastDealer {
            readonly model = 'Task';
          },
        ],
      }),
    sentence:
      'A dealer of service "datasync" has no name, because its class has none. ' +
      "Give it one: readonly name = '...';",
  },
  SNORKY_DEALER_NAME: {
    start: () => startDataSync({ dealers: [Tasks, new Tasks()] }),
    sentence:
      'Service "datasync" has two dealers named "Tasks". Give one of them ' +
      "another name: readonly name = '...';",
  },
  SNORKY_DEALER_SHARED: {
    start: () => {
      const dealers = [new Tasks()];
      return start({
        imports: [
          ...(root() ?? []),
          DataSyncModule.register({ dealers }),
          DataSyncModule.register({ dealers, name: 'other' }),
        ],
      });
    },
    sentence:
      'Dealer "Tasks" of service "other" is another service\'s already. Give ' +
      'each service an instance of its own.',
  },
  SNORKY_SUBSCRIBABLE_PLACE: {
    start: () => {
      @SnorkyService('tasks')
      class TasksService {
        @RpcCommand()
        @Subscribable(Tasks)
        list(): void {}
      }
      return start({
        imports: [
          ...(root() ?? []),
          DataSyncModule.register({ dealers: [Tasks] }),
        ],
        providers: [TasksService],
      });
    },
    sentence:
      'TasksService.list() uses @Subscribable() but is no HTTP route. Add ' +
      '@Get() or the like; elsewhere, call DataSyncService.snapshot() instead.',
  },
  SNORKY_SUBSCRIBABLE_TWICE: {
    start: () =>
      startRoute(
        (...method) => {
          Subscribable(Tasks)(...method);
          Subscribable('Tasks')(...method);
        },
        { dealers: [Tasks] },
      ),
    sentence:
      'TasksController.list() uses @Subscribable() twice. Give one of them a ' +
      'function with all items: @Subscribable(() => [{ dealer, query }, ...]).',
  },
  SNORKY_SUBSCRIBABLE_MODULE: {
    start: () => startRoute(Subscribable(Tasks)),
    sentence:
      'TasksController.list() uses @Subscribable(), but there is no DataSync ' +
      'service. Import DataSyncModule.register({ dealers }) in the root module. ' +
      'In a test that overrides it, let it be a DataSyncService.',
  },
  SNORKY_SUBSCRIBABLE_SERVICE: {
    start: () =>
      startRoute(
        Subscribable(() => [], { service: 'metrics', registry: 'frontend' }),
        { dealers: [Tasks] },
        { name: 'metrics', registry: 'admin', dealers: [] },
      ),
    sentence:
      'TasksController.list() uses @Subscribable() with DataSync service ' +
      '"metrics" of "frontend", by which not exactly one is meant of: ' +
      '"datasync" of "frontend", "metrics" of "admin". Say which as the last ' +
      'argument: { service, registry }.',
  },
  SNORKY_SUBSCRIBABLE_DEALER: {
    start: () =>
      startRoute(Subscribable('AllTasks'), { dealers: [Tasks, Other] }),
    sentence:
      'TasksController.list() subscribes to dealer "AllTasks", but service ' +
      '"datasync" has only: Tasks, Other. Add it to DataSyncModule.register({ ' +
      'dealers }), or name one of these.',
  },
  SNORKY_SUBSCRIBABLE_AMBIGUOUS: {
    start: () => {
      class Named extends BroadcastDealer {
        readonly model = 'Task';
        constructor(override readonly name: string) {
          super();
        }
      }
      // As a class whose instances were made elsewhere.
      const reference = Named as unknown as typeof Tasks;
      return startRoute(Subscribable(reference), {
        dealers: [new Named('a'), new Named('b'), Tasks],
      });
    },
    sentence:
      'TasksController.list() subscribes to Named by its class, which stands ' +
      'for several dealers of service "datasync": a, b. Write the name of one ' +
      'of them.',
  },
  SNORKY_SUBSCRIBABLE_QUERY: {
    start: () => startRoute(Subscribable('Other', 7), { dealers: [Other] }),
    sentence:
      'TasksController.list() subscribes to dealer "Other" with a query that ' +
      'it refuses: Invalid filter: a filter is a list. Correct the query of ' +
      '@Subscribable().',
  },
  SNORKY_SUBSCRIBABLE_PARTIAL: {
    start: () =>
      startRoute(
        Subscribable(Tasks, null, { partial: true, orderedBy: [''] }),
        {
          dealers: [Tasks],
        },
      ),
    sentence:
      'TasksController.list() uses @Subscribable() for a part of the rows, but ' +
      '`orderedBy` is no list of 1 to 16 names of fields, short enough for a ' +
      "header. Write { partial: true, orderedBy: ['createdAt', 'id'] }, or " +
      'leave orderedBy out.',
  },
  SNORKY_SUBSCRIBABLE_TOKEN: {
    start: () =>
      startRoute(Subscribable(Tasks, null, { expiresIn: 0 }), {
        dealers: [Tasks],
      }),
    sentence:
      'TasksController.list() uses @Subscribable() with options of its tokens, ' +
      'but `expiresIn` is no number of milliseconds above 0. Write ' +
      '{ bearer: true }, { expiresIn: 3_600_000 } or { expiresAt: ({ user }) => ' +
      'user.expires }.',
  },
  SNORKY_TYPES_MISSING: {
    start: () => {
      class Untold {
        greet(_name: string): void {}
      }
      const greet = Untold.prototype as object;
      const descriptor = Object.getOwnPropertyDescriptor(greet, 'greet');
      // As a compiler without emitDecoratorMetadata has it.
      RpcCommand()(greet, 'greet', descriptor as PropertyDescriptor);
      RpcParam('name')(greet, 'greet', 0);
      SnorkyService('untold')(Untold);
      return startWith(Untold);
    },
    sentence:
      'The parameters of Untold.greet() cannot be checked: there are no types ' +
      'at run time. Set emitDecoratorMetadata and use a compiler that emits ' +
      'them (tsc, SWC; tsx and plain esbuild do not); or use schemas, or say ' +
      '@RpcCommand({ unchecked: true }).',
  },
  SNORKY_SERVICE_UNMARKED: {
    start: () => {
      @Injectable()
      class Plain {
        @RpcCommand()
        hello(): void {}
      }
      return startWith(Plain);
    },
    sentence:
      'Plain has @RpcCommand() methods but is no service. Add ' +
      "@SnorkyService('name') to the class, or register it with forFeature().",
  },
  SNORKY_OPTION_LATE: {
    start: () =>
      start({
        imports: [
          SnorkyModule.forRootAsync({
            registries: { frontend: {} },
            useFactory: () => ({
              registries: { frontend: { websocket: { heartbeat: 1000 } } },
            }),
          }),
        ],
      }),
    sentence:
      'The factory of forRootAsync() has websocket options for registry ' +
      '"frontend", which has no websocket. Give its path beside the factory: ' +
      'registries: { frontend: { websocket: { path } } }.',
  },
  SNORKY_KEY_MISSING: {
    start: () =>
      start({
        imports: root({ backend: { http: { path: '/backend' } } }) ?? [],
      }),
    sentence:
      'The backend of registry "backend" has no key. Give `http: { key }` in ' +
      'forRoot() or in the factory of forRootAsync().',
  },
};

async function failure(starting: Promise<unknown>): Promise<SnorkySetupError> {
  const error: unknown = await starting.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SnorkySetupError);
  return error as SnorkySetupError;
}

describe('A set-up that cannot be meant', () => {
  it.each(Object.entries(CASES))('fails at start-up: %s', async (code, one) => {
    const error = await failure(one.start());
    expect(error.code).toBe(code);
    expect(error.name).toBe('SnorkySetupError');
    if (code === 'SNORKY_OPTION_INVALID') {
      expect(error.message).toContain(one.sentence);
    } else {
      expect(error.message).toBe(one.sentence);
    }
  });

  it.each([
    ['an interface', 'Object'],
    ['an array', 'Array'],
    ['a function', 'Function'],
    ['a text', 'String'],
    ['no type', 'Object'],
  ])('fails where the params are %s', async (what, reflected) => {
    @SnorkyService('loose')
    class Interface {
      @RpcCommand()
      take(_params: { a: number }): void {}
    }
    @SnorkyService('loose')
    class List {
      @RpcCommand()
      take(_params: number[]): void {}
    }
    @SnorkyService('loose')
    class Callable {
      @RpcCommand()
      take(_params: () => void): void {}
    }
    @SnorkyService('loose')
    class Text {
      @RpcCommand()
      take(_params: string): void {}
    }
    @SnorkyService('loose')
    class Nothing {
      @RpcCommand()
      take(_params: unknown): void {}
    }
    const classes: Readonly<Record<string, new () => object>> = {
      'an interface': Interface,
      'an array': List,
      'a function': Callable,
      'a text': Text,
      'no type': Nothing,
    };
    const error = await failure(startWith(classes[what] as new () => object));
    expect(error.code).toBe('SNORKY_PARAMS_UNCHECKED');
    expect(error.message).toContain(`is only "${reflected}"`);
  });

  it('fails where a bundled service would be request-scoped', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Scoped extends PubSubService {}
    const error = await failure(
      start({
        imports: [
          ...(root() ?? []),
          PubSubModule.register({ service: Scoped }),
        ],
      }),
    );
    expect(error.code).toBe('SNORKY_SERVICE_SCOPED');
  });

  it('fails where the factory names a registry that forRootAsync does not', async () => {
    const error = await failure(
      start({
        imports: [
          SnorkyModule.forRootAsync({
            registries: { frontend },
            useFactory: () => ({
              registries: { backend: { http: { key: 'k' } } },
            }),
          }),
        ],
      }),
    );
    expect(error.message).toBe(
      'The factory of forRootAsync() names registry "backend", but ' +
        'SnorkyModule.forRoot() has only: frontend. Add the registry there, or name one of these.',
    );
  });

  it('fails where two features have one name', async () => {
    const error = await failure(
      start({
        imports: [
          ...(root() ?? []),
          SnorkyModule.forFeature([{ service: Ping, name: 'a' }]),
          SnorkyModule.forFeature([{ service: Ping, name: 'a' }]),
        ],
      }),
    );
    expect(error.code).toBe('SNORKY_NAME_TAKEN');
  });

  it.each(['forFeature', 'PubSubModule'])(
    'fails where %s is given the name of the registry itself',
    async (how) => {
      const error = await failure(
        start({
          imports: [
            ...(root() ?? []),
            how === 'forFeature'
              ? SnorkyModule.forFeature([{ service: Ping, name: 'snorky' }])
              : PubSubModule.register({ name: 'snorky' }),
          ],
        }),
      );
      expect(error.code).toBe('SNORKY_NAME_RESERVED');
    },
  );

  it('fails where a gateway is provided by a factory under another token', async () => {
    const error = await failure(
      startWith({ provide: 'other', useFactory: () => new Gateway() }),
    );
    expect(error.code).toBe('SNORKY_GATEWAY_PLACE');
  });

  it('fails where a feature has no root module', async () => {
    const error = await failure(
      start({
        imports: [SnorkyModule.forFeature([{ service: Ping, name: 'ping' }])],
      }),
    );
    expect(error.code).toBe('SNORKY_ROOT_MISSING');
  });

  it.each([
    ['a feature', SnorkyModule.forFeature([{ service: Ping, name: 'ping' }])],
    ['a bundled service', PubSubModule.register()],
    ['a gateway', { module: class Late {}, providers: [Gateway] }],
    [
      'a service further in',
      {
        module: class Outer {},
        imports: [{ module: class Inner {}, providers: [Ping] }],
      },
    ],
  ])('fails where %s is loaded lazily', async (_what, late) => {
    const error = await failure(loadLazily(late));
    expect(error.code).toBe('SNORKY_MODULE_LAZY');
  });

  it('lets other modules be loaded lazily, each time', async () => {
    class Late {}
    const loading = loadLazily({
      module: Late,
      imports: [{ module: class Inner {}, providers: [Never] }],
    });
    await expect(loading).resolves.toBeUndefined();
  });

  it('lets a module with services be loaded lazily that is there', async () => {
    @Module({ providers: [Ping] })
    class There {}
    const loading = loadLazily(There, {
      imports: [...(root() ?? []), There],
    });
    await expect(loading).resolves.toBeUndefined();
  });

  it('leaves no port open', async () => {
    const testing = await Test.createTestingModule({
      imports: root() ?? [],
    }).compile();
    const app = testing.createNestApplication({ logger: false });
    await failure(app.listen(0, '127.0.0.1'));
    const server = app.getHttpServer() as { listening: boolean };
    expect(server.listening).toBe(false);
  });
});
