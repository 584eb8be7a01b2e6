import { afterEach, describe, expect, it } from '@jest/globals';
import {
  createParamDecorator,
  Inject,
  Injectable,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type INestApplication,
  type ModuleMetadata,
  type NestInterceptor,
  type PipeTransform,
  type Provider,
  type Type,
} from '@nestjs/common';
import {
  APP_FILTER,
  APP_GUARD,
  APP_INTERCEPTOR,
  APP_PIPE,
  REQUEST,
} from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { map, type Observable } from 'rxjs';
import {
  BroadcastDealer,
  DataSyncModule,
  DataSyncService,
  getServiceToken,
  PubSubModule,
  PubSubService,
  RpcCommand,
  RpcError,
  RpcParam,
  SnorkyModule,
  SnorkyService,
} from 'snorky';
import { connectClient } from 'snorky/testing';

let app: INestApplication | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

async function start(
  metadata: ModuleMetadata,
  prepare: (app: INestApplication) => void = () => {},
): Promise<INestApplication> {
  const testing = await Test.createTestingModule({
    ...metadata,
    imports: [
      SnorkyModule.forRoot({ registries: { frontend: {} } }),
      ...(metadata.imports ?? []),
    ],
  }).compile();
  app = testing.createNestApplication({ logger: false });
  prepare(app);
  return app.init();
}

/** What a service, and what runs around it, inject from the module. */
@Injectable()
class Marks {
  readonly seen: string[] = [];
}

@Injectable()
class Guard implements CanActivate {
  constructor(private readonly marks: Marks) {}
  canActivate(): boolean {
    this.marks.seen.push('guard');
    return true;
  }
}

@Injectable()
class Interceptor implements NestInterceptor {
  constructor(private readonly marks: Marks) {}
  intercept(_context: unknown, next: CallHandler): Observable<unknown> {
    this.marks.seen.push('interceptor');
    return next.handle().pipe(map((value) => `<${String(value)}>`));
  }
}

@Injectable()
class Pipe implements PipeTransform {
  constructor(private readonly marks: Marks) {}
  transform(value: unknown): unknown {
    if (typeof value === 'string') this.marks.seen.push('pipe');
    return value;
  }
}

@Injectable()
class ParamPipe extends Pipe {}

@Injectable()
class Filter implements ExceptionFilter {
  constructor(private readonly marks: Marks) {}
  catch(exception: Error): string {
    this.marks.seen.push('filter');
    return `caught ${exception.message}`;
  }
}

@Injectable()
class Answers {
  @RpcCommand()
  @UseGuards(Guard)
  @UseInterceptors(Interceptor)
  @UsePipes(Pipe)
  @UseFilters(Filter)
  say(@RpcParam('word', ParamPipe) word: string): string {
    if (word === 'bad') throw new Error('a bad word');
    return word;
  }
}

@UseGuards(Guard)
@UseInterceptors(Interceptor)
@UsePipes(Pipe)
@UseFilters(Filter)
@Injectable()
class AnswersByClass {
  @RpcCommand()
  say(@RpcParam('word', ParamPipe) word: string): string {
    if (word === 'bad') throw new Error('a bad word');
    return word;
  }
}

@Injectable({ scope: Scope.REQUEST })
class ScopedMarks {
  readonly seen: string[];
  constructor(marks: Marks, @Inject(REQUEST) request: unknown) {
    this.seen = marks.seen;
    if (request === undefined) throw new Error('no request');
  }
}

/** The same, where each needs the request. */
const scoped = <T extends Type>(base: T): T => {
  @Injectable({ scope: Scope.REQUEST })
  class Scoped extends base {
    // eslint-disable-next-line typescript/no-explicit-any -- a mixin's
    constructor(...args: any[]) {
      // eslint-disable-next-line typescript/no-unsafe-argument -- a mixin's
      super(...args);
    }
  }
  Reflect.defineMetadata('design:paramtypes', [ScopedMarks], Scoped);
  return Scoped;
};

const ALL = ['guard', 'interceptor', 'pipe', 'pipe'];

/** How a class becomes the service "answers". */
const DOORS: Readonly<Record<string, (service: Type) => ModuleMetadata>> = {
  'a provider': (service) => ({ providers: [Marks, marked(service)] }),
  'a provider under another token': (service) => ({
    providers: [Marks, { provide: 'ANSWERS', useClass: marked(service) }],
  }),
  'a provider of a module': (service) => {
    class Feature {}
    return {
      imports: [{ module: Feature, providers: [Marks, marked(service)] }],
    };
  },
  forFeature: (service) => ({
    imports: [
      SnorkyModule.forFeature([{ service, name: 'answers' }], {
        providers: [Marks],
      }),
    ],
  }),
  'forFeature, of a decorated class': (service) => ({
    imports: [
      SnorkyModule.forFeature(
        [
          { service: marked(service), name: 'other' },
          { service: marked(service), name: 'answers' },
        ],
        { providers: [Marks] },
      ),
    ],
  }),
  'an ancestor of a service': (service) => {
    @SnorkyService('answers')
    class Heir extends service {}
    return { providers: [Marks, Heir] };
  },
};

