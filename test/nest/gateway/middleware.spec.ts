import { describe, expect, it } from '@jest/globals';
import {
  BadRequestException,
  Injectable,
  UnauthorizedException,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
  type ModuleMetadata,
  type Provider,
} from '@nestjs/common';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import session from 'express-session';
import { createHmac } from 'node:crypto';
import { createRequire } from 'node:module';
import {
  SnorkyGateway,
  type IdentifiesClient,
  type JsonValue,
  type UpgradeMiddleware,
  type UpgradeRequest,
} from 'snorky';
import {
  startApp,
  type Platform,
  type RunningApp,
} from '../../support/servers/app.js';
import { refusal, TestSocket } from '../../support/sockets/socket.js';
import { frontend, Me } from './me.service.js';

// Passport has no types of its own.
abstract class PassportBase {
  abstract authenticate(request: UpgradeRequest): void;
  declare success: (user: object) => void;
  declare fail: (challenge?: string) => void;
  declare error: (error: unknown) => void;
}
const { Strategy } = createRequire(import.meta.url)('passport') as {
  Strategy: typeof PassportBase;
};

type Verify = (
  token: unknown,
  done: (error: unknown, user?: object | false) => void,
) => void;

/** Takes a token from the query, as WebSocket clients must. */
class QueryTokenStrategy extends Strategy {
  readonly name = 'query-token';

  constructor(private readonly verify: Verify) {
    super();
  }

  authenticate(request: UpgradeRequest): void {
    const { token } = request.query;
    if (token === undefined) {
      this.fail('Bearer');
      return;
    }
    this.verify(token, (error, user) => {
      if (error) this.error(error);
      else if (user) this.success(user);
      else this.fail('Bearer');
    });
  }
}

@Injectable()
class Users {
  readonly known: ReadonlyMap<string, object> = new Map([
    ['t1', { id: 'ann' }],
  ]);
}

@Injectable()
class TokenStrategy extends PassportStrategy(QueryTokenStrategy) {
  constructor(private readonly users: Users) {
    super();
  }

  validate(token: string): object | false {
    if (token === 'banned') throw new UnauthorizedException('Banned');
    return this.users.known.get(token) ?? false;
  }
}

class HasSession implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { session: found } = context
      .switchToHttp()
      .getRequest<{ session?: { user?: string } }>();
    return found?.user !== undefined;
  }
}

