import { describe, expect, it } from '@jest/globals';
import {
  Controller,
  ForbiddenException,
  Get,
  Injectable,
  Next,
  Param,
  ParseIntPipe,
  Query,
  Req,
  Res,
  UseGuards,
  UseInterceptors,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { map, of, type Observable } from 'rxjs';
import { Subscribable, type RouteRequest } from 'snorky';
import {
  AllTasks,
  namesIn,
  PLATFORMS,
  RestApp,
  TasksByProject,
  tokensOf,
  UNKNOWN,
} from './fixture.js';

const RECOVERED = { type: 'response', data: { recovered: true } };
const UNKNOWN_ERROR = { type: 'error', message: 'No such subscription' };
const HEADERS = ['X-Subscription-Token', 'X-Subscription'];
let handled: string[] = [];

@Injectable()
class Wrap implements NestInterceptor {
  intercept(
    _context: ExecutionContext,
    next: CallHandler,
  ): Observable<unknown> {
    return next.handle().pipe(map((data: unknown) => ({ data, more: 'yes' })));
  }
}

/** Makes something of each row, as most do. */
@Injectable()
class OfEach implements NestInterceptor {
  intercept(
    _context: ExecutionContext,
    next: CallHandler<object[]>,
  ): Observable<unknown> {
    return next
      .handle()
      .pipe(map((rows) => rows.map((row) => ({ ...row, more: 'yes' }))));
  }
}

@Injectable()
class Cache implements NestInterceptor {
  intercept(): Observable<unknown> {
    return of([{ id: 'cached' }]);
  }
}

@Injectable()
class NotToday implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { query } = context.switchToHttp().getRequest<RouteRequest>();
    return query['today'] !== 'no';
  }
}

interface AnyResponse {
  status(code: number): AnyResponse;
  send(body: unknown): void;
}

@Controller('tasks')
@UseGuards(NotToday)
class Tasks {
  @Get()
  @Subscribable(AllTasks, null, { expiresIn: 60_000 })
  list(): unknown {
    handled.push('list');
    return [];
  }

  @Get('forever')
  @Subscribable(AllTasks)
  forever(): unknown {
    handled.push('forever');
    return [];
  }

  @Get('until')
  @Subscribable(AllTasks, null, {
    expiresAt: ({ query }: RouteRequest) =>
      query['at'] === undefined ? undefined : Number(query['at']),
  })
  until(): unknown {
    return [];
  }

  @Get('newest')
  @Subscribable(AllTasks, null, { partial: true, orderedBy: ['id'] })
  newest(): unknown {
    return [];
  }

  @Get('projects/:project')
  @Subscribable(TasksByProject, ({ params }) => Number(params['project']))
  project(
    @Param('project', ParseIntPipe) _project: number,
    @Query('deep', ParseIntPipe) _deep: number,
  ): unknown {
    handled.push('project');
    return [];
  }

  @Get('wrapped')
  @UseInterceptors(Wrap)
  @Subscribable(AllTasks)
  wrapped(): unknown {
    handled.push('wrapped');
    return [];
  }

  @Get('mapped')
  @UseInterceptors(OfEach)
  @Subscribable(AllTasks)
  mapped(): unknown {
    handled.push('mapped');
    return [];
  }

  @Get('cached')
  @UseInterceptors(Cache)
  @Subscribable(AllTasks)
  cached(): unknown {
    return [];
  }

  @Get('by-itself')
  @Subscribable(AllTasks, null, { expiresIn: 60_000 })
  byItself(@Res() response: AnyResponse, @Req() _request: unknown): void {
    handled.push('by-itself');
    response.status(200).send([]);
  }

  @Get('by-next')
  @UseInterceptors(Wrap)
  @Subscribable(AllTasks)
  byNext(@Res() response: AnyResponse, @Next() _next: unknown): void {
    handled.push('by-next');
    response.status(200).send([]);
  }

  /** Its handler decides, not a guard. */
  @Get('secret')
  @Subscribable(AllTasks)
  secret(): never {
    throw new ForbiddenException();
  }

  @Get('passing')
  @Subscribable(AllTasks)
  passing(@Res({ passthrough: true }) response: AnyResponse): unknown {
    handled.push('passing');
    response.status(203);
    return [];
  }
}

async function renew(
  app: RestApp,
  path: string,
  ask = 'Renew',
): Promise<{ readonly response: Response; readonly body: string }> {
  const response = await app.get(path, { 'X-Snorky': ask });
  return { response, body: await response.text() };
}

