import { describe, expect, it } from '@jest/globals';
import {
  applyDecorators,
  Catch,
  Injectable,
  SetMetadata,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type ArgumentMetadata,
  type CallHandler,
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
  Reflector,
} from '@nestjs/core';
import { IsString } from 'class-validator';
import { map, type Observable } from 'rxjs';
import {
  Client,
  PubSubModule,
  PubSubService,
  RpcCommand,
  RpcParam,
  RpcRequest,
  ServiceRegistry,
  SnorkyService,
  getRegistryToken,
  type JsonValue,
} from 'snorky';
import { LocalClient } from '../../support/servers/local-client.js';
import {
  startServices,
  startWithSocket,
} from '../../support/servers/services.js';

interface Named {
  readonly name?: unknown;
}

class NotEvil implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToWs().getData<Named>().name !== 'evil';
  }
}

class UpperCase implements PipeTransform {
  transform(value: unknown, { data }: ArgumentMetadata): unknown {
    return data === 'name' && typeof value === 'string'
      ? value.toUpperCase()
      : value;
  }
}

class Brackets implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<string> {
    return next.handle().pipe(map((result) => `[${String(result)}]`));
  }
}

@Catch(TypeError)
class TypeErrors implements ExceptionFilter {
  catch(error: TypeError): string {
    return `caught ${error.message}`;
  }
}

interface Kind {
  readonly use: (enhancer: Type) => ClassDecorator & MethodDecorator;
  readonly enhancer: Type;
  readonly token: string;
  readonly useGlobal: (app: INestApplication) => void;
  /** What is answered to each of the three names. */
  readonly answers: readonly [ann: string, evil: string, broken: string];
}

const KINDS: Readonly<Record<string, Kind>> = {
  guard: {
    use: UseGuards,
    enhancer: NotEvil,
    token: APP_GUARD,
    useGlobal: (app) => app.useGlobalGuards(new NotEvil()),
    answers: ['Hello ann', 'Forbidden resource', 'Internal error'],
  },
  pipe: {
    use: UsePipes,
    enhancer: UpperCase,
    token: APP_PIPE,
    useGlobal: (app) => app.useGlobalPipes(new UpperCase()),
    answers: ['Hello ANN', 'Hello EVIL', 'Internal error'],
  },
  interceptor: {
    use: UseInterceptors,
    enhancer: Brackets,
    token: APP_INTERCEPTOR,
    useGlobal: (app) => app.useGlobalInterceptors(new Brackets()),
    answers: ['[Hello ann]', '[Hello evil]', 'Internal error'],
  },
  filter: {
    use: UseFilters,
    enhancer: TypeErrors,
    token: APP_FILTER,
    useGlobal: (app) => app.useGlobalFilters(new TypeErrors()),
    answers: ['Hello ann', 'Hello evil', 'caught broken'],
  },
};

interface Level {
  onMethod?(kind: Kind): MethodDecorator;
  onClass?(kind: Kind): ClassDecorator;
  providers?(kind: Kind): Provider[];
  prepare?(kind: Kind, app: INestApplication): void;
}

const LEVELS: Readonly<Record<string, Level>> = {
  method: { onMethod: ({ use, enhancer }) => use(enhancer) },
  class: { onClass: ({ use, enhancer }) => use(enhancer) },
  'module (APP_*, useClass)': {
    providers: ({ token, enhancer }) => [
      { provide: token, useClass: enhancer },
    ],
  },
  'module (APP_*, useValue)': {
    providers: ({ token, enhancer }) => [
      { provide: token, useValue: new enhancer() },
    ],
  },
  'application (useGlobal*)': {
    prepare: ({ useGlobal }, app) => useGlobal(app),
  },
};

const cases = Object.keys(KINDS).flatMap((kind) =>
  Object.keys(LEVELS).map((level) => [kind, level] as const),
);