function marked(service: Type): Type {
  @SnorkyService('answers')
  class Marked extends service {}
  return Marked;
}

const CLASSES = { methods: Answers, 'the class': AnswersByClass };

describe.each(Object.keys(DOORS))('Around %s', (door) => {
  const metadata = (service: Type): ModuleMetadata =>
    (DOORS[door] as (service: Type) => ModuleMetadata)(service);

  it.each(Object.keys(CLASSES) as (keyof typeof CLASSES)[])(
    'runs what is written on %s',
    async (where) => {
      const running = await start(metadata(CLASSES[where]));
      const { seen } = running.get(Marks, { strict: false });
      await using client = await connectClient(running);
      expect(await client.call('answers', 'say', { word: 'hello' })).toBe(
        '<hello>',
      );
      expect(seen).toEqual(ALL);
      expect(await client.call('answers', 'say', { word: 'bad' })).toBe(
        'caught a bad word',
      );
      expect(seen).toEqual([...ALL, ...ALL, 'filter']);
    },
  );

  it('runs what is global', async () => {
    const global: Provider[] = [
      Marks,
      { provide: APP_GUARD, useClass: Guard },
      { provide: APP_INTERCEPTOR, useClass: Interceptor },
      { provide: APP_PIPE, useClass: Pipe },
      { provide: APP_FILTER, useClass: Filter },
    ];
    class Globals {}
    const { imports = [], ...rest } = metadata(Answers);
    const running = await start({
      ...rest,
      imports: [...imports, { module: Globals, providers: global }],
    });
    await using client = await connectClient(running);
    expect(await client.call('answers', 'say', { word: 'hi' })).toBe('<<hi>>');
  });

  it('runs global ones that are made for each request', async () => {
    class Globals {}
    const { imports = [], ...rest } = metadata(Answers);
    const running = await start({
      ...rest,
      imports: [
        ...imports,
        {
          module: Globals,
          providers: [
            Marks,
            ScopedMarks,
            { provide: APP_GUARD, useClass: scoped(Guard) },
            { provide: APP_INTERCEPTOR, useClass: scoped(Interceptor) },
            { provide: APP_PIPE, useClass: scoped(Pipe) },
          ],
        },
      ],
    });
    await using client = await connectClient(running);
    expect(await client.call('answers', 'say', { word: 'hi' })).toBe('<<hi>>');
  });

  it('runs what is made for each request', async () => {
    @Injectable()
    class Needy {
      @RpcCommand()
      @UseGuards(scoped(Guard))
      @UseInterceptors(scoped(Interceptor))
      @UseFilters(scoped(Filter))
      say(@RpcParam('word', scoped(Pipe)) word: string): string {
        if (word === 'bad') throw new Error('a bad word');
        return word;
      }
    }
    const found = metadata(Needy);
    const running = await start(withScopedMarks(found));
    const { seen } = running.get(Marks, { strict: false });
    await using client = await connectClient(running);
    expect(await client.call('answers', 'say', { word: 'hello' })).toBe(
      '<hello>',
    );
    expect(seen).toEqual(['guard', 'interceptor', 'pipe']);
    expect(await client.call('answers', 'say', { word: 'bad' })).toBe(
      'caught a bad word',
    );
  });
});

/** Wherever there are marks. */
function withScopedMarks(metadata: ModuleMetadata): ModuleMetadata {
  const { providers, imports } = metadata;
  return {
    ...(providers && { providers: [...providers, ScopedMarks] }),
    ...(imports && {
      imports: imports.map((one) => ({
        ...(one as { module: Type; providers: Provider[] }),
        providers: [
          ...(one as { providers: Provider[] }).providers,
          ScopedMarks,
        ],
      })),
    }),
  };
}

@Injectable()
class Deny implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

describe('A guard on a subclass of a bundled service', () => {
  it.each(['PubSubService', 'DataSyncService'])(
    'is asked: %s',
    async (name) => {
      @UseGuards(Deny)
      class Private extends PubSubService {}
      @UseGuards(Deny)
      class Closed extends DataSyncService {}
      class Tasks extends BroadcastDealer {
        readonly model = 'Task';
      }
      const running = await start({
        imports: [
          PubSubModule.register({ service: Private }),
          DataSyncModule.register({ service: Closed, dealers: [Tasks] }),
        ],
      });
      await using client = await connectClient(running);
      const answer =
        name === 'PubSubService'
          ? client.call('pubsub', 'subscribe', { channel: 'a' })
          : client.call('datasync', 'acquireSubscription', { token: 'a' });
      await expect(answer).rejects.toThrow('Forbidden resource');
    },
  );
});

