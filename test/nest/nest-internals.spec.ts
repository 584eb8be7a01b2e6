import { describe, expect, it } from '@jest/globals';
import {
  Catch,
  Get,
  Injectable,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type ArgumentsHost,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type INestApplication,
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
  ExternalContextCreator,
  ModulesContainer,
} from '@nestjs/core';
import { ENTRY_PROVIDER_WATERMARK as NESTS_WATERMARK } from '@nestjs/common/internal';
import { Test } from '@nestjs/testing';
import { IsString } from 'class-validator';
import { RpcCommand, RpcError, RpcParam, ServiceRegistry } from 'snorky';
import { CommandBinder } from '../../src/nest/command-binder.js';
import { declaredCommands } from '../../src/nest/commands/declared-commands.js';
import { mapError } from '../../src/nest/commands/error-mapping.js';
import {
  ContextCreator,
  ENTRY_PROVIDER_WATERMARK,
  INTERCEPTORS_METADATA,
  METHOD_METADATA,
  ROUTE_ARGS_METADATA,
  SnorkyContextHost,
  type HandlerPlace,
  type InstanceWrapper,
} from '../../src/nest/nest-internals.js';
import { ProviderService } from '../../src/nest/provider-service.js';
import { LocalClient } from '../support/local-client.js';

@Injectable()
class Allow implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

class Deny implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@Injectable()
class Same implements NestInterceptor, PipeTransform {
  intercept(
    _context: ExecutionContext,
    next: Parameters<NestInterceptor['intercept']>[1],
  ): ReturnType<NestInterceptor['intercept']> {
    return next.handle();
  }
  transform(value: unknown): unknown {
    return value;
  }
}

@Catch(TypeError)
@Injectable()
class TypeErrors implements ExceptionFilter {
  catch(): string {
    return 'a TypeError';
  }
}

@Catch()
class AllErrors implements ExceptionFilter {
  catch(): string {
    return 'any error';
  }
}

@Injectable()
class Subject {
  bare(...args: unknown[]): unknown {
    return args.length;
  }
  @UseGuards(Allow)
  guarded(): void {}
  @UseInterceptors(Same)
  intercepted(): void {}
  @UsePipes(Same)
  piped(): void {}
  @UseFilters(AllErrors, TypeErrors)
  filtered(): void {}
}

class Routes {
  @Get()
  @UseInterceptors(Same)
  routed(): void {}
}

interface SetUp extends AsyncDisposable {
  readonly withGlobals: ContextCreator;
  readonly withoutGlobals: ContextCreator;
  /** As if Nest had renamed a private field. */
  readonly publicWay: ContextCreator;
  place(method: keyof Subject): HandlerPlace;
}

const makeContext = (
  args: unknown[],
  instance: object,
  callback: (...args: unknown[]) => unknown,
): SnorkyContextHost =>
  new SnorkyContextHost(args, instance.constructor as Type, callback, () => ({
    request: 'a request',
    response: 'a response',
  }));

/** A creator of which only the public methods can be found. */
function withoutPrivateParts(
  creator: ExternalContextCreator,
): ExternalContextCreator {
  return new Proxy(creator, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      return typeof member === 'function' ? member.bind(target) : undefined;
    },
  });
}

async function setUp(
  providers: Provider[] = [],
  prepare: (app: INestApplication) => void = () => {},
): Promise<SetUp> {
  const testing = await Test.createTestingModule({
    providers: [Subject, ...providers],
  }).compile();
  const app = testing.createNestApplication({ logger: false });
  prepare(app);
  await app.init();
  const injected = app.get(ExternalContextCreator);
  const modules = app.get(ModulesContainer);
  const renamed = withoutPrivateParts(injected);
  const wrapper = [...modules.values()]
    .flatMap((module) => [...module.providers.values()])
    .find(({ metatype }) => metatype === Subject);
  if (wrapper === undefined) throw new Error('Nest lost the provider');
  const instance = wrapper.instance as Subject;
  return {
    withGlobals: ContextCreator.withGlobals(
      injected,
      modules,
      makeContext,
      'ws',
    ),
    withoutGlobals: ContextCreator.withoutGlobals(modules, makeContext, 'ws'),
    publicWay: ContextCreator.withGlobals(renamed, modules, makeContext, 'ws'),
    place: (method) => ({
      instance,
      method,
      callback: Subject.prototype[method] as HandlerPlace['callback'],
      moduleKey: wrapper.host?.token ?? '',
      inquirerId: wrapper.id,
    }),
    [Symbol.asyncDispose]: () => app.close(),
  };
}

const METHODS = ['guarded', 'intercepted', 'piped', 'filtered'] as const;