describe('Enhancers of a command', () => {
  it.each(cases)('apply: a %s of the %s', async (kindName, levelName) => {
    const kind = KINDS[kindName] as Kind;
    const level = LEVELS[levelName] as Level;
    @applyDecorators(
      ...[level.onClass?.(kind)].filter((one) => one !== undefined),
    )
    @SnorkyService('greeter')
    class Greeter {
      @applyDecorators(
        ...[level.onMethod?.(kind)].filter((one) => one !== undefined),
      )
      @RpcCommand()
      greet(@RpcParam('name') name: string): string {
        if (name.toLowerCase() === 'broken') throw new TypeError(name);
        return `Hello ${name}`;
      }

      @RpcCommand()
      other(@RpcParam('name') name: string): string {
        return `Other ${name}`;
      }
    }
    await using app = await startWithSocket(
      [Greeter, ...(level.providers?.(kind) ?? [])],
      { prepare: (made) => level.prepare?.(kind, made) },
    );
    const answers: unknown[] = [];
    for (const name of ['ann', 'evil', 'broken']) {
      const answer = (await app.socket.call('greeter', 'greet', { name })) as {
        data?: unknown;
        message?: unknown;
      };
      answers.push(answer.data ?? answer.message);
    }
    expect(answers).toEqual(kind.answers);
    const other = await app.socket.call('greeter', 'other', { name: 'evil' });
    const untouched = { data: 'Other evil' };
    if (levelName === 'method' || kindName === 'filter') {
      expect(other).toMatchObject(untouched);
    } else {
      expect(other).not.toMatchObject(untouched);
    }
  });

  it('run in the order that Nest documents', async () => {
    const seen: string[] = [];
    const guard = (id: string): CanActivate => ({
      canActivate: () => seen.push(`guard ${id}`) > 0,
    });
    const interceptor = (id: string): NestInterceptor => ({
      intercept(_context, next) {
        seen.push(`before ${id}`);
        return next.handle().pipe(
          map((value: unknown) => {
            seen.push(`after ${id}`);
            return value;
          }),
        );
      },
    });
    const pipe = (id: string): PipeTransform => ({
      transform(value: unknown, { data }) {
        if (data === 'name') seen.push(`pipe ${id}`);
        return value;
      },
    });
    @UseGuards(guard('class'))
    @UseInterceptors(interceptor('class'))
    @UsePipes(pipe('class'))
    @SnorkyService('greeter')
    class Greeter {
      @UseGuards(guard('method'))
      @UseInterceptors(interceptor('method'))
      @UsePipes(pipe('method'))
      @RpcCommand()
      greet(@RpcParam('name', pipe('param')) _name: string): void {
        seen.push('command');
      }
    }
    await using app = await startWithSocket([Greeter], {
      prepare: (made) =>
        made
          .useGlobalGuards(guard('global'))
          .useGlobalInterceptors(interceptor('global'))
          .useGlobalPipes(pipe('global')),
    });
    await app.socket.call('greeter', 'greet', { name: 'ann' });
    expect(seen).toEqual([
      'guard global',
      'guard class',
      'guard method',
      'before global',
      'before class',
      'before method',
      'pipe global',
      'pipe class',
      'pipe method',
      'pipe param',
      'command',
      'after method',
      'after class',
      'after global',
    ]);
  });

  it('have the filter tried that is nearest to the command', async () => {
    const filter = (id: string, type: Type<Error>): ExceptionFilter => {
      @Catch(type)
      class Filter implements ExceptionFilter {
        catch(): string {
          return id;
        }
      }
      return new Filter();
    };
    @UseFilters(filter('class', RangeError), filter('class too', TypeError))
    @SnorkyService('failing')
    class Failing {
      @UseFilters(filter('method', TypeError))
      @RpcCommand()
      type(): void {
        throw new TypeError();
      }
      @UseFilters(filter('method', TypeError))
      @RpcCommand()
      range(): void {
        throw new RangeError();
      }
      @UseFilters(filter('method', TypeError))
      @RpcCommand()
      syntax(): void {
        throw new SyntaxError();
      }
    }
    await using app = await startWithSocket([Failing], {
      prepare: (made) => made.useGlobalFilters(filter('global', Error)),
    });
    const answers = [];
    for (const command of ['type', 'range', 'syntax']) {
      answers.push(await app.socket.call('failing', command));
    }
    expect(answers).toMatchObject([
      { data: 'method' },
      { data: 'class' },
      { data: 'global' },
    ]);
  });

  it('are made by the module of the service', async () => {
    @Injectable()
    class Permissions {
      readonly names = new Set(['ann']);
    }
    @Injectable()
    class Permitted implements CanActivate {
      constructor(private readonly permissions: Permissions) {}
      canActivate(context: ExecutionContext): boolean {
        const { name } = context.switchToWs().getData<{ name: string }>();
        return this.permissions.names.has(name);
      }
    }
    @SnorkyService('greeter')
    class Greeter {
      @UseGuards(Permitted)
      @RpcCommand()
      greet(@RpcParam('name') name: string): string {
        return name;
      }
    }
    await using app = await startWithSocket([Greeter, Permissions]);
    expect(
      await app.socket.call('greeter', 'greet', { name: 'ann' }),
    ).toMatchObject({ data: 'ann' });
    expect(
      await app.socket.call('greeter', 'greet', { name: 'bob' }),
    ).toMatchObject({ message: 'Forbidden resource' });
  });
});

