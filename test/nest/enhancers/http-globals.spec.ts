import { describe, expect, it } from '@jest/globals';
import * as common from '@nestjs/common';
import {
  Catch,
  ClassSerializerInterceptor,
  Controller,
  ForbiddenException,
  Get,
  HttpException,
  Injectable,
  UseGuards,
  type ArgumentsHost,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type Provider,
} from '@nestjs/common';
import * as core from '@nestjs/core';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import { Exclude } from 'class-transformer';
import { IsNumber } from 'class-validator';
import {
  ConnectedClient,
  RpcCommand,
  RpcError,
  RpcParam,
  SnorkyService,
  type Client,
} from 'snorky';
import * as asyncHooks from 'node:async_hooks';
import * as crypto from 'node:crypto';
import * as net from 'node:net';
import { loadCommonJs } from '../../support/programs/load-commonjs.js';
import {
  startServices,
  type ServicesOptions,
} from '../../support/servers/services.js';
import { TestSocket } from '../../support/sockets/socket.js';

const { SkipThrottle, Throttle, ThrottlerGuard, ThrottlerModule } =
  loadCommonJs<typeof import('@nestjs/throttler')>(
    'node_modules/@nestjs/throttler/dist/index.js',
    {
      '@nestjs/common': common,
      '@nestjs/core': core,
      async_hooks: asyncHooks,
      net,
      'node:crypto': crypto,
    },
  );

class SumParams {
  @IsNumber() number1!: number;
  @IsNumber() number2!: number;
}

class User {
  readonly name = 'Ann';
  @Exclude() readonly password = 'secret';
}

@SnorkyService('calc')
class Calc {
  @RpcCommand()
  sum({ number1, number2 }: SumParams): number {
    return number1 + number2;
  }
  @RpcCommand()
  nothing(): void {}
  @RpcCommand()
  async later(@RpcParam('n') n: number): Promise<number> {
    await Promise.resolve();
    return n;
  }
  @RpcCommand()
  user(): User {
    return new User();
  }
  @RpcCommand()
  refuse(): void {
    throw new RpcError({ code: 7 });
  }
  @RpcCommand()
  forbid(): void {
    throw new ForbiddenException('Not you');
  }
  @RpcCommand()
  crash(): void {
    throw new TypeError('secret detail');
  }
}

@Controller()
class Pages {
  @Get('user')
  user(): User {
    return new User();
  }
  @Get('crash')
  crash(): void {
    throw new TypeError('secret detail');
  }
}

/** As it is found in the documentation, and so in many applications. */
@Catch()
class CatchAll implements ExceptionFilter {
  catch(exception: unknown, host: ArgumentsHost): void {
    const context = host.switchToHttp();
    const response = context.getResponse<{
      status(code: number): { json(body: object): void };
    }>();
    const request = context.getRequest<{ url: string }>();
    const status =
      exception instanceof HttpException ? exception.getStatus() : 500;
    response.status(status).json({ statusCode: status, path: request.url });
  }
}

@Catch()
class Throwing implements ExceptionFilter {
  catch(): never {
    throw new Error('This filter has a bug');
  }
}

/** A strategy for passport, with its two ways to answer. */
class Strategy {
  declare success: (user: object) => void;
  declare fail: (challenge: string, status?: number) => void;
  authenticate(request: { headers: Record<string, string | undefined> }): void {
    const [, name] =
      /^Bearer (\w+)$/.exec(request.headers['authorization'] ?? '') ?? [];
    if (name === undefined) this.fail('Bearer', 401);
    else this.success({ name });
  }
}

@Injectable()
class BearerStrategy extends PassportStrategy(Strategy, 'bearer') {
  validate(): boolean {
    return true;
  }
}