describe.each(PLATFORMS)('X-Snorky: Renew on %s', (platform) => {
  const start = (): Promise<RestApp> => {
    handled = [];
    return RestApp.start(platform, [Tasks]);
  };

  it.each([
    ['tasks', 'Renew'],
    ['tasks/forever', 'renew'],
    ['tasks/projects/7', 'RENEW'],
    ['tasks/wrapped', 'Renew'],
    ['tasks/mapped', 'Renew'],
    ['tasks/by-itself', 'Renew'],
    ['tasks/by-next', 'Renew'],
    ['tasks/passing', 'Renew'],
  ])('on /%s gives a token and no rows', async (path, ask) => {
    await using app = await start();
    const { response, body } = await renew(app, `/${path}`, ask);
    expect({ status: response.status, body }).toEqual({
      status: 204,
      body: '',
    });
    expect(handled).toEqual([]);
    const [token, alias] = tokensOf(response);
    expect(token).toBe(app.tokens[0]);
    expect(alias).toBe(token);
    expect(response.headers.get('Cache-Control')).toBe('no-store');
    expect(namesIn(response, 'Vary')).toContain('X-Snorky');
    expect(namesIn(response, 'Access-Control-Expose-Headers')).toEqual(
      expect.arrayContaining(HEADERS),
    );
    for (const name of ['Content-Type', 'ETag']) {
      expect(response.headers.has(name)).toBe(false);
    }
    expect(app.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('gives a token for the place of the subscription, and for nothing else', async () => {
    await using app = await start();
    const first = await app.subscribe('/tasks/secret');
    expect(first.status).toBe(403);
    const [stranger] = tokensOf((await renew(app, '/tasks/secret')).response);
    const resume = { resume: true };
    for (const more of [resume, { ...resume, since: null }, {}]) {
      expect(await app.acquired(stranger, 'datasync', more)).toEqual(UNKNOWN);
    }

    await using socket = await app.connect();
    await socket.call('snorky', 'hello', { features: ['replaces'] });
    const acquire = (token: string | null, more = {}): Promise<unknown> =>
      socket.call('datasync', 'acquireSubscription', {
        token,
        resume: true,
        ...more,
      });
    const [other] = tokensOf(await app.subscribe('/tasks/projects/7?deep=1'));
    expect(await acquire(other ?? null)).toMatchObject(RECOVERED);
    const [again] = tokensOf((await renew(app, '/tasks/secret')).response);
    expect(await acquire(again ?? null, { replaces: other })).toMatchObject(
      UNKNOWN_ERROR,
    );

    const [mine] = tokensOf(await app.subscribe('/tasks'));
    const [next] = tokensOf((await renew(app, '/tasks')).response);
    expect(await acquire(mine ?? null)).toMatchObject(RECOVERED);
    expect(await acquire(next ?? null)).toMatchObject(UNKNOWN_ERROR);
    expect(await acquire(next ?? null, { replaces: mine })).toMatchObject(
      RECOVERED,
    );
    // It is a token like others then, for who comes back.
    expect(await app.acquired(next, 'datasync', resume)).toMatchObject(
      RECOVERED,
    );
  });

  it('answers the next request of the same connection too', async () => {
    await using app = await start();
    for (const path of ['/tasks/wrapped', '/tasks', '/tasks/by-itself']) {
      expect((await renew(app, path)).response.status).toBe(204);
      expect((await app.subscribe(path)).status).toBe(200);
    }
  });

  it.each(['Renew', 'Subscribe'])(
    'and the time that is left, for %s',
    async (ask) => {
      await using app = await start();
      const before = Date.now();
      const { response } = await renew(app, '/tasks', ask);
      const left = response.headers.get('X-Subscription-Expires');
      expect(left).toMatch(/^\d+$/);
      expect(Number(left)).toBeLessThanOrEqual(60_000);
      expect(Number(left)).toBeGreaterThan(60_000 - (Date.now() - before) - 2);
      expect(namesIn(response, 'Access-Control-Expose-Headers')).toContain(
        'X-Subscription-Expires',
      );
    },
  );

  it('says no time where there is no end', async () => {
    await using app = await start();
    for (const path of ['/tasks/forever', '/tasks/until']) {
      const { response } = await renew(app, path);
      expect(response.status).toBe(204);
      expect(response.headers.has('X-Subscription-Expires')).toBe(false);
    }
  });

  it('gives the time that the route makes of the request', async () => {
    await using app = await start();
    const at = Date.now() + 3_600_000;
    const { response } = await renew(app, `/tasks/until?at=${at}`);
    const left = Number(response.headers.get('X-Subscription-Expires'));
    expect(Math.abs(left - 3_600_000)).toBeLessThan(60_000);
  });

  it.each([
    ['has passed', Date.now() - 1, 401],
    ['is none', 'soon', 500],
  ])('is refused where that time %s', async (_how, at, status) => {
    await using app = await start();
    for (const ask of ['Renew', 'Subscribe']) {
      const { response } = await renew(app, `/tasks/until?at=${at}`, ask);
      expect(response.status).toBe(status);
    }
    expect(app.tokens).toEqual([]);
  });

  it('says that the rows are a part', async () => {
    await using app = await start();
    const { response } = await renew(app, '/tasks/newest');
    expect(response.headers.get('X-Subscription-Partial')).toBe(
      'ordered-by=id',
    );
  });

  it('is refused by the guards of the route', async () => {
    await using app = await start();
    for (const path of ['/tasks', '/tasks/by-itself']) {
      const { response } = await renew(app, `${path}?today=no`);
      expect(response.status).toBe(403);
    }
    expect(app.tokens).toEqual([]);
  });

  it('is refused by the dealer', async () => {
    await using app = await start();
    const { response, body } = await renew(app, '/tasks/projects/seven');
    expect(response.status).toBe(400);
    expect(body).toContain('Invalid query');
  });

  it('renews nothing where a cache answers', async () => {
    await using app = await start();
    const { response } = await renew(app, '/tasks/cached');
    expect(response.status).toBe(200);
    expect(tokensOf(response)).toEqual([null, null]);
    expect(app.tokens).toEqual([]);
  });

  it('is nothing to HEAD', async () => {
    await using app = await start();
    const response = await app.get('/tasks', { 'X-Snorky': 'Renew' }, 'HEAD');
    expect(response.status).toBe(200);
    expect(tokensOf(response)).toEqual([null, null]);
  });
});
