import { afterEach, describe, expect, it, jest } from '@jest/globals';
import {
  Inject,
  Injectable,
  Scope,
  UseGuards,
  type CanActivate,
  type ModuleMetadata,
} from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import {
  Test,
  type TestingModule,
  type TestingModuleBuilder,
} from '@nestjs/testing';
import { IsNumber } from 'class-validator';
import {
  BroadcastDealer,
  DataSyncModule,
  DataSyncService,
  getServiceToken,
  PubSubBackend,
  PubSubModule,
  PubSubService,
  RpcCommand,
  RpcService,
  Service,
  SnorkyGateway,
  SnorkyModule,
  SnorkyService,
  type Client,
  type JsonValue,
} from 'snorky';
import { callBackend, connectClient, type TestClient } from 'snorky/testing';
import { RecordedLog } from '../../support/servers/log.js';
import { nestHas } from '../../support/servers/nest-features.js';

class SumParams {
  @IsNumber() a!: number;
  @IsNumber() b!: number;
}

@Injectable()
class Closed implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@Injectable({ scope: Scope.REQUEST })
class Known implements CanActivate {
  constructor(@Inject(REQUEST) private readonly request: unknown) {}
  canActivate(): boolean {
    return this.request === undefined;
  }
}

@SnorkyService('calculator')
class Calculator {
  @RpcCommand()
  sum({ a, b }: SumParams): number {
    return a + b;
  }

  @RpcCommand()
  answer(): number {
    return 42;
  }

  @RpcCommand()
  @UseGuards(Closed)
  secret(): string {
    return 'secret';
  }
}

@SnorkyService('vault')
@UseGuards(Closed)
class Vault {
  @RpcCommand()
  open(): string {
    return 'opened';
  }
}

@SnorkyService('scoped')
@UseGuards(Known)
class ScopedVault {
  @RpcCommand()
  open(): string {
    return 'opened';
  }
}

@SnorkyService('clock')
class Clock extends RpcService {
  @RpcCommand()
  time(): number {
    return 1;
  }
}

@SnorkyService('raw')
class Raw extends Service {
  processMessageFrom(client: Client): void {
    this.sendMessageTo(client, 'meant');
  }
}

class Tasks extends BroadcastDealer {
  readonly model: string = 'Task';
}

@SnorkyGateway('frontend')
class Gateway {
  identify(): JsonValue {
    return 'meant';
  }
}

@SnorkyGateway('frontend')
@UseGuards(Closed)
class ClosedGateway {
  identify(): JsonValue {
    return 'meant';
  }
}

@Injectable()
class Publisher {
  constructor(readonly pubsub: PubSubService) {}
}

const root = SnorkyModule.forRoot({
  registries: { frontend: { websocket: { path: '/ws' } }, backend: {} },
});

const running: TestingModule[] = [];

afterEach(async () => {
  for (const app of running.splice(0)) await app.close();
});

/** Starts what a test makes of a module. */
async function start(
  { imports = [], ...metadata }: ModuleMetadata,
  override: (builder: TestingModuleBuilder) => TestingModuleBuilder,
  log = new RecordedLog(),
): Promise<TestingModule> {
  const builder = Test.createTestingModule({
    ...metadata,
    imports: [root, ...imports],
  }).setLogger(log);
  const app = await override(builder).compile();
  running.push(app);
  return app.init();
}

async function connected(
  metadata: ModuleMetadata,
  override: (builder: TestingModuleBuilder) => TestingModuleBuilder,
  log?: RecordedLog,
): Promise<TestClient> {
  return connectClient(await start(metadata, override, log));
}

/** The ways in which a test puts something in the place of a class. */
const ways = (
  token: unknown,
  mock: object,
): [string, (builder: TestingModuleBuilder) => TestingModuleBuilder][] => [
  ['useValue', (builder) => builder.overrideProvider(token).useValue(mock)],
  [
    'useFactory',
    (builder) =>
      builder.overrideProvider(token).useFactory({ factory: () => mock }),
  ],
  [
    'useClass',
    (builder) =>
      builder.overrideProvider(token).useClass(
        class Fake {
          constructor() {
            Object.assign(this, mock);
          }
        },
      ),
  ],
];