describe('A service that a factory makes', () => {
  it('is guarded by a guard that its module provides', async () => {
    @SnorkyService('made')
    @UseGuards(Deny)
    class Made {
      @RpcCommand()
      open(): string {
        return 'open';
      }
    }
    const running = await start({
      providers: [Deny, { provide: Made, useFactory: () => new Made() }],
    });
    await using client = await connectClient(running);
    await expect(client.call('made', 'open')).rejects.toThrow(
      'Forbidden resource',
    );
  });
});

describe('Enhancers', () => {
  it('are transient, one for each class, where they say so', async () => {
    let made = 0;
    @Injectable({ scope: Scope.TRANSIENT })
    class Own implements CanActivate {
      readonly number = ++made;
      constructor(private readonly marks: Marks) {}
      canActivate(): boolean {
        this.marks.seen.push(`guard ${this.number}`);
        return true;
      }
    }
    @SnorkyService('one')
    @UseGuards(Own)
    class One {
      @RpcCommand()
      ping(): void {}
    }
    @SnorkyService('two')
    @UseGuards(Own)
    class Two {
      @RpcCommand()
      ping(): void {}
    }
    const running = await start({ providers: [Marks, One, Two] });
    await using client = await connectClient(running);
    for (const name of ['one', 'two', 'one']) await client.call(name, 'ping');
    const { seen } = running.get(Marks);
    expect(new Set(seen).size).toBe(2);
    expect(seen[0]).toBe(seen[2]);
  });

  it('see the method itself, and the class that was registered', async () => {
    const seen: unknown[] = [];
    @Injectable()
    class Look implements CanActivate {
      canActivate(context: {
        getHandler(): unknown;
        getClass(): unknown;
      }): boolean {
        seen.push(context.getHandler(), context.getClass());
        return true;
      }
    }
    class Seen {
      @UseGuards(Look)
      @RpcCommand()
      ping(): void {}
    }
    const running = await start({
      imports: [SnorkyModule.forFeature([{ service: Seen, name: 'seen' }])],
    });
    await using client = await connectClient(running);
    await client.call('seen', 'ping');
    expect(seen).toEqual([Seen.prototype.ping, Seen]);
    expect(seen[0]).toBe(Seen.prototype.ping);
    expect(running.get(getServiceToken('seen'))).toBeInstanceOf(Seen);
  });

  it('can be replaced in tests', async () => {
    @SnorkyService('guarded')
    @UseGuards(Deny)
    class Guarded {
      @RpcCommand()
      ping(): string {
        return 'pong';
      }
    }
    const testing = await Test.createTestingModule({
      imports: [SnorkyModule.forRoot({ registries: { frontend: {} } })],
      providers: [Guarded],
    })
      .overrideGuard(Deny)
      .useValue({ canActivate: () => true })
      .compile();
    app = testing.createNestApplication({ logger: false });
    await app.init();
    await using client = await connectClient(app);
    expect(await client.call('guarded', 'ping')).toBe('pong');
  });

  it('of a decorator of parameters find the handshake, and what comes later', async () => {
    const Agent = createParamDecorator((name: string, context) =>
      Promise.resolve(
        context
          .switchToHttp()
          .getRequest<{ get(name: string): string }>()
          .get(name),
      ),
    );
    class Upper implements PipeTransform {
      transform(value: string): string {
        return value.toUpperCase();
      }
    }
    @SnorkyService('agents')
    class Agents {
      @RpcCommand()
      whoAmI(@Agent('User-Agent', Upper) agent: string): string {
        return agent;
      }
    }
    const running = await start({ providers: [Agents] });
    await using client = await connectClient(running, {
      headers: { 'user-agent': 'a test' },
    });
    expect(await client.call('agents', 'whoAmI')).toBe('A TEST');
  });

  it('are nothing where a factory gives nothing', async () => {
    @SnorkyService('ping')
    class Ping {
      @RpcCommand()
      ping(): string {
        return 'pong';
      }
    }
    const running = await start({
      providers: [Ping, { provide: APP_GUARD, useFactory: () => null }],
    });
    await using client = await connectClient(running);
    expect(await client.call('ping', 'ping')).toBe('pong');
  });

  it('answer a refusal that waited, also as an Observable', async () => {
    class Refuse implements NestInterceptor {
      intercept(): never {
        throw new RpcError('not now');
      }
    }
    @SnorkyService('refusing')
    class Refusing {
      @UseInterceptors(Refuse)
      @RpcCommand()
      ping(): void {}
    }
    const running = await start({ providers: [Refusing] });
    await using client = await connectClient(running);
    await expect(client.call('refusing', 'ping')).rejects.toThrow('not now');
  });
});
