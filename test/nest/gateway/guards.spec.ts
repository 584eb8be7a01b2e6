import { describe, expect, it } from '@jest/globals';
import {
  Catch,
  ForbiddenException,
  HttpException,
  Inject,
  Injectable,
  Module,
  Scope,
  ServiceUnavailableException,
  SetMetadata,
  UnauthorizedException,
  UseFilters,
  UseGuards,
  UseInterceptors,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type ModuleMetadata,
  type NestInterceptor,
  type Provider,
  type Type,
} from '@nestjs/common';
import {
  APP_FILTER,
  APP_GUARD,
  APP_INTERCEPTOR,
  Reflector,
  REQUEST,
} from '@nestjs/core';
import { map, type Observable } from 'rxjs';
import {
  SnorkyGateway,
  type IdentifiesClient,
  type JsonValue,
  type UpgradeRequest,
  type UpgradeResponse,
  type WebSocketEndpointOptions,
} from 'snorky';
import {
  startApp,
  type Platform,
  type RunningApp,
} from '../../support/servers/app.js';
import { refusal, TestSocket } from '../../support/sockets/socket.js';
import { frontend, Me } from './me.service.js';

function requestOf(context: ExecutionContext): UpgradeRequest {
  return context.switchToHttp().getRequest<UpgradeRequest>();
}

@Injectable()
class Tokens {
  userOf(token: string | undefined): string | undefined {
    return token?.startsWith('user-') === true ? token.slice(5) : undefined;
  }
}

/** Lets in who has a token, and leaves the user at the request. */
@Injectable()
class TokenGuard implements CanActivate {
  constructor(private readonly tokens: Tokens) {}

  canActivate(context: ExecutionContext): boolean {
    const request = requestOf(context);
    const user = this.tokens.userOf(request.headers.authorization);
    if (user === undefined) throw new UnauthorizedException('No token');
    Object.assign(request, { user: { id: user } });
    return true;
  }
}

class Never implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

const as = (user: string) => ({ headers: { authorization: `user-${user}` } });