describe('A service that a test overrides', () => {
  it.each(ways(Calculator, { sum: () => -1 }))(
    'is served by what stands for it: %s',
    async (_way, override) => {
      const client = await connected({ providers: [Calculator] }, override);
      expect(await client.call('calculator', 'sum', { a: 1, b: 2 })).toBe(-1);
    },
  );

  it.each(ways(Vault, { open: () => 'broken' }))(
    'keeps the guards of its class: %s',
    async (_way, override) => {
      const client = await connected({ providers: [Vault] }, override);
      await expect(client.call('vault', 'open', {})).rejects.toThrow(
        'Forbidden resource',
      );
    },
  );

  it.each(ways(Calculator, { secret: () => 'broken' }))(
    'keeps the guards of its methods: %s',
    async (_way, override) => {
      const client = await connected({ providers: [Calculator] }, override);
      await expect(client.call('calculator', 'secret', {})).rejects.toThrow(
        'Forbidden resource',
      );
    },
  );

  it('loses a guard that the test overrides', async () => {
    const client = await connected({ providers: [Vault] }, (builder) =>
      builder
        .overrideGuard(Closed)
        .useValue({ canActivate: () => true })
        .overrideProvider(Vault)
        .useValue({ open: () => 'mocked' }),
    );
    expect(await client.call('vault', 'open', {})).toBe('mocked');
  });

  it.each(ways(ScopedVault, { open: () => 'broken' }).slice(1))(
    'keeps guards that are made for each call: %s',
    async (_way, override) => {
      const client = await connected({ providers: [ScopedVault] }, override);
      await expect(client.call('scoped', 'open', {})).rejects.toThrow(
        'Forbidden resource',
      );
    },
  );

  it('keeps the checks of its parameters', async () => {
    const sum = jest.fn();
    const client = await connected({ providers: [Calculator] }, (builder) =>
      builder.overrideProvider(Calculator).useValue({ sum }),
    );
    await expect(
      client.call('calculator', 'sum', { a: '1', b: 2 }),
    ).rejects.toThrow('Invalid params');
    expect(sum).not.toHaveBeenCalled();
  });

  it('is asked for a method when it is called', async () => {
    const mock = { answer: jest.fn(() => 1) };
    const client = await connected({ providers: [Calculator] }, (builder) =>
      builder.overrideProvider(Calculator).useValue(mock),
    );
    expect(await client.call('calculator', 'answer', {})).toBe(1);
    mock.answer = jest.fn(() => 2);
    expect(await client.call('calculator', 'answer', {})).toBe(2);
    expect(mock.answer).toHaveBeenCalledTimes(1);
  });

  const left = nestHas('undefinedOverride', 'overrides with undefined')
    ? [undefined]
    : [];
  it.each([{}, null, 'text', ...left].map((mock) => [mock]))(
    'tells of a method that %p does not have',
    async (mock) => {
      const log = new RecordedLog();
      const client = await connected(
        { providers: [Calculator] },
        (builder) => builder.overrideProvider(Calculator).useValue(mock),
        log,
      );
      await expect(client.call('calculator', 'answer', {})).rejects.toThrow(
        'Internal error',
      );
      expect(JSON.stringify(log.lines)).toContain(
        'What stands for Calculator has no method answer().',
      );
    },
  );

  it('may be a subclass, with its own and inherited decorators', async () => {
    class Fake extends Calculator {
      override answer(): number {
        return 7;
      }
      @RpcCommand()
      more(): string {
        return 'more';
      }
    }
    const client = await connected({ providers: [Calculator] }, (builder) =>
      builder.overrideProvider(Calculator).useClass(Fake),
    );
    expect(await client.call('calculator', 'answer', {})).toBe(7);
    expect(await client.call('calculator', 'more', {})).toBe('more');
    await expect(client.call('calculator', 'secret', {})).rejects.toThrow(
      'Forbidden resource',
    );
  });

  it('is found under a token that is no class', async () => {
    const client = await connected(
      { providers: [{ provide: 'CALCULATOR', useClass: Vault }] },
      (builder) =>
        builder.overrideProvider('CALCULATOR').useValue({ open: () => 1 }),
    );
    await expect(client.call('vault', 'open', {})).rejects.toThrow(
      'Forbidden resource',
    );
  });

  it('hears of connections if it has the hooks', async () => {
    const onClientConnected = jest.fn();
    const onClientDisconnected = jest.fn();
    const client = await connected({ providers: [Clock] }, (builder) =>
      builder
        .overrideProvider(Clock)
        .useValue({ onClientConnected, onClientDisconnected, time: () => 9 }),
    );
    expect(await client.call('clock', 'time', {})).toBe(9);
    expect(onClientConnected).toHaveBeenCalledTimes(1);
    client.close();
    await client.closed;
    expect(onClientDisconnected).toHaveBeenCalledTimes(1);
  });

  it('may be raw', async () => {
    const processMessageFrom = jest.fn();
    const client = await connected({ providers: [Raw] }, (builder) =>
      builder.overrideProvider(Raw).useValue({ processMessageFrom }),
    );
    client.emit('raw', 'hello');
    client.close();
    await client.closed;
    expect(processMessageFrom).toHaveBeenCalledWith(client, 'hello');
  });
});

