import { describe, expect, it } from '@jest/globals';
import {
  Catch,
  ClassSerializerInterceptor,
  Controller,
  Get,
  Inject,
  Injectable,
  Res,
  Scope,
  SerializeOptions,
  UseFilters,
  UseInterceptors,
  VersioningType,
  type ArgumentsHost,
  type CallHandler,
  type ExceptionFilter,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
} from '@nestjs/common';
import {
  APP_INTERCEPTOR,
  HttpAdapterHost,
  Reflector,
  REQUEST,
} from '@nestjs/core';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Exclude } from 'class-transformer';
import { request as httpRequest } from 'node:http';
import { catchError, map, of, repeat, retry, tap, type Observable } from 'rxjs';
import {
  BroadcastDealer,
  DataSyncModule,
  RpcCommand,
  SnorkyService,
  Subscribable,
} from 'snorky';
import { deferred } from '../../../support/waiting/deferred.js';
import { send } from '../../../support/sockets/http.js';
import { TestSocket } from '../../../support/sockets/socket.js';
import {
  ACQUIRED,
  AllTasks,
  namesIn,
  PLATFORMS,
  RestApp,
  tokensOf,
  UNKNOWN,
} from './fixture.js';

const ROWS = [{ id: 1 }];

class Task {
  id = 1;
  @Exclude() secret = 'x';
}

@Controller('tasks')
class Tasks {
  @Get()
  @Subscribable(AllTasks)
  @SerializeOptions({ type: Task })
  list(): unknown {
    return [new Task()];
  }
}

/** As caches of answers go: by the address. */
@Injectable()
class Cache implements NestInterceptor {
  private readonly answers = new Map<string, unknown>();

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { url } = context.switchToHttp().getRequest<{ url: string }>();
    if (this.answers.has(url)) return of(this.answers.get(url));
    return next
      .handle()
      .pipe(tap((answer: unknown) => this.answers.set(url, answer)));
  }
}

@Injectable()
class Broken implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      map(() => {
        throw new TypeError('I cannot serialize this');
      }),
    );
  }
}

@Injectable()
class Again implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(retry(1));
  }
}

@Injectable()
class Twice implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(repeat(2));
  }
}

@Injectable()
class Substitute implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(catchError(() => of(['from elsewhere'])));
  }
}