const throttler = (limit: number): ServicesOptions['imports'] => [
  ThrottlerModule.forRoot([{ ttl: 60_000, limit }]),
];
const authorization = { headers: { authorization: 'Bearer ann' } };
const THROTTLER: Provider = { provide: APP_GUARD, useClass: ThrottlerGuard };
const AUTH: Provider[] = [
  BearerStrategy,
  { provide: APP_GUARD, useClass: AuthGuard('bearer') },
];
const CATCH_ALL: Provider = { provide: APP_FILTER, useClass: CatchAll };
const THROWING: Provider = { provide: APP_FILTER, useClass: Throwing };
const SERIALIZER: Provider = {
  provide: APP_INTERCEPTOR,
  useClass: ClassSerializerInterceptor,
};

const SETS: Readonly<Record<string, Provider[]>> = {
  'no globals': [],
  ThrottlerGuard: [THROTTLER],
  'a passport guard': AUTH,
  'a catch-all filter': [CATCH_ALL],
  'a filter that throws': [THROWING],
  ClassSerializerInterceptor: [SERIALIZER],
  'all of them': [THROTTLER, ...AUTH, CATCH_ALL, SERIALIZER],
  'all of them, and the filter that throws': [
    THROTTLER,
    ...AUTH,
    THROWING,
    CATCH_ALL,
    SERIALIZER,
  ],
};

describe('Commands in an application written for HTTP', () => {
  it.each(Object.keys(SETS))('are as without, beside %s', async (name) => {
    const globals = SETS[name] as Provider[];
    await using app = await startServices([Calc, ...globals], {
      imports: [...(throttler(1000) ?? []), PassportModule],
    });
    await using socket = await TestSocket.connect(
      `${app.ws}/ws`,
      authorization,
    );
    const user = globals.includes(SERIALIZER)
      ? { name: 'Ann' }
      : { name: 'Ann', password: 'secret' };
    const expected: readonly (readonly [string, object, object])[] = [
      [
        'sum',
        { number1: 2, number2: 3 },
        { type: 'response', callId: 0, data: 5 },
      ],
      [
        'sum',
        { number1: 2 },
        { type: 'error', callId: 1, message: 'Invalid params' },
      ],
      ['nothing', {}, { type: 'response', callId: 2, data: null }],
      ['later', { n: 4 }, { type: 'response', callId: 3, data: 4 }],
      [
        'later',
        { m: 4 },
        { type: 'error', callId: 4, message: 'Invalid params' },
      ],
      ['user', {}, { type: 'response', callId: 5, data: user }],
      ['refuse', {}, { type: 'error', callId: 6, message: { code: 7 } }],
      ['forbid', {}, { type: 'error', callId: 7, message: 'Not you' }],
      ['crash', {}, { type: 'error', callId: 8, message: 'Internal error' }],
      ['unknown', {}, { type: 'error', callId: 9, message: 'Unknown command' }],
    ];
    for (const [command, params, answer] of expected) {
      expect(await socket.call('calc', command, params)).toEqual(answer);
    }
  });

  it('leave the globals as they are for HTTP', async () => {
    await using app = await startServices(
      [Calc, THROTTLER, ...AUTH, CATCH_ALL, SERIALIZER],
      {
        imports: [
          ...(throttler(2) ?? []),
          { module: class PagesModule {}, controllers: [Pages] },
        ],
      },
    );
    const stranger = await fetch(`${app.http}/user`);
    expect(stranger.status).toBe(401);
    const user = await fetch(`${app.http}/user`, authorization);
    expect(await user.json()).toEqual({ name: 'Ann' });
    expect(user.headers.get('x-ratelimit-limit')).toBe('2');
    const crash = await fetch(`${app.http}/crash`, authorization);
    expect([crash.status, await crash.json()]).toEqual([
      500,
      { statusCode: 500, path: '/crash' },
    ]);
    expect((await fetch(`${app.http}/user`, authorization)).status).toBe(429);
  });
});