describe('The execution context of a command', () => {
  it('is of type ws, with client, params and command', async () => {
    const Roles = Reflector.createDecorator<string[]>();
    const seen: unknown[] = [];
    class Witness implements CanActivate, NestInterceptor {
      constructor(private readonly reflector = new Reflector()) {}
      canActivate(context: ExecutionContext): boolean {
        this.look('guard', context);
        return true;
      }
      intercept(
        context: ExecutionContext,
        next: CallHandler,
      ): Observable<unknown> {
        this.look('interceptor', context);
        return next.handle();
      }
      look(who: string, context: ExecutionContext): void {
        const ws = context.switchToWs();
        const [client, params, request, command] =
          context.getArgs<[Client, object, RpcRequest, string]>();
        seen.push({
          who,
          type: context.getType(),
          client:
            ws.getClient<unknown>() === client && client instanceof Client,
          params: ws.getData<unknown>() === params && params,
          pattern: ws.getPattern() === command && command,
          request: request instanceof RpcRequest && request.callId,
          class: context.getClass() === Greeter,
          handler: context.getHandler().name,
          roles: this.reflector.getAllAndOverride(Roles, [
            context.getHandler(),
            context.getClass(),
          ]),
          tag: this.reflector.get<unknown>('tag', context.getHandler()),
        });
      }
    }
    const witness = new Witness();
    @Roles(['class'])
    @UseGuards(witness)
    @UseInterceptors(witness)
    @SnorkyService('greeter')
    class Greeter {
      @Roles(['method'])
      @SetMetadata('tag', 7)
      @RpcCommand({ name: 'hello' })
      greet(@RpcParam('name') name: string): string {
        return name;
      }
    }
    await using app = await startWithSocket([Greeter]);
    await app.socket.call('greeter', 'hello', { name: 'ann' });
    const expected = {
      type: 'ws',
      client: true,
      params: { name: 'ann' },
      pattern: 'hello',
      request: 0,
      class: true,
      handler: 'greet',
      roles: ['method'],
      tag: 7,
    };
    expect(seen).toEqual([
      { who: 'guard', ...expected },
      { who: 'interceptor', ...expected },
    ]);
  });

  it('is seen by filters too', async () => {
    const seen: unknown[] = [];
    @Catch()
    class Witness implements ExceptionFilter {
      catch(_error: unknown, host: ExecutionContext): void {
        seen.push([
          host.getType(),
          host.switchToWs().getPattern(),
          host.getClass() === Greeter,
          host.getHandler().name,
        ]);
      }
    }
    @UseFilters(Witness)
    @SnorkyService('greeter')
    class Greeter {
      @RpcCommand()
      greet(): void {
        throw new Error();
      }
    }
    await using app = await startWithSocket([Greeter]);
    await app.socket.call('greeter', 'greet');
    expect(seen).toEqual([['ws', 'greet', true, 'greet']]);
  });
});

describe('Params', () => {
  it('are checked after the guards and the interceptors have started', async () => {
    class NameParams {
      @IsString() name!: string;
    }
    const seen: string[] = [];
    @UseGuards({
      canActivate: (context: ExecutionContext) => {
        seen.push('guard');
        return (
          context.switchToWs().getData<{ allow?: boolean }>().allow === true
        );
      },
    })
    @UseInterceptors({
      intercept: (_context: ExecutionContext, next: CallHandler) => {
        seen.push('interceptor');
        return next.handle();
      },
    })
    @SnorkyService('greeter')
    class Greeter {
      @RpcCommand()
      dto({ name }: NameParams): string {
        return name;
      }
      @RpcCommand()
      named(@RpcParam('name') name: string): string {
        return name;
      }
    }
    await using app = await startWithSocket([Greeter]);
    for (const command of ['dto', 'named']) {
      expect(
        await app.socket.call('greeter', command, { nonsense: 1 }),
      ).toMatchObject({ message: 'Forbidden resource' });
      expect(seen.splice(0)).toEqual(['guard']);
      expect(
        await app.socket.call('greeter', command, { allow: true, nonsense: 1 }),
      ).toMatchObject({ message: 'Invalid params' });
      expect(seen.splice(0)).toEqual(['guard', 'interceptor']);
    }
  });
});

