import { describe, expect, it } from '@jest/globals';
import {
  Global,
  Inject,
  Injectable,
  Module,
  UseGuards,
  type CanActivate,
  type ModuleMetadata,
} from '@nestjs/common';
import {
  getRegistryToken,
  getServiceToken,
  InjectRegistry,
  InjectService,
  PubSubModule,
  RpcCommand,
  RpcParam,
  RpcService,
  ServiceRegistry,
  SnorkyModule,
  SnorkyService,
} from 'snorky';
import { startApp } from '../../support/servers/app.js';
import { startWithSocket } from '../../support/servers/services.js';
import { TestSocket } from '../../support/sockets/socket.js';

@SnorkyService('counter')
class Counter {
  private count = 0;
  @RpcCommand()
  add(@RpcParam('n') n = 1): number {
    return (this.count += n);
  }
}

@SnorkyService('room')
class Room extends RpcService {
  @RpcCommand()
  who(): string[] {
    return [this.registry.name, this.name];
  }
}

const registries = {
  frontend: { websocket: { path: '/ws' } },
  admin: { websocket: { path: '/admin' } },
};
const root = SnorkyModule.forRoot({ registries });

function app(metadata: ModuleMetadata): ReturnType<typeof startApp> {
  return startApp({
    ...metadata,
    imports: [root, ...(metadata.imports ?? [])],
  });
}

describe('forFeature', () => {
  it('makes one instance for each name', async () => {
    await using running = await app({
      imports: [
        SnorkyModule.forFeature([
          { service: Counter, name: 'apples' },
          { service: Counter, name: 'pears' },
          { service: Counter, name: 'apples', registry: 'admin' },
        ]),
      ],
    });
    await using frontend = await TestSocket.connect(`${running.ws}/ws`);
    await using admin = await TestSocket.connect(`${running.ws}/admin`);
    expect(await frontend.call('apples', 'add')).toMatchObject({ data: 1 });
    expect(await frontend.call('apples', 'add')).toMatchObject({ data: 2 });
    expect(await frontend.call('pears', 'add')).toMatchObject({ data: 1 });
    expect(await admin.call('apples', 'add', { n: 5 })).toMatchObject({
      data: 5,
    });
  });

  it('leaves no service of the decorator', async () => {
    await using running = await app({
      imports: [
        SnorkyModule.forFeature([{ service: Counter, name: 'apples' }]),
      ],
      providers: [Counter],
    });
    const registry = running.app.get<ServiceRegistry>(getRegistryToken());
    expect(registry.serviceNames()).toEqual(['apples']);
  });

  it('tells each instance its own name and registry', async () => {
    await using running = await app({
      imports: [
        SnorkyModule.forFeature([
          { service: Room, name: 'a' },
          { service: Room, name: 'b', registry: 'admin' },
        ]),
      ],
    });
    await using frontend = await TestSocket.connect(`${running.ws}/ws`);
    await using admin = await TestSocket.connect(`${running.ws}/admin`);
    expect(await frontend.call('a', 'who')).toMatchObject({
      data: ['frontend', 'a'],
    });
    expect(await admin.call('b', 'who')).toMatchObject({
      data: ['admin', 'b'],
    });
  });

  it('injects what is given beside, into the services and their guards', async () => {
    @Injectable()
    class Policy {
      readonly allowed = new Set(['ann']);
    }
    @Module({ providers: [Policy], exports: [Policy] })
    class PolicyModule {}
    @Injectable()
    class PolicyGuard implements CanActivate {
      constructor(@Inject(Policy) private readonly policy: Policy) {}
      canActivate(): boolean {
        return this.policy.allowed.has('bob');
      }
    }
    @SnorkyService('greeter')
    class Greeter {
      constructor(private readonly policy: Policy) {}
      @RpcCommand()
      all(): string[] {
        return [...this.policy.allowed];
      }
      @UseGuards(PolicyGuard)
      @RpcCommand()
      guarded(): void {}
    }
    const features = [{ service: Greeter, name: 'hello' }];
    const ways = [{ imports: [PolicyModule] }, { providers: [Policy] }];
    for (const way of ways) {
      await using running = await app({
        imports: [SnorkyModule.forFeature(features, way)],
      });
      await using socket = await TestSocket.connect(`${running.ws}/ws`);
      expect(await socket.call('hello', 'all')).toMatchObject({
        data: ['ann'],
      });
      expect(await socket.call('hello', 'guarded')).toMatchObject({
        message: 'Forbidden resource',
      });
    }
  });

  it('may be called by several modules', async () => {
    @Module({
      imports: [
        SnorkyModule.forFeature([{ service: Counter, name: 'apples' }]),
      ],
    })
    class Apples {}
    @Module({
      imports: [SnorkyModule.forFeature([{ service: Counter, name: 'pears' }])],
    })
    class Pears {}
    await using running = await app({ imports: [Apples, Pears] });
    const registry = running.app.get<ServiceRegistry>(getRegistryToken());
    expect(registry.serviceNames().sort()).toEqual(['apples', 'pears']);
  });
});