@Catch()
class Unbothered implements ExceptionFilter {
  constructor(
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {}

  catch(_error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<unknown>();
    this.host.httpAdapter.reply(response, { ok: false }, 200);
  }
}

const warned = 'was asked for a subscription, but an interceptor answered';

describe.each(PLATFORMS)('A subscribable route (%s) works', (platform) => {
  const start = (
    controller: typeof Tasks | (new (...args: never[]) => object),
    more: Parameters<typeof RestApp.start>[2] = {},
  ): Promise<RestApp> => RestApp.start(platform, [controller], more);

  describe('across origins', () => {
    const origin = 'https://example.com';
    const cors = (options: Parameters<INestApplication['enableCors']>[0]) => ({
      prepare: (app: INestApplication) => app.enableCors(options),
    });

    it('with a preflight', async () => {
      await using app = await start(Tasks, cors({ origin: [origin] }));
      const { status, headers } = await send(
        `http://127.0.0.1:${app.port}/tasks`,
        {
          method: 'OPTIONS',
          headers: {
            Origin: origin,
            'Access-Control-Request-Method': 'GET',
            'Access-Control-Request-Headers': 'x-snorky',
          },
        },
      );
      expect(status).toBe(204);
      expect(headers['access-control-allow-origin']).toBe(origin);
      expect(headers['access-control-allow-headers']).toBe('x-snorky');
    });

    it('with all names exposed, and all that it varies by', async () => {
      const exposedHeaders = ['X-Total', 'x-subscription'];
      await using app = await start(
        Tasks,
        cors({ origin: [origin], exposedHeaders }),
      );
      const response = await app.subscribe('/tasks', { origin });
      expect(namesIn(response, 'vary')).toEqual(['Origin', 'X-Snorky']);
      const name = 'access-control-expose-headers';
      expect(namesIn(response, name).join().split(',')).toEqual([
        ...exposedHeaders,
        'X-Subscription-Token',
      ]);
      expect(response.headers.get('access-control-allow-origin')).toBe(origin);
      const plain = await app.get('/tasks', { origin });
      expect(namesIn(plain, 'vary')).toEqual(['Origin', 'X-Snorky']);
      expect(namesIn(plain, name).join().split(',')).toEqual(exposedHeaders);
    });
  });

  it('behind a prefix, a version and an interceptor for all', async () => {
    await using app = await start(Tasks, {
      prepare: (nest) => {
        nest.setGlobalPrefix('api');
        nest.enableVersioning({
          type: VersioningType.URI,
          defaultVersion: '1',
        });
        nest.useGlobalInterceptors(
          new ClassSerializerInterceptor(nest.get(Reflector)),
        );
      },
    });
    const response = await app.subscribe('/api/v1/tasks');
    expect(await response.json()).toEqual(ROWS);
    expect(await app.acquired(tokensOf(response)[0])).toEqual(ACQUIRED);
  });

  it('beside a cache for all: rows from there come without a token', async () => {
    await using app = await start(Tasks, {
      providers: [{ provide: APP_INTERCEPTOR, useClass: Cache }],
    });
    const first = await app.subscribe('/tasks');
    expect(await app.acquired(tokensOf(first)[0])).toEqual(ACQUIRED);
    expect(app.log.with('warn', warned)).toEqual([]);
    const cached = await app.get('/tasks');
    expect(namesIn(cached, 'vary')).toEqual(['X-Snorky']);
    expect(app.log.with('warn', warned)).toEqual([]);
    const second = await app.subscribe('/tasks');
    expect(tokensOf(second)).toEqual([null, null]);
    expect(namesIn(second, 'vary')).toEqual(['X-Snorky']);
    expect(app.tokens).toHaveLength(1);
    expect(app.log.with('warn', `Tasks.list() ${warned}`)).toHaveLength(1);
  });

  it('with caches of its own, wherever they are written', async () => {
    @Controller()
    class Cached {
      reads = 0;

      @Get('above')
      @UseInterceptors(Cache)
      @Subscribable(AllTasks)
      above(): unknown {
        return [this.reads++];
      }

      @Get('below')
      @Subscribable(AllTasks)
      @UseInterceptors(Cache)
      below(): unknown {
        return [this.reads++];
      }
    }
    await using app = await start(Cached);
    for (const path of ['/above', '/below']) {
      expect((await app.get(path)).status).toBe(200);
      // Not a token that is younger than the rows.
      expect(tokensOf(await app.subscribe(path))).toEqual([null, null]);
    }
    expect(app.tokens).toEqual([]);
  });

  it('with an interceptor that fails afterwards', async () => {
    await using app = await start(Tasks, {
      providers: [{ provide: APP_INTERCEPTOR, useClass: Broken }],
    });
    const response = await app.subscribe('/tasks');
    expect(response.status).toBe(500);
    expect(tokensOf(response)).toEqual([null, null]);
    expect(response.headers.get('cache-control')).toBeNull();
    expect(app.tokens).toHaveLength(1);
    expect(await app.acquired(app.tokens[0])).toEqual(UNKNOWN);
  });

  it('with an interceptor that tries again', async () => {
    @Controller('tasks')
    class Unlucky {
      tries = 0;

      @Get()
      @Subscribable(AllTasks)
      list(): unknown {
        if (this.tries++ === 0) throw new Error('Not now');
        return ROWS;
      }
    }
    await using app = await start(Unlucky, {
      providers: [{ provide: APP_INTERCEPTOR, useClass: Again }],
    });
    const response = await app.subscribe('/tasks');
    expect(await response.json()).toEqual(ROWS);
    expect(app.tokens).toHaveLength(2);
    expect(tokensOf(response)[0]).toBe(app.tokens[1]);
    expect(await app.acquired(app.tokens[0])).toEqual(UNKNOWN);
    expect(await app.acquired(app.tokens[1])).toEqual(ACQUIRED);
  });

  it('with an interceptor that asks twice', async () => {
    await using app = await start(Tasks, {
      providers: [{ provide: APP_INTERCEPTOR, useClass: Twice }],
    });
    const response = await app.subscribe('/tasks');
    expect(app.tokens).toHaveLength(2);
    expect(tokensOf(response)[0]).toBe(app.tokens[1]);
    expect(await app.acquired(app.tokens[0])).toEqual(UNKNOWN);
    expect(await app.acquired(app.tokens[1])).toEqual(ACQUIRED);
  });

  it('with failures that are answered with success', async () => {
    @Controller('tasks')
    class Failing {
      @Get('filtered')
      @UseFilters(Unbothered)
      @Subscribable(AllTasks)
      filtered(): unknown {
        throw new Error('No');
      }

      @Get('substituted')
      @UseInterceptors(Substitute)
      @Subscribable(AllTasks)
      substituted(): unknown {
        throw new Error('No');
      }
    }
    await using app = await start(Failing);
    for (const path of ['/tasks/filtered', '/tasks/substituted']) {
      const response = await app.subscribe(path);
      expect(response.status).toBe(200);
      expect(tokensOf(response)).toEqual([null, null]);
      expect(await app.acquired(app.tokens.at(-1))).toEqual(UNKNOWN);
    }
    expect(app.tokens).toHaveLength(2);
  });

  it('where an answer cannot be sent as it is', async () => {
    @Controller('tasks')
    class Odd {
      @Get()
      @Subscribable(AllTasks)
      list(
        @Res()
        response: {
          readonly raw?: Odd;
          writeHead(status: number, headers: object): void;
        },
      ): void {
        const raw = (response.raw ?? response) as typeof response;
        raw.writeHead(200, { 'X-Fine': '1', 'X-Odd': 'a\nb' });
      }
    }
    await using app = await start(Odd);
    const response = await app.subscribe('/tasks');
    expect(response.status).toBe(500);
    expect(tokensOf(response)).toEqual([null, null]);
    expect(response.headers.get('x-fine')).toBeNull();
    expect(namesIn(response, 'vary')).toEqual(['X-Snorky']);
    expect(await app.acquired(app.tokens[0])).toEqual(UNKNOWN);
  });

  it.each(['answered', 'authorized'])(
    'where the client goes before it is %s',
    async (stage) => {
      const started = deferred<void>();
      const left = deferred<void>();
      const wait = (where: string): Promise<void> | undefined => {
        if (where !== stage) return undefined;
        started.resolve();
        return left.promise;
      };
      const handled = deferred<void>();
      @Controller('tasks')
      class Slow {
        @Get()
        @Subscribable(async () => {
          await wait('authorized');
          return [{ dealer: AllTasks, query: null }];
        })
        async list(): Promise<unknown> {
          await wait('answered');
          handled.resolve();
          return ROWS;
        }
      }
      await using app = await start(Slow);
      const server = app.app.getHttpServer() as NodeJS.EventEmitter;
      server.once('request', (_request, response: NodeJS.EventEmitter) => {
        response.once('close', () => left.resolve());
      });
      const outgoing = httpRequest(`http://127.0.0.1:${app.port}/tasks`, {
        headers: { 'X-Snorky': 'Subscribe' },
      });
      outgoing.on('error', () => {});
      outgoing.end();
      await started.promise;
      outgoing.destroy();
      await handled.promise;
      expect(app.tokens).toHaveLength(1);
      expect(await app.acquired(app.tokens[0])).toEqual(UNKNOWN);
    },
  );

  it('with requests that each have their own controller', async () => {
    @Controller({ path: 'tasks', scope: Scope.REQUEST })
    class Scoped {
      constructor(@Inject(REQUEST) private readonly request: { url: string }) {}

      @Get()
      @Subscribable(AllTasks)
      list(): unknown {
        return [this.request.url];
      }
    }
    await using app = await start(Scoped);
    const response = await app.subscribe('/tasks?a');
    expect(await response.json()).toEqual(['/tasks?a']);
    expect(await app.acquired(tokensOf(response)[0])).toEqual(ACQUIRED);
  });

  it('in a controller that others extend', async () => {
    class Base {
      @Get()
      @Subscribable(AllTasks)
      list(): unknown {
        return ROWS;
      }
    }
    @Controller('a')
    class A extends Base {}
    @Controller('b')
    class B extends Base {}
    await using app = await RestApp.start(platform, [A, B]);
    for (const path of ['/a', '/b']) {
      const response = await app.subscribe(path);
      expect(await app.acquired(tokensOf(response)[0])).toEqual(ACQUIRED);
    }
  });

  it('in two applications that know nothing of each other', async () => {
    await using first = await start(Tasks);
    await using second = await start(Tasks);
    const [token] = tokensOf(await second.subscribe('/tasks'));
    expect(first.tokens).toEqual([]);
    expect(await first.acquired(token)).toEqual(UNKNOWN);
    expect(await second.acquired(token)).toEqual(ACQUIRED);
  });

  it('with one of several DataSync services', async () => {
    class AllMetrics extends BroadcastDealer {
      readonly model = 'Metric';
    }
    const options = { service: 'metrics', registry: 'frontend' };
    @Controller()
    class Both {
      @Get('tasks')
      @Subscribable(AllTasks)
      tasks(): unknown {
        return [];
      }

      @Get('metrics')
      @Subscribable(AllMetrics, null, options)
      metrics(): unknown {
        return [];
      }

      @Get('more-metrics')
      @Subscribable(() => [{ dealer: AllMetrics, query: null }], options)
      moreMetrics(): unknown {
        return [];
      }
    }
    await using app = await start(Both, {
      imports: [
        DataSyncModule.register({ name: 'metrics', dealers: [AllMetrics] }),
      ],
    });
    for (const [path, service, other] of [
      ['/tasks', 'datasync', 'metrics'],
      ['/metrics', 'metrics', 'datasync'],
      ['/more-metrics', 'metrics', 'datasync'],
    ] as const) {
      const [token] = tokensOf(await app.subscribe(path));
      expect(await app.acquired(token, other)).toEqual(UNKNOWN);
      expect(await app.acquired(token, service)).toEqual(ACQUIRED);
    }
  });

  it('on a method that is a command as well', async () => {
    @SnorkyService('tasks')
    @Controller('tasks')
    class Twofold {
      @Get()
      @RpcCommand()
      @Subscribable(AllTasks)
      list(): number[] {
        return [1];
      }
    }
    await using app = await start(Twofold, { providers: [Twofold] });
    const response = await app.subscribe('/tasks');
    expect(await app.acquired(tokensOf(response)[0])).toEqual(ACQUIRED);
    await using socket = await TestSocket.connect(
      `ws://127.0.0.1:${app.port}/ws`,
      { headers: { 'X-Snorky': 'Subscribe' } },
    );
    expect(await socket.call('tasks', 'list')).toMatchObject({ data: [1] });
    expect(app.tokens).toHaveLength(1);
  });

  it('on a method that a gateway has as well', async () => {
    @WebSocketGateway({ path: '/plain' })
    @Controller('tasks')
    class Twofold {
      @Get()
      @SubscribeMessage('list')
      @Subscribable(AllTasks)
      list(): object {
        return { event: 'listed', data: ROWS };
      }
    }
    await using app = await start(Twofold, { providers: [Twofold] });
    await using socket = await TestSocket.connect(
      `ws://127.0.0.1:${app.port}/plain`,
    );
    socket.ws.send('{"event": "list"}');
    expect(await socket.next()).toEqual({ event: 'listed', data: ROWS });
    expect(app.tokens).toEqual([]);
  });
});

describe('A subscribable route works', () => {
  it('with rows that the client has already', async () => {
    await using app = await RestApp.start('express', [Tasks]);
    const { headers } = await app.get('/tasks');
    // Not with fetch, which would refuse what is cached.
    const { status, headers: answered } = await send(
      `http://127.0.0.1:${app.port}/tasks`,
      {
        method: 'GET',
        headers: {
          'X-Snorky': 'Subscribe',
          'If-None-Match': headers.get('etag') ?? '',
        },
      },
    );
    expect(status).toBe(304);
    const token = answered['x-subscription-token'] as string;
    expect(await app.acquired(token)).toEqual(ACQUIRED);
  });
});