describe('The private parts of Nest', () => {
  it('are where they are looked for', async () => {
    await using nest = await setUp();
    expect(nest.withGlobals.exact).toBe(true);
    expect(nest.withoutGlobals.exact).toBe(true);
    expect(nest.publicWay.exact).toBe(false);
  });

  it('have the names that are used', () => {
    expect(NESTS_WATERMARK).toBe(ENTRY_PROVIDER_WATERMARK);
    expect(typeof ENTRY_PROVIDER_WATERMARK).toBe('string');
    expect(ROUTE_ARGS_METADATA).toBe('__routeArguments__');
    const { routed } = Routes.prototype;
    expect(Reflect.getMetadata(INTERCEPTORS_METADATA, routed)).toEqual([Same]);
    expect(Reflect.hasMetadata(METHOD_METADATA, routed)).toBe(true);
    const { intercepted } = Subject.prototype;
    expect(Reflect.hasMetadata(METHOD_METADATA, intercepted)).toBe(false);
  });

  it('tell which methods have enhancers', async () => {
    await using nest = await setUp();
    for (const creator of [nest.withGlobals, nest.withoutGlobals]) {
      expect(creator.hasEnhancers(nest.place('bare'))).toBe(false);
      for (const method of METHODS) {
        expect([method, creator.hasEnhancers(nest.place(method))]).toEqual([
          method,
          true,
        ]);
      }
    }
    expect(nest.publicWay.hasEnhancers(nest.place('bare'))).toBe(true);
  });

  const GLOBALS: Readonly<
    Record<string, readonly [Provider[], (app: INestApplication) => void]>
  > = {
    APP_GUARD: [[{ provide: APP_GUARD, useClass: Allow }], () => {}],
    APP_PIPE: [[{ provide: APP_PIPE, useClass: Same }], () => {}],
    APP_INTERCEPTOR: [
      [{ provide: APP_INTERCEPTOR, useValue: new Same() }],
      () => {},
    ],
    APP_FILTER: [
      [TypeErrors, { provide: APP_FILTER, useExisting: TypeErrors }],
      () => {},
    ],
    useGlobalGuards: [[], (app) => app.useGlobalGuards(new Allow())],
    useGlobalPipes: [[], (app) => app.useGlobalPipes(new Same())],
    useGlobalInterceptors: [[], (app) => app.useGlobalInterceptors(new Same())],
    useGlobalFilters: [[], (app) => app.useGlobalFilters(new AllErrors())],
  };

  it.each(Object.keys(GLOBALS))('show %s, or leave it out', async (name) => {
    const [providers, prepare] = GLOBALS[name] as (typeof GLOBALS)[string];
    await using nest = await setUp(providers, prepare);
    const place = nest.place('bare');
    expect(nest.withGlobals.hasEnhancers(place)).toBe(true);
    expect(nest.withoutGlobals.hasEnhancers(place)).toBe(false);
  });

  it.each([
    ['withGlobals', true],
    ['publicWay', true],
    ['withoutGlobals', false],
  ] as const)('run global guards (%s: %s)', async (which, refused) => {
    await using nest = await setUp([{ provide: APP_GUARD, useClass: Deny }]);
    const run = nest[which].handler(nest.place('bare'));
    if (refused) await expect(run(1, 2)).rejects.toThrow('Forbidden resource');
    else expect(await run(1, 2)).toBe(2);
  });

  it('try filters in the order in which they are written, nearest first', async () => {
    @Injectable()
    @UseFilters(AllErrors)
    class Filtered extends Subject {}
    const testing = await Test.createTestingModule({
      providers: [Filtered],
    }).compile();
    const app = testing.createNestApplication({ logger: false });
    app.useGlobalFilters({ catch: () => 'global' });
    await app.init();
    try {
      const modules = app.get(ModulesContainer);
      const wrapper = [...modules.values()]
        .flatMap((module) => [...module.providers.values()])
        .find(({ metatype }) => metatype === Filtered);
      const creator = ContextCreator.withGlobals(
        app.get(ExternalContextCreator),
        modules,
        makeContext,
        'ws',
      );
      class Method {
        @UseFilters(new TypeErrors())
        typed(): void {}
      }
      const place = (method: string, from: object): HandlerPlace => ({
        instance: wrapper?.instance as object,
        method,
        callback: Reflect.get(from, method) as HandlerPlace['callback'],
        moduleKey: wrapper?.host?.token ?? '',
        inquirerId: wrapper?.id ?? '',
      });
      const host = makeContext([], new Filtered(), () => {}) as ArgumentsHost;
      const answer = (method: string, from: object, error: Error): unknown =>
        creator.filter(place(method, from))?.(error, host);
      expect(answer('bare', Subject.prototype, new Error())).toBe('any error');
      expect(answer('typed', Method.prototype, new TypeError())).toBe(
        'a TypeError',
      );
      expect(answer('typed', Method.prototype, new RangeError())).toBe(
        'any error',
      );
    } finally {
      await app.close();
    }
  });

  it('give no filter where there is none', async () => {
    await using nest = await setUp();
    expect(nest.withGlobals.filter(nest.place('bare'))).toBeUndefined();
    const filter = nest.withGlobals.filter(nest.place('filtered'));
    const host = makeContext([], new Subject(), () => {}) as ArgumentsHost;
    expect(filter?.(new TypeError(), host)).toBeDefined();
  });

  it('let enhancers see the context that is made for them', async () => {
    const seen: unknown[] = [];
    class Look implements CanActivate, NestInterceptor {
      canActivate(context: ExecutionContext): boolean {
        this.look(context);
        return true;
      }
      intercept(
        context: ExecutionContext,
        next: Parameters<NestInterceptor['intercept']>[1],
      ): ReturnType<NestInterceptor['intercept']> {
        this.look(context);
        return next.handle();
      }
      look(context: ExecutionContext): void {
        seen.push([
          context instanceof SnorkyContextHost,
          context.getType(),
          context.switchToHttp().getRequest<unknown>(),
          context.switchToHttp().getResponse<unknown>(),
          typeof context.switchToHttp().getNext<unknown>(),
          context.getArgs(),
          context.getClass() === Subject,
        ]);
      }
    }
    await using nest = await setUp([], (app) => {
      app.useGlobalGuards(new Look()).useGlobalInterceptors(new Look());
    });
    expect(await nest.withGlobals.handler(nest.place('bare'))('a', 'b')).toBe(
      2,
    );
    const expected = [
      true,
      'ws',
      'a request',
      'a response',
      'function',
      ['a', 'b'],
      true,
    ];
    expect(seen).toEqual([expected, expected]);
  });
});

