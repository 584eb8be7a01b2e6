import {
  Inject,
  Injectable,
  Module,
  type DynamicModule,
  type Type,
} from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import {
  BroadcastDealer,
  DataSyncBackend,
  DataSyncModule,
  DataSyncService,
  Dealer,
  InjectService,
  RpcCommand,
  RpcParam,
  SnorkyModule,
  SnorkyService,
  type DataSyncModuleOptions,
  type JsonValue,
} from 'snorky';
import { callBackend, connectClient } from 'snorky/testing';
import { RecordedLog } from '../../support/servers/log.js';
import { rowsIn, taken, task } from '../../support/services/datasync.js';

class AllTasks extends BroadcastDealer {
  readonly model = 'Task';
}

const ITEMS = [{ dealer: 'AllTasks', query: null }];

async function start(
  modules: readonly (DynamicModule | Type)[],
  { backend = true, providers = [] as Type[] } = {},
): Promise<TestingModule> {
  const testing = await Test.createTestingModule({
    imports: [
      SnorkyModule.forRoot({
        registries: {
          frontend: { websocket: { path: '/ws' } },
          ...(backend ? { backend: { http: { path: '/b', key: 'k' } } } : {}),
        },
      }),
      ...modules,
    ],
    providers,
  })
    .setLogger(new RecordedLog())
    .compile();
  return testing.init();
}

function startDataSync(options: DataSyncModuleOptions): Promise<TestingModule> {
  return start([DataSyncModule.register(options)]);
}

describe('A start fails', () => {
  it('with two dealers of one name', async () => {
    class Other extends BroadcastDealer {
      override readonly name = 'AllTasks';
      readonly model = 'Other';
    }
    await expect(
      startDataSync({ dealers: [AllTasks, Other] }),
    ).rejects.toMatchObject({
      code: 'SNORKY_DEALER_NAME',
      message:
        'Service "datasync" has two dealers named "AllTasks". Give one of ' +
        "them another name: readonly name = '...';",
    });
    await expect(
      startDataSync({ dealers: [new AllTasks(), new AllTasks()] }),
    ).rejects.toMatchObject({ code: 'SNORKY_DEALER_NAME' });
  });

  it.each(['', undefined])('with a dealer of the model %j', async (model) => {
    class Nowhere extends BroadcastDealer {
      readonly model = model as string;
    }
    await expect(startDataSync({ dealers: [Nowhere] })).rejects.toMatchObject({
      code: 'SNORKY_DEALER_MODEL',
      message:
        'Nowhere has no model. Say whose deltas it is given: ' +
        "readonly model = 'Task';",
    });
  });

  it('with one dealer in two services', async () => {
    const dealer = new AllTasks();
    await expect(
      start([
        DataSyncModule.register({ dealers: [dealer] }),
        DataSyncModule.register({ name: 'other', dealers: [dealer] }),
      ]),
    ).rejects.toMatchObject({
      code: 'SNORKY_DEALER_SHARED',
      message: expect.stringMatching(
        /^Dealer "AllTasks" of service "\w+" is another service's already\./,
      ),
    });
  });

  it.each([
    ['tokenTimeout', { tokenTimeout: 0 }, '0'],
    ['tokenTimeout', { tokenTimeout: NaN }, 'NaN'],
    ['tokenTimeout', { tokenTimeout: '5' as unknown as number }, '5'],
    ['maxTokens', { maxTokens: 0 }, '0'],
    ['maxItems', { maxItems: -1 }, '-1'],
    ['maxSubscriptions', { maxSubscriptions: 0 }, '0'],
    ['entries', { log: { entries: 0 } }, '0'],
    ['size', { log: { size: NaN } }, 'NaN'],
    ['age', { log: { age: null as unknown as number } }, undefined],
  ])('with a bad %s (%j)', async (name, options, shown) => {
    const failing = startDataSync({ dealers: [AllTasks], ...options });
    if (shown === undefined) {
      // Null is as good as nothing.
      await (await failing).close();
      return;
    }
    const problem = {
      code: 'SNORKY_SERVICE_OPTION_INVALID',
      message:
        'The options of service "datasync" cannot be used: The DataSync option ' +
        `"${name}" must be a number from 1 up, not ${shown}.`,
    };
    await expect(failing).rejects.toMatchObject(problem);
    await expect(
      start([
        DataSyncModule.registerAsync({
          dealers: [AllTasks],
          useFactory: async () => options,
        }),
      ]),
    ).rejects.toMatchObject(problem);
  });

  it('with a bound that the log does not know', async () => {
    await expect(
      startDataSync({
        dealers: [AllTasks],
        log: { entries: 5, bytes: 1000 } as object,
      }),
    ).rejects.toMatchObject({
      code: 'SNORKY_SERVICE_OPTION_INVALID',
      message:
        'The options of service "datasync" cannot be used: The DataSync option ' +
        '"log" was given "bytes", which it does not know. It knows `entries`, ' +
        '`size`, `age`.',
    });
  });

  it('with two services of one name', async () => {
    await expect(
      start([
        DataSyncModule.register({ dealers: [new AllTasks()] }),
        DataSyncModule.register({ dealers: [new AllTasks()] }),
      ]),
    ).rejects.toMatchObject({ code: 'SNORKY_NAME_TAKEN' });
  });

  it('in a registry that is not there', async () => {
    await expect(
      startDataSync({ dealers: [AllTasks], registry: 'nowhere' }),
    ).rejects.toMatchObject({ code: 'SNORKY_REGISTRY_UNKNOWN' });
  });
});