describe('What a test lists in the place of a class', () => {
  it('serves in its place', async () => {
    const client = await connected(
      {
        providers: [{ provide: Clock, useValue: { time: () => 5 } }],
      },
      (builder) => builder,
    );
    expect(await client.call('clock', 'time', {})).toBe(5);
  });

  it('stops the start where the guards of the class are not there', async () => {
    await expect(
      start(
        { providers: [{ provide: Vault, useValue: { open: () => 5 } }] },
        (builder) => builder,
      ),
    ).rejects.toMatchObject({ code: 'SNORKY_ENHANCER_UNBOUND' });
  });
});

describe('A service of forFeature that a test overrides', () => {
  const imports = [SnorkyModule.forFeature([{ service: Vault, name: 'box' }])];

  it.each([
    ...ways(getServiceToken('box', 'frontend'), { open: () => 'mocked' }),
    ...ways(getServiceToken('box'), { open: () => 'mocked' }),
  ])('is served by what stands for it: %s', async (_way, override) => {
    const client = await connected({ imports }, (builder) =>
      override(builder)
        .overrideGuard(Closed)
        .useValue({ canActivate: () => true }),
    );
    expect(await client.call('box', 'open', {})).toBe('mocked');
  });

  it.each([
    ...ways(getServiceToken('box', 'frontend'), { open: () => 'broken' }),
    ...ways(getServiceToken('box'), { open: () => 'broken' }),
  ])('keeps the guards of its class: %s', async (_way, override) => {
    const client = await connected({ imports }, override);
    await expect(client.call('box', 'open', {})).rejects.toThrow(
      'Forbidden resource',
    );
  });
});