describe('Without the private parts', () => {
  it('handlers run with everything, filters included', async () => {
    await using nest = await setUp([
      { provide: APP_FILTER, useClass: AllErrors },
    ]);
    const { publicWay } = nest;
    expect(publicWay.filter(nest.place('bare'))).toBeUndefined();
    expect(await publicWay.handler(nest.place('bare'))(1, 2, 3)).toBe(3);
    const failing = {
      ...nest.place('bare'),
      callback: () => {
        throw new Error();
      },
    };
    expect(await publicWay.handler(failing)()).toBe('any error');
  });

  it('commands are the same', async () => {
    class NameParams {
      @IsString() name!: string;
    }
    class Service {
      @RpcCommand()
      greet({ name }: NameParams): string {
        return `Hello ${name}`;
      }
      @UseGuards({ canActivate: () => false })
      @RpcCommand()
      guarded(): void {}
      @UseFilters(new TypeErrors())
      @RpcCommand()
      filtered(): void {
        throw new TypeError();
      }
      @RpcCommand()
      async named(@RpcParam('n') n: number): Promise<number> {
        await Promise.resolve();
        return n;
      }
      @RpcCommand()
      refuse(): void {
        throw new RpcError('No');
      }
    }
    const testing = await Test.createTestingModule({
      providers: [Service],
    }).compile();
    const app = testing.createNestApplication({ logger: false });
    await app.init();
    try {
      const modules = app.get(ModulesContainer);
      const wrapper = [...modules.values()]
        .flatMap((module) => [...module.providers.values()])
        .find(({ metatype }) => metatype === Service);
      const binder = new CommandBinder(
        withoutPrivateParts(app.get(ExternalContextCreator)),
        modules,
      );
      const service = new ProviderService();
      const commands = await binder.bind(
        wrapper as InstanceWrapper,
        Service,
        declaredCommands(Service),
      );
      service.installCommands(commands, mapError);
      const registry = new ServiceRegistry();
      registry.register('s', service);
      const client = new LocalClient();
      const calls = [
        ['greet', { name: 'Ann' }],
        ['greet', { name: 7 }],
        ['guarded', {}],
        ['filtered', {}],
        ['named', { n: 1 }],
        ['named', { m: 1 }],
        ['refuse', {}],
        ['greet', { name: 'Bob' }],
      ] as const;
      calls.forEach(([command, params], callId) => {
        client.tell(registry, 's', { command, params, callId });
      });
      await registry.idle(5_000);
      while (client.texts.length < calls.length) {
        await new Promise(setImmediate);
      }
      const answers = client.messages as { callId: number }[];
      expect(answers.sort((a, b) => a.callId - b.callId)).toEqual([
        { type: 'response', callId: 0, data: 'Hello Ann' },
        { type: 'error', callId: 1, message: 'Invalid params' },
        { type: 'error', callId: 2, message: 'Forbidden resource' },
        { type: 'response', callId: 3, data: 'a TypeError' },
        { type: 'response', callId: 4, data: 1 },
        { type: 'error', callId: 5, message: 'Invalid params' },
        { type: 'error', callId: 6, message: 'No' },
        { type: 'response', callId: 7, data: 'Hello Bob' },
      ]);
    } finally {
      await app.close();
    }
  });
});