describe('Dealers', () => {
  @Injectable()
  class Teams {
    readonly of = new Map<JsonValue, string>([['ann', 'red']]);
  }

  @Module({ providers: [Teams], exports: [Teams] })
  class TeamsModule {}

  class ByTeam extends Dealer<{ owner: string }> {
    readonly model = 'Task';

    @Inject(Teams)
    private readonly teams!: Teams;

    matches(query: JsonValue, { owner }: { owner: string }): boolean {
      return this.teams.of.get(owner) === query;
    }
  }

  it('are classes that get what they inject', async () => {
    const app = await startDataSync({
      imports: [TeamsModule],
      dealers: [ByTeam],
    });
    await using client = await connectClient(app);
    const token = await app
      .get(DataSyncService)
      .authorizeSubscription([{ dealer: 'ByTeam', query: 'red' }]);
    await client.call('datasync', 'acquireSubscription', { token });
    await app
      .get(DataSyncService)
      .publishDeltas([task(1, { owner: 'bob' }), task(2, { owner: 'ann' })]);
    expect(rowsIn(await taken(client))).toEqual([2]);
    await app.close();
  });

  it('are one instance of a class for each service', async () => {
    const made = new Set<Dealer>();
    class Counted extends Dealer {
      readonly model = 'Task';

      constructor() {
        super();
        made.add(this);
      }

      matches(): boolean {
        return true;
      }
    }
    const app = await start([
      DataSyncModule.register({ dealers: [Counted] }),
      DataSyncModule.register({ name: 'other', dealers: [Counted] }),
    ]);
    expect(made.size).toBe(2);
    await app.close();
  });

  it('can serve again when their service has ended', async () => {
    const dealer = new AllTasks();
    for (let round = 0; round < 2; round++) {
      const app = await startDataSync({ dealers: [dealer] });
      const service = app.get(DataSyncService);
      await using client = await connectClient(app);
      const token = await service.authorizeSubscription(ITEMS);
      await client.call('datasync', 'acquireSubscription', { token });
      await service.publishDeltas([task(round)]);
      expect(rowsIn(await taken(client))).toEqual([round]);
      await app.close();
    }
  });
});