describe('A bundled service that a test overrides', () => {
  class PrivatePubSub extends PubSubService {
    override canPublish(): boolean {
      return false;
    }
  }

  it.each([
    ['the class', PubSubService, PubSubService],
    ['the base class', PrivatePubSub, PubSubService],
    ['the subclass', PrivatePubSub, PrivatePubSub],
    ['its name', PubSubService, getServiceToken('pubsub')],
    ['its token', PrivatePubSub, getServiceToken('pubsub', 'frontend')],
  ])('is served, steered and closed by %s', async (_what, service, token) => {
    const mock = { publish: jest.fn(() => 'mocked'), broadcast: jest.fn() };
    const app = await start(
      { imports: [PubSubModule.register({ service })] },
      (builder) => builder.overrideProvider(token).useValue(mock),
    );
    const client = await connectClient(app);
    const params = { channel: 'news', message: 'Hi' };
    expect(await client.call('pubsub', 'publish', params)).toBe('mocked');
    await callBackend(app, 'pubsub_backend', 'publish', params);
    expect(mock.broadcast).toHaveBeenCalledWith('news', 'Hi');
    expect(app.get(PubSubBackend)).toBeInstanceOf(PubSubBackend);
  });

  it('is what is injected', async () => {
    const mock = {};
    const app = await start(
      { imports: [PubSubModule.register()], providers: [Publisher] },
      (builder) => builder.overrideProvider(PubSubService).useValue(mock),
    );
    expect(app.get(Publisher).pubsub).toBe(mock);
  });

  it.each([[DataSyncService], [getServiceToken('datasync', 'frontend')]])(
    'may be that of live data: %p',
    async (token) => {
      const mock = {
        acquireSubscription: jest.fn(() => 'mocked'),
        $publish: jest.fn(),
      };
      const app = await start(
        { imports: [DataSyncModule.register({ dealers: [Tasks] })] },
        (builder) => builder.overrideProvider(token).useValue(mock),
      );
      const client = await connectClient(app);
      expect(
        await client.call('datasync', 'acquireSubscription', { token: 'a' }),
      ).toBe('mocked');
    },
  );

  it('may be the backend', async () => {
    const publish = jest.fn();
    const app = await start({ imports: [PubSubModule.register()] }, (builder) =>
      builder.overrideProvider(PubSubBackend).useValue({ publish }),
    );
    const params = { channel: 'news', message: 'Hi' };
    await callBackend(app, 'pubsub_backend', 'publish', params);
    expect(publish).toHaveBeenCalledWith('news', 'Hi');
  });
});

describe('A dealer that a test overrides', () => {
  class Fake extends Tasks {
    override readonly model: string = 'Fake';
  }

  it.each([
    [
      'useClass',
      (builder: TestingModuleBuilder) =>
        builder.overrideProvider(Tasks).useClass(Fake),
    ],
    [
      'useValue',
      (builder: TestingModuleBuilder) =>
        builder.overrideProvider(Tasks).useValue(new Fake()),
    ],
  ])('has its name: %s', async (_way, override) => {
    const app = await start(
      { imports: [DataSyncModule.register({ dealers: [Tasks] })] },
      override,
    );
    const datasync = app.get(DataSyncService);
    const token = await datasync.authorizeSubscription([
      { dealer: 'Tasks', query: null },
    ]);
    const client = await connectClient(app);
    await client.call('datasync', 'acquireSubscription', { token });
    await datasync.publishDeltas([
      { model: 'Fake', type: 'insert', data: { id: 1 } },
    ]);
    expect(await client.next()).toMatchObject({ service: 'datasync' });
  });

  it('must be one', async () => {
    await expect(
      start(
        { imports: [DataSyncModule.register({ dealers: [Tasks] })] },
        (builder) => builder.overrideProvider(Tasks).useValue({}),
      ),
    ).rejects.toMatchObject({ code: 'SNORKY_DEALER_INVALID' });
  });
});

describe('A gateway that a test overrides', () => {
  it.each(ways(Gateway, { identify: () => 'mocked' }))(
    'is asked in the place of its class: %s',
    async (_way, override) => {
      const client = await connected({ providers: [Gateway] }, override);
      expect(client.identity).toBe('mocked');
    },
  );

  it.each(ways(ClosedGateway, { identify: () => 'mocked' }))(
    'keeps the guards of its class: %s',
    async (_way, override) => {
      const app = await start({ providers: [ClosedGateway] }, override);
      await expect(connectClient(app)).rejects.toMatchObject({ status: 403 });
    },
  );

  it('lets nobody in where what stands for it cannot tell who', async () => {
    const app = await start({ providers: [Gateway] }, (builder) =>
      builder.overrideProvider(Gateway).useValue({}),
    );
    await expect(connectClient(app)).rejects.toMatchObject({
      message: 'What stands for Gateway has no method identify().',
    });
  });
});
