import { describe, expect, it } from '@jest/globals';
import {
  Controller,
  forwardRef,
  Get,
  Inject,
  Injectable,
  Module,
  Optional,
  UseGuards,
  type CanActivate,
  type ModuleMetadata,
  type Provider,
  type Type,
} from '@nestjs/common';
import {
  getServiceToken,
  InjectService,
  PubSubBackend,
  PubSubModule,
  PubSubService,
  RpcCommand,
  SnorkyModule,
  SnorkyService,
} from 'snorky';
import { startApp } from '../../support/servers/app.js';

@SnorkyService('ping')
class Ping {
  @RpcCommand()
  ping(): string {
    return 'pong';
  }
}

const root = SnorkyModule.forRoot({
  registries: {
    frontend: { websocket: { path: '/ws' } },
    admin: { websocket: { path: '/admin' } },
  },
});

/** A service `ping` in two registries, and one `lone`. */
const pings = SnorkyModule.forFeature([
  { service: Ping, name: 'ping', registry: 'frontend' },
  { service: Ping, name: 'ping', registry: 'admin' },
  { service: Ping, name: 'lone', registry: 'admin' },
]);

class TeamPubSub extends PubSubService {}
class OtherPubSub extends PubSubService {}

/** Three services of two classes. */
const pubsubs = [
  PubSubModule.register({ service: TeamPubSub, name: 'a' }),
  PubSubModule.register({ service: TeamPubSub, name: 'b' }),
  PubSubModule.register({ service: OtherPubSub, name: 'c' }),
];

async function codeOf(metadata: ModuleMetadata): Promise<unknown> {
  try {
    await using _app = await startApp({
      ...metadata,
      imports: [root, ...(metadata.imports ?? [])],
    });
    return 'started';
  } catch (error) {
    return (error as { code?: unknown }).code ?? error;
  }
}

class Base {
  @InjectService('ping') readonly ping!: Ping;
}

@Injectable()
class Heir extends Base {
  @InjectService('lone') readonly lone!: Ping;
}

@Injectable()
class ByConstructor {
  constructor(@InjectService('ping') readonly ping: Ping) {}
}

@Injectable()
class HeirByConstructor extends ByConstructor {
  @InjectService('lone') readonly lone!: Ping;
}

@Injectable()
class Guard implements CanActivate {
  @InjectService('ping') readonly ping!: Ping;
  canActivate(): boolean {
    return true;
  }
}

@Controller('page')
class Guarded {
  @UseGuards(Guard)
  @Get()
  page(): string {
    return 'page';
  }
}

const factory = (inject: NonNullable<unknown>[]): Provider => ({
  provide: 'FACTORY',
  useFactory: (...args: unknown[]) => args.length,
  inject: inject as never[],
});

describe('A service by its name alone, where several registries have it', () => {
  it.each<[string, Provider]>([
    ['a property of a base class', Heir],
    ['the constructor of a base class', HeirByConstructor],
    ['a factory', factory([getServiceToken('ping')])],
    [
      'a factory, if it is there',
      factory([{ token: getServiceToken('ping'), optional: true }]),
    ],
    [
      'a factory, later',
      factory([forwardRef(() => getServiceToken('ping')) as object]),
    ],
    ['an alias', { provide: 'ALIAS', useExisting: getServiceToken('ping') }],
  ])('is refused in %s', async (_where, provider) => {
    expect(await codeOf({ imports: [pings], providers: [provider] })).toBe(
      'SNORKY_SERVICE_AMBIGUOUS',
    );
  });

  it('is refused in a guard that is no provider', async () => {
    expect(await codeOf({ imports: [pings], controllers: [Guarded] })).toBe(
      'SNORKY_SERVICE_AMBIGUOUS',
    );
  });

  it('is no error with the registry, or where the name is unique', async () => {
    const inject = [
      getServiceToken('ping', 'admin'),
      { token: getServiceToken('ping', 'frontend'), optional: true },
      { token: getServiceToken('nowhere'), optional: true },
      getServiceToken('lone'),
    ];
    expect(
      await codeOf({ imports: [pings], providers: [factory(inject)] }),
    ).toBe('started');
  });
});

@Injectable()
class ByProperty {
  @Inject(PubSubService) readonly pubsub!: PubSubService;
}

@Injectable()
class ByBackend {
  constructor(readonly backend: PubSubBackend) {}
}

@Injectable()
class BySubclass {
  constructor(@Optional() readonly pubsub: TeamPubSub) {}
}

@Controller()
class Page {
  constructor(readonly pubsub: PubSubService) {}
}

describe('A service by its class, where several are of it', () => {
  it.each<[string, Provider]>([
    ['a property', ByProperty],
    ['a constructor', ByBackend],
    ['a constructor, of a subclass', BySubclass],
    ['a factory', factory([PubSubService])],
    ['a factory', factory([{ token: TeamPubSub, optional: true }])],
  ])('is refused in %s', async (_where, provider) => {
    expect(await codeOf({ imports: pubsubs, providers: [provider] })).toBe(
      'SNORKY_CLASS_AMBIGUOUS',
    );
  });

  it('is refused in a controller, and in any module', async () => {
    @Module({ controllers: [Page] })
    class Elsewhere {}
    expect(await codeOf({ imports: [...pubsubs, Elsewhere] })).toBe(
      'SNORKY_CLASS_AMBIGUOUS',
    );
  });

  it('is no error while nobody asks for it', async () => {
    const inject: NonNullable<unknown>[] = [
      OtherPubSub,
      getServiceToken('a'),
      getServiceToken('b', 'frontend'),
    ];
    expect(
      await codeOf({ imports: pubsubs, providers: [factory(inject)] }),
    ).toBe('started');
  });

  it('is no error where a module says which one it means', async () => {
    const means = {
      provide: PubSubService,
      useExisting: getServiceToken('b', 'frontend'),
    };
    const providers = [means, ByProperty, factory([PubSubService])];
    expect(await codeOf({ imports: pubsubs, providers })).toBe('started');
  });

  it('is no error within one registration', async () => {
    @SnorkyService('loud', { registry: 'backend' })
    class Loud extends PubSubBackend {
      @Inject(PubSubService) readonly own!: PubSubService;
    }
    const backend: { service: Type<PubSubBackend> } = { service: Loud };
    const imports = [
      PubSubModule.register({ backend }),
      PubSubModule.register({ name: 'chat' }),
    ];
    expect(await codeOf({ imports })).toBe('started');
  });
});