describe('@InjectService', () => {
  it('injects by name, and by name and registry', async () => {
    @Injectable()
    class User {
      @InjectService('pears') readonly byProperty!: Counter;
      constructor(
        @InjectService('apples', 'frontend') readonly apples: Counter,
        @InjectService('apples', 'admin') readonly admin: Counter,
        @InjectService('pears') readonly pears: Counter,
      ) {}
    }
    await using running = await app({
      imports: [
        SnorkyModule.forFeature([
          { service: Counter, name: 'apples' },
          { service: Counter, name: 'apples', registry: 'admin' },
          { service: Counter, name: 'pears', registry: 'admin' },
        ]),
      ],
      providers: [User],
    });
    const user = running.app.get(User);
    expect(user.apples).toBeInstanceOf(Counter);
    expect(user.apples).not.toBe(user.admin);
    expect(user.byProperty).toBe(user.pears);
    user.apples.add(7);
    await using socket = await TestSocket.connect(`${running.ws}/ws`);
    expect(await socket.call('apples', 'add')).toMatchObject({ data: 8 });
    expect(running.app.get(getServiceToken('apples', 'frontend'))).toBe(
      user.apples,
    );
    expect(running.app.get(getServiceToken('apples', 'admin'))).toBe(
      user.admin,
    );
    expect(running.app.get(getServiceToken('pears'))).toBe(user.pears);
  });

  it.each(['constructor', 'property'])(
    'is refused without a registry where several have the name (%s)',
    async (where) => {
      @Injectable()
      class ByConstructor {
        constructor(@InjectService('apples') readonly apples: Counter) {}
      }
      @Injectable()
      class ByProperty {
        @InjectService('apples') readonly apples!: Counter;
      }
      const user = where === 'property' ? ByProperty : ByConstructor;
      await expect(
        app({
          imports: [
            SnorkyModule.forFeature([
              { service: Counter, name: 'apples' },
              { service: Counter, name: 'apples', registry: 'admin' },
            ]),
          ],
          providers: [user],
        }),
      ).rejects.toMatchObject({
        code: 'SNORKY_SERVICE_AMBIGUOUS',
        message:
          `${user.name} injects service "apples", which exists in several ` +
          "registries: frontend, admin. Write @InjectService('apples', '<registry>').",
      });
    },
  );

  it('injects what bundled modules made', async () => {
    @Injectable()
    class User {
      constructor(
        @InjectService('pubsub') readonly pubsub: unknown,
        @InjectService('pubsub', 'frontend') readonly same: unknown,
      ) {}
    }
    await using running = await app({
      imports: [PubSubModule.register()],
      providers: [User],
    });
    const user = running.app.get(User);
    expect(user.pubsub).toBe(user.same);
    expect(user.pubsub).toMatchObject({ name: 'pubsub' });
  });
});

describe('@InjectRegistry', () => {
  it('injects a registry by name, frontend without one', async () => {
    @Injectable()
    class User {
      constructor(
        @InjectRegistry() readonly frontend: ServiceRegistry,
        @InjectRegistry('admin') readonly admin: ServiceRegistry,
      ) {}
    }
    @Module({ providers: [User], exports: [User] })
    class Elsewhere {}
    await using running = await app({ imports: [Elsewhere] });
    const user = running.app.get(User);
    expect(user.frontend).toBeInstanceOf(ServiceRegistry);
    expect([user.frontend.name, user.admin.name]).toEqual([
      'frontend',
      'admin',
    ]);
    expect(running.app.get(getRegistryToken('admin'))).toBe(user.admin);
    await using socket = await TestSocket.connect(`${running.ws}/admin`);
    expect(
      [...user.admin.clients()].map(({ handshake }) => handshake.url),
    ).toEqual(['/admin']);
    expect(user.frontend.clients().size).toBe(0);
    expect(socket.unread).toEqual([]);
  });
});