describe.each<Platform>(['express', 'fastify'])(
  'Guards on connections on %s',
  (platform) => {
    function start(
      providers: Provider[],
      options: Omit<WebSocketEndpointOptions, 'path'> = {},
      imports: ModuleMetadata['imports'] = [],
    ): Promise<RunningApp> {
      return startApp(
        {
          imports: [frontend(options), ...imports],
          providers: [Me, ...providers],
        },
        undefined,
        platform,
      );
    }

    async function identityOf(app: RunningApp, options = {}): Promise<unknown> {
      await using socket = await TestSocket.connect(`${app.ws}/ws`, options);
      const answer = (await socket.call('me', 'identity')) as { data: unknown };
      return answer.data;
    }

    it('get what they inject, and decide before identify does', async () => {
      @SnorkyGateway()
      @UseGuards(TokenGuard)
      class Gateway implements IdentifiesClient {
        identify(request: UpgradeRequest): JsonValue {
          return request.user.id ?? null;
        }
      }

      await using app = await start([Gateway, Tokens]);
      expect(await identityOf(app, as('ann'))).toBe('ann');
      expect(await refusal(`${app.ws}/ws`)).toMatchObject({
        status: 401,
        message: 'No token',
      });
    });

    it('are resolved in the module of the gateway', async () => {
      @SnorkyGateway()
      @UseGuards(TokenGuard)
      class Gateway {}

      // Nobody else sees Tokens.
      @Module({ providers: [Gateway, Tokens] })
      class Connections {}

      await using app = await start([], {}, [Connections]);
      expect(await identityOf(app, as('ann'))).toBeNull();
      expect((await refusal(`${app.ws}/ws`)).status).toBe(401);
    });

    it('run on the method identify as well, after those on the class', async () => {
      const order: string[] = [];
      class First implements CanActivate {
        canActivate(): boolean {
          return order.push('class') > 0;
        }
      }
      class Second implements CanActivate {
        canActivate(): boolean {
          return order.push('method') > 0;
        }
      }

      @SnorkyGateway()
      @UseGuards(First)
      class Gateway implements IdentifiesClient {
        @UseGuards(Second)
        identify(): JsonValue {
          order.push('identify');
          return 7;
        }
      }

      await using app = await start([Gateway]);
      expect(await identityOf(app)).toBe(7);
      expect(order).toEqual(['class', 'method', 'identify']);
    });

    it('refuse with 403 and the usual sentence by answering false', async () => {
      @SnorkyGateway()
      class Gateway implements IdentifiesClient {
        @UseGuards(Never)
        identify(): JsonValue {
          throw new Error('This must not run');
        }
      }

      await using app = await start([Gateway]);
      expect(await refusal(`${app.ws}/ws`)).toMatchObject({
        status: 403,
        message: 'Forbidden resource',
      });
    });

    it('may be all there is: then nobody is known', async () => {
      @SnorkyGateway()
      @UseGuards(TokenGuard)
      class Gateway {}

      await using app = await start([Gateway, Tokens]);
      expect(await identityOf(app, as('ann'))).toBeNull();
      expect((await refusal(`${app.ws}/ws`)).status).toBe(401);
    });

    it('read metadata of identify and of its class', async () => {
      @Injectable()
      class Roles implements CanActivate {
        constructor(private readonly reflector: Reflector) {}

        canActivate(context: ExecutionContext): boolean {
          const role = this.reflector.get<string>('role', context.getHandler());
          const area = this.reflector.get<string>('area', context.getClass());
          return requestOf(context).headers.role === `${role} of ${area}`;
        }
      }

      @SnorkyGateway()
      @SetMetadata('area', 'games')
      class Gateway implements IdentifiesClient {
        @SetMetadata('role', 'admin')
        @UseGuards(Roles)
        identify(): JsonValue {
          return 'admin';
        }
      }

      await using app = await start([Gateway]);
      expect(
        await identityOf(app, { headers: { role: 'admin of games' } }),
      ).toBe('admin');
      expect(
        (await refusal(`${app.ws}/ws`, { headers: { role: 'admin' } })).status,
      ).toBe(403);
    });

    it('see an execution context of type http with the request and a response', async () => {
      const seen: Record<string, unknown> = {};
      class Look implements CanActivate {
        canActivate(context: ExecutionContext): boolean {
          const {
            headers,
            query,
            cookies,
            url,
            originalUrl,
            path,
            params,
            ip,
            ips,
            protocol,
            method,
          } = requestOf(context);
          const { host, 'x-custom': custom } = headers;
          Object.assign(seen, {
            type: context.getType(),
            class: context.getClass().name,
            handler: context.getHandler().name,
            request: {
              host,
              custom,
              query: { ...query },
              cookies,
              url,
              originalUrl,
              path,
              params,
              ip,
              ips,
              protocol,
              method,
            },
            same: context.getArgs()[0] === requestOf(context),
            response: typeof context
              .switchToHttp()
              .getResponse<UpgradeResponse>().setHeader,
          });
          return true;
        }
      }

      @SnorkyGateway()
      @UseGuards(Look)
      class Gateway implements IdentifiesClient {
        identify(): JsonValue {
          return null;
        }
      }

      await using app = await start([Gateway]);
      await using socket = await TestSocket.connect(
        `${app.ws}/ws?room=1&tag=a&tag=b&__proto__=x`,
        {
          headers: { 'X-Custom': 'yes', Cookie: 'sid=abc%20d; theme=dark' },
        },
      );
      const url = '/ws?room=1&tag=a&tag=b&__proto__=x';
      expect(seen).toEqual({
        type: 'http',
        class: 'Gateway',
        handler: 'identify',
        same: true,
        response: 'function',
        request: {
          host: `127.0.0.1:${app.port}`,
          custom: 'yes',
          query: { room: '1', tag: ['a', 'b'], ['__proto__']: 'x' },
          cookies: { sid: 'abc d', theme: 'dark' },
          url,
          originalUrl: url,
          path: '/ws',
          params: {},
          ip: '127.0.0.1',
          ips: [],
          protocol: 'http',
          method: 'GET',
        },
      });
      expect(socket.unread).toEqual([]);
    });

    it('may be request-scoped and inject the request', async () => {
      let made = 0;
      @Injectable({ scope: Scope.REQUEST })
      class Scoped implements CanActivate {
        constructor(@Inject(REQUEST) private readonly request: UpgradeRequest) {
          made++;
        }

        canActivate(context: ExecutionContext): boolean {
          return (
            this.request === requestOf(context) &&
            this.request.query.let === 'in'
          );
        }
      }

      @SnorkyGateway()
      @UseGuards(Scoped)
      class Gateway implements IdentifiesClient {
        identify(request: UpgradeRequest): JsonValue {
          return request.path;
        }
      }

      await using app = await start([Gateway]);
      await using first = await TestSocket.connect(`${app.ws}/ws?let=in`);
      await using second = await TestSocket.connect(`${app.ws}/ws?let=in`);
      expect(await first.call('me', 'identity')).toMatchObject({ data: '/ws' });
      expect(await second.call('me', 'identity')).toMatchObject({
        data: '/ws',
      });
      expect((await refusal(`${app.ws}/ws`)).status).toBe(403);
      expect(made).toBe(3);
    });

    it('stand beside a gateway that is request-scoped itself', async () => {
      @SnorkyGateway()
      class Gateway implements IdentifiesClient {
        constructor(
          @Inject(REQUEST) private readonly request: UpgradeRequest,
        ) {}

        identify(): JsonValue {
          return this.request.headers['x-name'] as string;
        }
      }

      await using app = await start([Gateway]);
      const [ann, bob] = await Promise.all(
        ['ann', 'bob'].map((name) =>
          identityOf(app, { headers: { 'X-Name': name } }),
        ),
      );
      expect([ann, bob]).toEqual(['ann', 'bob']);
    });

    it('put the headers of the response into the refusal', async () => {
      class Busy implements CanActivate {
        canActivate(context: ExecutionContext): boolean {
          const response = context
            .switchToHttp()
            .getResponse<UpgradeResponse>();
          response.setHeader('Retry-After', 7);
          response.header('X-By-Header', 'a');
          response.setHeader('X-Many', ['1', '2']);
          response.setHeader('Content-Length', 1);
          throw new HttpException('Come back later', 429);
        }
      }

      @SnorkyGateway()
      @UseGuards(Busy)
      class Gateway {}

      await using app = await start([Gateway]);
      const { status, message, headers } = await refusal(`${app.ws}/ws`);
      expect([status, message]).toEqual([429, 'Come back later']);
      expect(headers).toMatchObject({
        'retry-after': '7',
        'x-by-header': 'a',
        'x-many': '1, 2',
        'content-type': 'application/json; charset=utf-8',
      });
    });

    it.each([
      ['a sentence', new ForbiddenException('Not today'), 403, 'Not today'],
      [
        'a body with a message',
        new HttpException({ message: 'Pay first', code: 3 }, 402),
        402,
        'Pay first',
      ],
      ['a status that is no error', new HttpException('Odd', 200), 400, 'Odd'],
      [
        'a status of the server',
        new ServiceUnavailableException('Down for repair'),
        503,
        'Down for repair',
      ],
      [
        'an error of the program',
        new TypeError('secret'),
        500,
        'Internal Server Error',
      ],
    ])(
      'refuse by throwing an exception with %s',
      async (_what, thrown, status, message) => {
        @SnorkyGateway()
        class Gateway implements IdentifiesClient {
          identify(): JsonValue {
            throw thrown;
          }
        }

        await using app = await start([Gateway]);
        expect(await refusal(`${app.ws}/ws`)).toMatchObject({
          status,
          message,
        });
      },
    );

    it('refuse by ending the response themselves', async () => {
      class Answers implements CanActivate {
        canActivate(context: ExecutionContext): Promise<boolean> {
          const response = context
            .switchToHttp()
            .getResponse<UpgradeResponse>();
          response.status(451).json({ message: 'For legal reasons' });
          return new Promise(() => {});
        }
      }

      @SnorkyGateway()
      @UseGuards(Answers)
      class Gateway {}

      await using app = await start([Gateway]);
      expect(await refusal(`${app.ws}/ws`)).toMatchObject({
        status: 451,
        message: 'For legal reasons',
      });
    });

    it('leave interceptors room round identify', async () => {
      class Upper implements NestInterceptor {
        intercept(
          _context: ExecutionContext,
          next: CallHandler,
        ): Observable<unknown> {
          return next.handle().pipe(map((name: string) => name.toUpperCase()));
        }
      }

      @SnorkyGateway()
      @UseInterceptors(Upper)
      class Gateway implements IdentifiesClient {
        identify(): Promise<JsonValue> {
          return Promise.resolve('ann');
        }
      }

      await using app = await start([Gateway]);
      expect(await identityOf(app)).toBe('ANN');
    });

    it('leave filters of the gateway the last word', async () => {
      @Catch(TypeError)
      class Teapot implements ExceptionFilter {
        catch(error: TypeError): never {
          throw new HttpException(`Teapot: ${error.message}`, 418);
        }
      }
      @Catch(RangeError)
      class Answers implements ExceptionFilter {
        catch(error: RangeError, host: ArgumentsHost): void {
          host
            .switchToHttp()
            .getResponse<UpgradeResponse>()
            .status(416)
            .json({ message: error.message });
        }
      }
      @Catch(UnauthorizedException)
      class Watches implements ExceptionFilter {
        catch(): void {}
      }
      const errors: Record<string, () => Error> = {
        type: () => new TypeError('t'),
        range: () => new RangeError('r'),
        http: () => new UnauthorizedException('Who?'),
      };

      @SnorkyGateway()
      @UseFilters(Teapot, Answers, Watches)
      class Gateway implements IdentifiesClient {
        identify(request: UpgradeRequest): JsonValue {
          throw errors[String(request.query.throw)]?.() ?? new Error('none');
        }
      }

      await using app = await start([Gateway]);
      const outcome = async (kind: string) => {
        const { status, message } = await refusal(`${app.ws}/ws?throw=${kind}`);
        return [status, message];
      };
      expect(await outcome('type')).toEqual([418, 'Teapot: t']);
      expect(await outcome('range')).toEqual([416, 'r']);
      expect(await outcome('http')).toEqual([401, 'Who?']);
      expect(await outcome('other')).toEqual([500, 'Internal Server Error']);
    });

    it('refuse as they meant to when a filter fails', async () => {
      @Catch()
      class Broken implements ExceptionFilter {
        catch(_error: unknown, host: ArgumentsHost): void {
          // Something that only a real response has.
          (host.switchToHttp().getResponse() as { render(): void }).render();
        }
      }

      @SnorkyGateway()
      @UseGuards(TokenGuard)
      @UseFilters(Broken)
      class Gateway {}

      await using app = await start([Gateway, Tokens]);
      expect(await refusal(`${app.ws}/ws`)).toMatchObject({
        status: 401,
        message: 'No token',
      });
    });

    describe('that are global', () => {
      const globals: Provider[] = [
        { provide: APP_GUARD, useClass: Never },
        {
          provide: APP_INTERCEPTOR,
          useValue: {
            intercept: (_context: unknown, next: CallHandler) =>
              next.handle().pipe(map((data: unknown) => ({ data }))),
          },
        },
        {
          provide: APP_FILTER,
          useValue: {
            catch(): never {
              throw new HttpException('By the global filter', 444);
            },
          },
        },
      ];

      /** Decorated when it is needed: while no application has it, none starts without. */
      const gatewayClass = (): Type => {
        @SnorkyGateway()
        class Gateway implements IdentifiesClient {
          identify(request: UpgradeRequest): JsonValue {
            if (request.query.fail !== undefined)
              throw new UnauthorizedException();
            return 'ann';
          }
        }
        return Gateway;
      };

      it('do not run on connections, nor do other global enhancers', async () => {
        await using app = await start([gatewayClass(), ...globals]);
        await using socket = await TestSocket.connect(`${app.ws}/ws`);
        expect(socket.ws.readyState).toBe(socket.ws.OPEN);
        expect((await refusal(`${app.ws}/ws?fail`)).status).toBe(401);
      });

      it('run with globalGuards, before those of the gateway', async () => {
        const order: string[] = [];
        const noting = (name: string): CanActivate => ({
          canActivate: (context) =>
            context.getType() !== 'http' || order.push(name) > 0,
        });

        @SnorkyGateway()
        @UseGuards(noting('gateway'))
        class Guarded implements IdentifiesClient {
          identify(): JsonValue {
            return 'ann';
          }
        }

        await using app = await start(
          [Guarded, { provide: APP_GUARD, useValue: noting('global') }],
          { globalGuards: true },
        );
        expect(await identityOf(app)).toBe('ann');
        expect(order).toEqual(['global', 'gateway']);
      });

      it('need no gateway with globalGuards', async () => {
        @Injectable()
        class OnlyTokens implements CanActivate {
          canActivate(context: ExecutionContext): boolean {
            return (
              context.getType() !== 'http' ||
              requestOf(context).headers.authorization !== undefined
            );
          }
        }

        await using app = await start(
          [{ provide: APP_GUARD, useClass: OnlyTokens }],
          {
            globalGuards: true,
          },
        );
        expect(await identityOf(app, as('ann'))).toBeNull();
        expect((await refusal(`${app.ws}/ws`)).status).toBe(403);
      });

      const expectScopedGuard = async (gateway: Provider[]): Promise<void> => {
        @Injectable({ scope: Scope.REQUEST })
        class Scoped implements CanActivate {
          private readonly password: unknown;

          constructor(@Inject(REQUEST) request: Partial<UpgradeRequest>) {
            this.password = request.query?.password;
          }

          canActivate(context: ExecutionContext): boolean {
            return context.getType() !== 'http' || this.password === 'open';
          }
        }

        await using app = await startApp(
          {
            imports: [frontend({ globalGuards: true })],
            providers: [{ provide: APP_GUARD, useClass: Scoped }, ...gateway],
          },
          undefined,
          platform,
        );
        await using socket = await TestSocket.connect(
          `${app.ws}/ws?password=open`,
        );
        expect(socket.ws.readyState).toBe(socket.ws.OPEN);
        expect((await refusal(`${app.ws}/ws?password=sesame`)).status).toBe(
          403,
        );
      };

      it('may be request-scoped', () => expectScopedGuard([gatewayClass()]));

      it('may be request-scoped where there is no gateway', () =>
        expectScopedGuard([]));

      it('bring no other global enhancer along', async () => {
        const [, ...others] = globals;
        await using app = await start([gatewayClass(), ...others], {
          globalGuards: true,
        });
        await using socket = await TestSocket.connect(`${app.ws}/ws`);
        const registryIdentity = (await socket.call('me', 'identity')) as {
          data: { data: unknown };
        };
        // The command's own answer is wrapped by the global interceptor, once.
        expect(registryIdentity.data).toEqual({ data: 'ann' });
        expect((await refusal(`${app.ws}/ws?fail`)).status).toBe(401);
      });
    });
  },
);