describe('Several services in one application', () => {
  it('share nothing with each other', async () => {
    const app = await start([
      DataSyncModule.register({ dealers: [AllTasks] }),
      DataSyncModule.register({ name: 'other', dealers: [AllTasks] }),
    ]);
    await using client = await connectClient(app);
    const authorize = async (backend: string): Promise<JsonValue> =>
      callBackend(app, backend, 'authorizeSubscription', { items: ITEMS });
    const own = await authorize('datasync_backend');
    const others = await authorize('other_backend');
    await expect(
      client.call('datasync', 'acquireSubscription', { token: others }),
    ).rejects.toMatchObject({ value: 'No such subscription' });
    await client.call('datasync', 'acquireSubscription', { token: own });
    await client.call('other', 'acquireSubscription', { token: others });
    await expect(
      client.call('datasync', 'cancelSubscription', { token: others }),
    ).rejects.toMatchObject({ value: 'No such subscription' });
    const deltas = [task(1)] as unknown as JsonValue;
    await callBackend(app, 'other_backend', 'publishDeltas', { deltas });
    const { service, message } = await client.next();
    expect(service).toBe('other');
    expect(message).toMatchObject({ type: 'delta' });
    expect(client.unread).toEqual([]);
    await app.close();
  });

  it('are injected by their names', async () => {
    @Injectable()
    class User {
      constructor(
        @InjectService('datasync') readonly one: DataSyncService,
        @InjectService('other') readonly other: DataSyncService,
        @InjectService('other_backend') readonly backend: DataSyncBackend,
      ) {}
    }
    const app = await start(
      [
        DataSyncModule.register({ dealers: [AllTasks] }),
        DataSyncModule.register({ name: 'other', dealers: [AllTasks] }),
      ],
      { providers: [User] },
    );
    const { one, other, backend } = app.get(User);
    expect(one).toBeInstanceOf(DataSyncService);
    expect([one.name, other.name]).toEqual(['datasync', 'other']);
    expect(backend).toBeInstanceOf(DataSyncBackend);
    await app.close();
  });
});

describe('DataSyncModule', () => {
  it('takes its limits from a factory that injects', async () => {
    @Injectable()
    class Config {
      readonly maxItems = 1;
    }
    @Module({ providers: [Config], exports: [Config] })
    class ConfigModule {}
    const app = await start([
      DataSyncModule.registerAsync({
        imports: [ConfigModule],
        dealers: [AllTasks],
        inject: [Config],
        useFactory: ({ maxItems }: Config) => ({ maxItems }),
      }),
    ]);
    await expect(
      callBackend(app, 'datasync_backend', 'authorizeSubscription', {
        items: [...ITEMS, ...ITEMS],
      }),
    ).rejects.toMatchObject({ value: 'Too many items' });
    await app.close();
  });

  it('does without a backend where there is no registry for it', async () => {
    const app = await start(
      [DataSyncModule.register({ dealers: [AllTasks] })],
      {
        backend: false,
      },
    );
    const service = app.get(DataSyncService);
    await using client = await connectClient(app);
    const token = await service.authorizeSubscription(ITEMS);
    await client.call('datasync', 'acquireSubscription', { token });
    await service.publishDeltas([task(1)]);
    expect(rowsIn(await taken(client))).toEqual([1]);
    await app.close();
  });

  it('takes subclasses of both services', async () => {
    @SnorkyService('datasync')
    class MyDataSync extends DataSyncService {
      @RpcCommand()
      hello(@RpcParam('name') name: string): JsonValue {
        return `Hello ${name}`;
      }
    }
    @SnorkyService('datasync_backend', { registry: 'backend' })
    class MyBackend extends DataSyncBackend {
      @RpcCommand()
      ping(): string {
        return 'pong';
      }
    }
    const app = await startDataSync({
      service: MyDataSync,
      backend: { service: MyBackend, name: 'steering' },
      dealers: [AllTasks],
    });
    await using client = await connectClient(app);
    expect(await client.call('datasync', 'hello', { name: 'you' })).toBe(
      'Hello you',
    );
    expect(await callBackend(app, 'steering', 'ping')).toBe('pong');
    const items = { items: ITEMS };
    const token = await callBackend(
      app,
      'steering',
      'authorizeSubscription',
      items,
    );
    await client.call('datasync', 'acquireSubscription', { token });
    expect(app.get(MyDataSync)).toBe(app.get(DataSyncService));
    await app.close();
  });
});