describe('The registry of a service', () => {
  it('is the one that it names', async () => {
    @SnorkyService('here', { registry: 'admin' })
    class Here extends Room {}
    await using running = await app({ providers: [Here, Room] });
    await using frontend = await TestSocket.connect(`${running.ws}/ws`);
    await using admin = await TestSocket.connect(`${running.ws}/admin`);
    expect(await admin.call('here', 'who')).toMatchObject({
      data: ['admin', 'here'],
    });
    expect(await frontend.call('room', 'who')).toMatchObject({
      data: ['frontend', 'room'],
    });
    // Unknown in the other one: no answer, whatever comes next is read.
    frontend.send('here', { command: 'who', params: {}, callId: 'none' });
    expect(await frontend.call('room', 'who')).toMatchObject({ callId: 1 });
  });

  it('is the only one, whatever its name', async () => {
    await using running = await startApp({
      imports: [
        SnorkyModule.forRoot({
          registries: { sole: { websocket: { path: '/ws' } } },
        }),
      ],
      providers: [Room],
    });
    await using socket = await TestSocket.connect(`${running.ws}/ws`);
    expect(await socket.call('room', 'who')).toMatchObject({
      data: ['sole', 'room'],
    });
  });
});

describe('A decorated provider', () => {
  it.each([
    ['by its class', Counter],
    ['by another token', { provide: 'TOKEN', useClass: Counter }],
    ['by a value', { provide: 'TOKEN', useValue: new Counter() }],
    ['by a factory', { provide: 'TOKEN', useFactory: () => new Counter() }],
    [
      'by an asynchronous factory',
      {
        provide: 'TOKEN',
        useFactory: (n: number) => Promise.resolve(n).then(() => new Counter()),
        inject: ['N'],
      },
    ],
  ])('is found when it is provided %s', async (_way, provider) => {
    const n = { provide: 'N', useValue: 1 };
    await using running = await startWithSocket([provider, n]);
    expect(await running.socket.call('counter', 'add')).toMatchObject({
      data: 1,
    });
  });

  it('is found once when it has an alias, and in any module', async () => {
    @Global()
    @Module({
      providers: [Counter, { provide: 'ALIAS', useExisting: Counter }],
      exports: [Counter, 'ALIAS'],
    })
    class Counting {}
    await using running = await startWithSocket(
      [{ provide: 'ANOTHER', useExisting: Counter }],
      { imports: [Counting] },
    );
    const registry = running.app.get<ServiceRegistry>(getRegistryToken());
    expect(registry.serviceNames()).toEqual(['counter']);
    running.app.get<Counter>('ANOTHER').add(2);
    expect(await running.socket.call('counter', 'add')).toMatchObject({
      data: 3,
    });
  });
});

describe('Two applications in one process', () => {
  it('share nothing with each other', async () => {
    const guard = { provide: 'x', useValue: 1 };
    const first = await startWithSocket([Counter, guard], {
      imports: [PubSubModule.register()],
    });
    const second = await startWithSocket([Counter], {
      imports: [PubSubModule.register()],
      prepare: (made) => made.useGlobalGuards({ canActivate: () => true }),
    });
    try {
      for (const { socket } of [first, second]) {
        expect(
          await socket.call('pubsub', 'subscribe', { channel: 'news' }),
        ).toMatchObject({ data: null });
      }
      expect(await first.socket.call('counter', 'add')).toMatchObject({
        data: 1,
      });
      expect(await second.socket.call('counter', 'add')).toMatchObject({
        data: 1,
      });
      expect(await first.socket.call('counter', 'add')).toMatchObject({
        data: 2,
      });
      first.socket.send('pubsub', {
        command: 'publish',
        params: { channel: 'news', message: 'first' },
        callId: 'p',
      });
      expect(await first.socket.take(2)).toMatchObject([
        { type: 'message' },
        { callId: 'p' },
      ]);
      const [one, two] = [first, second].map(({ app: made }) =>
        made.get<ServiceRegistry>(getRegistryToken()),
      );
      expect(one).not.toBe(two);
      expect(one?.clients().size).toBe(1);
      await first.app.close();
      expect(await first.socket.closed).toMatchObject({ code: 1001 });
      expect(await second.socket.call('counter', 'add')).toMatchObject({
        data: 2,
      });
      expect(second.socket.unread).toEqual([]);
    } finally {
      await first.app.close();
      await second.app.close();
    }
  });
});