describe('Enhancers of a bundled service', () => {
  class NoSecrets implements CanActivate {
    canActivate(context: ExecutionContext): boolean {
      return (
        context.switchToWs().getData<Named & { channel: JsonValue }>()
          .channel !== 'secret'
      );
    }
  }
  const subscribe = ['pubsub', 'subscribe', { channel: 'secret' }] as const;
  const forbidden = { message: 'Forbidden resource' };

  it('apply when they are global', async () => {
    await using app = await startWithSocket(
      [{ provide: APP_GUARD, useClass: NoSecrets }],
      { imports: [PubSubModule.register()] },
    );
    expect(await app.socket.call(...subscribe)).toMatchObject(forbidden);
    expect(
      await app.socket.call('pubsub', 'subscribe', { channel: 'news' }),
    ).toMatchObject({ data: null });
  });

  it('apply on the class of a subclass', async () => {
    @UseGuards(NoSecrets)
    class Guarded extends PubSubService {}
    await using app = await startWithSocket([], {
      imports: [PubSubModule.register({ service: Guarded })],
    });
    expect(await app.socket.call(...subscribe)).toMatchObject(forbidden);
    expect(
      await app.socket.call('pubsub', 'subscribe', { channel: 'news' }),
    ).toMatchObject({ data: null });
  });

  it('apply on an overridden command of a subclass', async () => {
    class Guarded extends PubSubService {
      @UseGuards(NoSecrets)
      @RpcCommand()
      override publish(
        @RpcParam('channel') channel: JsonValue,
        @RpcParam('message') message: JsonValue,
      ): void {
        void this.broadcast(channel, message);
      }
    }
    await using app = await startWithSocket([], {
      imports: [PubSubModule.register({ service: Guarded })],
    });
    expect(await app.socket.call(...subscribe)).toMatchObject({ data: null });
    const publish = (channel: string): Promise<unknown> =>
      app.socket.call('pubsub', 'publish', { channel, message: 1 });
    expect(await publish('secret')).toMatchObject(forbidden);
    expect(await publish('news')).toMatchObject({ data: null });
  });
});

describe('A command without enhancers', () => {
  @SnorkyService('calc')
  class Calc {
    @RpcCommand()
    named(@RpcParam('n') n: number): number {
      return n;
    }
    @RpcCommand()
    plain(): string {
      return 'plain';
    }
    @UseGuards(NotEvil)
    @RpcCommand()
    guarded(): string {
      return 'guarded';
    }
  }

  function tell(registry: ServiceRegistry, command: string): LocalClient {
    const client = new LocalClient();
    const params = command === 'named' ? { n: 1 } : {};
    client.tell(registry, 'calc', { command, params, callId: 0 });
    return client;
  }

  it('is called, and answered, before anything else happens', async () => {
    await using app = await startServices([Calc]);
    const registry = app.app.get<ServiceRegistry>(getRegistryToken('frontend'));
    expect(tell(registry, 'named').messages).toMatchObject([{ data: 1 }]);
    expect(tell(registry, 'plain').messages).toMatchObject([{ data: 'plain' }]);
    expect(tell(registry, 'guarded').messages).toEqual([]);
  });

  it('is one of a bundled service', async () => {
    await using app = await startServices([], {
      imports: [PubSubModule.register()],
    });
    const registry = app.app.get<ServiceRegistry>(getRegistryToken('frontend'));
    const client = new LocalClient();
    for (const command of ['subscribe', 'publish', 'unsubscribe']) {
      const params = {
        channel: 'a',
        ...(command === 'publish' ? { message: 1 } : {}),
      };
      client.tell(registry, 'pubsub', { command, params, callId: command });
    }
    expect(client.messages).toMatchObject([
      { callId: 'subscribe' },
      { type: 'message' },
      { callId: 'publish' },
      { callId: 'unsubscribe' },
    ]);
  });

  it('is none where a global enhancer applies', async () => {
    await using app = await startServices([
      Calc,
      { provide: APP_GUARD, useClass: NotEvil },
    ]);
    const registry = app.app.get<ServiceRegistry>(getRegistryToken('frontend'));
    expect(tell(registry, 'plain').messages).toEqual([]);
  });
});