describe('A global ThrottlerGuard', () => {
  const tooMany = {
    type: 'error',
    message: 'ThrottlerException: Too Many Requests',
  };

  it('limits the commands of an address, whatever the connection', async () => {
    await using app = await startServices([Calc, THROTTLER], {
      imports: throttler(2) ?? [],
    });
    await using first = await TestSocket.connect(`${app.ws}/ws`);
    await using second = await TestSocket.connect(`${app.ws}/ws`);
    const ok = { type: 'response' };
    expect(await first.call('calc', 'nothing')).toMatchObject(ok);
    expect(await second.call('calc', 'nothing')).toMatchObject(ok);
    expect(await first.call('calc', 'nothing')).toMatchObject(tooMany);
    expect(await second.call('calc', 'nothing')).toMatchObject(tooMany);
    // By command, as by route.
    expect(await first.call('calc', 'later', { n: 1 })).toMatchObject(ok);
    await using elsewhere = await TestSocket.connect(`${app.ws}/ws`, {
      localAddress: '127.0.0.2',
    });
    expect(await elsewhere.call('calc', 'nothing')).toMatchObject(ok);
  });

  it('heeds its decorators on services and commands', async () => {
    @SnorkyService('limited')
    class Limited {
      @SkipThrottle()
      @RpcCommand()
      free(): void {}
      @Throttle({ default: { limit: 1, ttl: 60_000 } })
      @RpcCommand()
      once(): void {}
    }
    await using app = await startServices([Limited, THROTTLER], {
      imports: throttler(2) ?? [],
    });
    await using socket = await TestSocket.connect(`${app.ws}/ws`);
    for (let i = 0; i < 5; i++) {
      expect(await socket.call('limited', 'free')).toMatchObject({
        data: null,
      });
    }
    expect(await socket.call('limited', 'once')).toMatchObject({ data: null });
    expect(await socket.call('limited', 'once')).toMatchObject(tooMany);
  });
});

describe('A passport guard', () => {
  it("reads the handshake's headers", async () => {
    await using app = await startServices([Calc, ...AUTH]);
    await using stranger = await TestSocket.connect(`${app.ws}/ws`);
    expect(await stranger.call('calc', 'nothing')).toMatchObject({
      message: 'Unauthorized',
    });
    await using ann = await TestSocket.connect(`${app.ws}/ws`, authorization);
    expect(await ann.call('calc', 'nothing')).toMatchObject({ data: null });
  });

  it('gives the guards after it the user, for this call alone', async () => {
    const users: unknown[] = [];
    class Witness implements CanActivate {
      canActivate(context: ExecutionContext): boolean {
        users.push(
          context.switchToHttp().getRequest<{ user?: unknown }>().user,
        );
        return true;
      }
    }
    @SnorkyService('mixed')
    class Mixed {
      @UseGuards(AuthGuard('bearer'), Witness)
      @RpcCommand()
      known(): void {}
      @UseGuards(Witness)
      @RpcCommand()
      unknown(): void {}
    }
    await using app = await startServices([Mixed, BearerStrategy]);
    await using ann = await TestSocket.connect(`${app.ws}/ws`, authorization);
    await ann.call('mixed', 'known');
    await ann.call('mixed', 'unknown');
    expect(users).toEqual([{ name: 'ann' }, undefined]);
  });
});