describe.each<Platform>(['express', 'fastify'])(
  'A connection on %s',
  (platform) => {
    function start(
      providers: Provider[],
      middleware: readonly UpgradeMiddleware[] = [],
      imports: ModuleMetadata['imports'] = [],
    ): Promise<RunningApp> {
      return startApp(
        {
          imports: [frontend({ middleware }), ...imports],
          providers: [Me, ...providers],
        },
        undefined,
        platform,
      );
    }

    it('may be guarded by a strategy of Passport', async () => {
      @SnorkyGateway()
      @UseGuards(AuthGuard('query-token'))
      class Gateway implements IdentifiesClient {
        identify(request: UpgradeRequest): JsonValue {
          return request.user.id ?? null;
        }
      }

      await using app = await start(
        [Gateway, Users, TokenStrategy],
        [],
        [PassportModule],
      );
      await using socket = await TestSocket.connect(`${app.ws}/ws?token=t1`);
      expect(await socket.call('me', 'identity')).toMatchObject({
        data: 'ann',
      });
      for (const [query, message] of [
        ['', 'Unauthorized'],
        ['?token=t2', 'Unauthorized'],
        ['?token=banned', 'Banned'],
      ]) {
        expect(await refusal(`${app.ws}/ws${query}`)).toMatchObject({
          status: 401,
          message,
        });
      }
    });

    it('gets its session from middleware that is listed', async () => {
      const secret = 'keyboard cat';
      const store = new session.MemoryStore();
      const cookie = { originalMaxAge: 60_000 } as session.Cookie;
      store.set('id1', { cookie, user: 'ann' } as session.SessionData & {
        user: string;
      });
      const signature = createHmac('sha256', secret)
        .update('id1')
        .digest('base64');
      const signed = encodeURIComponent(
        `s:id1.${signature.replace(/=+$/, '')}`,
      );

      @SnorkyGateway()
      @UseGuards(HasSession)
      class Gateway implements IdentifiesClient {
        identify(
          request: UpgradeRequest & { session?: { user: string } },
        ): JsonValue {
          return request.session?.user ?? null;
        }
      }

      const middleware = session({
        secret,
        store,
        resave: false,
        saveUninitialized: false,
      });
      await using app = await start(
        [Gateway],
        [middleware as unknown as UpgradeMiddleware],
      );
      await using socket = await TestSocket.connect(`${app.ws}/ws`, {
        headers: { Cookie: `connect.sid=${signed}` },
      });
      expect(await socket.call('me', 'identity')).toMatchObject({
        data: 'ann',
      });
      expect((await refusal(`${app.ws}/ws`)).status).toBe(403);
      const forged = { headers: { Cookie: 'connect.sid=s%3Aid1.forged' } };
      expect((await refusal(`${app.ws}/ws`, forged)).status).toBe(403);
    });

    it('is not touched by middleware of the application', async () => {
      let seen = 0;
      await using app = await startApp(
        { imports: [frontend()], providers: [Me] },
        (host) =>
          host.use(
            (_request: unknown, _response: unknown, next: () => void) => {
              seen++;
              next();
            },
          ),
        platform,
      );
      await using socket = await TestSocket.connect(`${app.ws}/ws`);
      expect(await socket.call('me', 'identity')).toMatchObject({ data: null });
      expect(seen).toBe(0);
      await fetch(`${app.http}/elsewhere`);
      expect(seen).toBe(1);
    });

    it('passes listed middleware in order, and then the guards', async () => {
      const order: string[] = [];
      class Guard implements CanActivate {
        canActivate(): boolean {
          return order.push('guard') > 0;
        }
      }
      @SnorkyGateway()
      @UseGuards(Guard)
      class Gateway {}

      await using app = await start(
        [Gateway],
        [
          (_request, _response, next) => {
            order.push('first');
            setImmediate(next);
          },
          async (_request, _response, next) => {
            await Promise.resolve();
            order.push('second');
            next();
          },
        ],
      );
      await using socket = await TestSocket.connect(`${app.ws}/ws`);
      expect(socket.unread).toEqual([]);
      expect(order).toEqual(['first', 'second', 'guard']);
    });

    it('needs no gateway for its middleware', async () => {
      await using app = await start(
        [],
        [
          ({ headers }, response, next) => {
            if (headers.authorization === 'yes') next();
            else {
              response.statusCode = 407;
              response.setHeader('X-Why', 'because');
              response.end('Say yes');
            }
          },
        ],
      );
      await using socket = await TestSocket.connect(`${app.ws}/ws`, {
        headers: { Authorization: 'yes' },
      });
      expect(await socket.call('me', 'identity')).toMatchObject({ data: null });
      const { status, message, headers } = await refusal(`${app.ws}/ws`);
      expect([status, message, headers['x-why']]).toEqual([
        407,
        'Say yes',
        'because',
      ]);
    });

    it.each<[string, UpgradeMiddleware, number, string]>([
      [
        'passes an error on',
        (_q, _s, next) => next(new Error('secret')),
        500,
        'Internal Server Error',
      ],
      [
        'throws',
        () => {
          throw new Error('secret');
        },
        500,
        'Internal Server Error',
      ],
      [
        'rejects',
        () => Promise.reject(new Error('secret')),
        500,
        'Internal Server Error',
      ],
      [
        'passes an HttpException on',
        (_q, _s, next) => next(new BadRequestException('Odd cookie')),
        400,
        'Odd cookie',
      ],
      [
        'passes an error with a status on',
        (_q, _s, next) =>
          next(Object.assign(new Error('Bad token'), { status: 403 })),
        403,
        'Bad token',
      ],
      [
        'ends with a head',
        (_q, response) => response.writeHead(402, { 'X-A': 'b' }).end('Pay'),
        402,
        'Pay',
      ],
      [
        'ends without a status',
        (_q, response) => response.end(),
        403,
        'Refused',
      ],
      [
        'redirects',
        (_q, response) =>
          (response as unknown as { redirect(to: string): void }).redirect(
            '/login',
          ),
        403,
        'Redirects do not apply to a connection',
      ],
    ])(
      'is refused when middleware %s',
      async (_what, middleware, status, message) => {
        const called: string[] = [];
        await using app = await start(
          [],
          [middleware, () => called.push('next')],
        );
        expect(await refusal(`${app.ws}/ws`)).toMatchObject({
          status,
          message,
        });
        expect(called).toEqual([]);
      },
    );
  },
);