describe('What was written for HTTP', () => {
  interface View {
    readonly headers: Record<string, string>;
    readonly query: Record<string, string>;
    readonly cookies: Record<string, string>;
    readonly url: string;
    readonly ip: string;
    readonly method: string;
    readonly user: unknown;
    readonly body: unknown;
  }

  it('finds the handshake as the request, and the params as its body', async () => {
    let view: View | undefined;
    class Witness implements CanActivate {
      canActivate(context: ExecutionContext): boolean {
        view = context.switchToHttp().getRequest<View>();
        return true;
      }
    }
    await using app = await startServices([
      Calc,
      { provide: APP_GUARD, useClass: Witness },
    ]);
    await using socket = await TestSocket.connect(`${app.ws}/ws?a=1&b=x%20y`, {
      headers: { 'X-Custom': 'yes', Cookie: 'sid=abc; other=1' },
    });
    await socket.call('calc', 'later', { n: 1 });
    expect(view).toMatchObject({
      headers: { 'x-custom': 'yes' },
      query: { a: '1', b: 'x y' },
      cookies: { sid: 'abc', other: '1' },
      url: '/ws?a=1&b=x%20y',
      ip: '127.0.0.1',
      method: 'GET',
      body: { n: 1 },
    });
  });

  it('finds the identity of now as the user', async () => {
    const users: unknown[] = [];
    class Witness implements CanActivate {
      canActivate(context: ExecutionContext): boolean {
        users.push(context.switchToHttp().getRequest<View>().user);
        return true;
      }
    }
    @SnorkyService('auth')
    class Auth {
      @RpcCommand()
      login(@ConnectedClient() client: Client): void {
        client.identity = 'ann';
      }
      @RpcCommand()
      logout(@ConnectedClient() client: Client): void {
        client.identity = null;
      }
    }
    await using app = await startServices([
      Auth,
      { provide: APP_GUARD, useClass: Witness },
    ]);
    await using socket = await TestSocket.connect(`${app.ws}/ws`);
    for (const command of ['login', 'logout', 'login']) {
      await socket.call('auth', command);
    }
    expect(users).toEqual([undefined, 'ann', undefined]);
  });

  it('finds copies, to which it may write as it likes', async () => {
    const seen: unknown[] = [];
    class Writer implements CanActivate {
      canActivate(context: ExecutionContext): boolean {
        const request = context.switchToHttp().getRequest<{
          user?: { roles: string[]; admin?: boolean };
          body: { n: number };
          headers: Record<string, string>;
          query: Record<string, string>;
          cookies: Record<string, string>;
        }>();
        seen.push([
          request.headers['x-custom'],
          { ...request.query },
          { ...request.cookies },
        ]);
        request.headers['x-custom'] = 'changed';
        request.query['a'] = 'changed';
        request.cookies['sid'] = 'changed';
        request.body.n = 100;
        if (request.user !== undefined) {
          request.user.roles.push('admin');
          request.user.admin = true;
        }
        return true;
      }
    }
    @SnorkyService('auth')
    class Auth {
      @RpcCommand()
      login(@ConnectedClient() client: Client): void {
        client.identity = { roles: ['reader'] };
      }
      @RpcCommand()
      double(
        @RpcParam('n') n: number,
        @ConnectedClient() client: Client,
      ): unknown[] {
        return [n * 2, client.identity, client.handshake.headers['x-custom']];
      }
    }
    await using app = await startServices([
      Auth,
      { provide: APP_GUARD, useClass: Writer },
    ]);
    await using socket = await TestSocket.connect(`${app.ws}/ws?a=1`, {
      headers: { 'X-Custom': 'yes', Cookie: 'sid=abc' },
    });
    await socket.call('auth', 'login', {});
    for (let i = 0; i < 2; i++) {
      expect(await socket.call('auth', 'double', { n: 1 })).toMatchObject({
        data: [2, { roles: ['reader'] }, 'yes'],
      });
    }
    const untouched = ['yes', { a: '1' }, { sid: 'abc' }];
    expect(seen).toEqual([untouched, untouched, untouched]);
  });

  it('sees the params of its own call, also after the command has waited', async () => {
    const bodies: unknown[] = [];
    class Witness implements CanActivate {
      canActivate(context: ExecutionContext): boolean {
        const request = context.switchToHttp().getRequest<View>();
        setImmediate(() => setImmediate(() => bodies.push(request.body)));
        return true;
      }
    }
    await using app = await startServices([
      Calc,
      { provide: APP_GUARD, useClass: Witness },
    ]);
    await using socket = await TestSocket.connect(`${app.ws}/ws`);
    socket.sendTogether(
      [1, 2, 3].map((n) => [
        'calc',
        { command: 'later', params: { n }, callId: n },
      ]),
    );
    await socket.take(3);
    await socket.call('calc', 'nothing');
    expect(bodies.slice(0, 3)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  });
});
