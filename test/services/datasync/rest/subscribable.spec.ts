import { describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Header,
  NotFoundException,
  Param,
  ParseIntPipe,
  Post,
  Redirect,
  Res,
  StreamableFile,
  UseGuards,
  type CanActivate,
} from '@nestjs/common';
import { Readable } from 'node:stream';
import { of } from 'rxjs';
import {
  DataSyncService,
  Subscribable,
  type JsonValue,
  type SubscribableRequest,
} from 'snorky';
import { BROKERS } from '../../../support/services/datasync.js';
import { nestHas } from '../../../support/servers/nest-features.js';
import {
  ACQUIRED,
  AllTasks,
  namesIn,
  PLATFORMS,
  RestApp,
  TasksByProject,
  tokensOf,
  UNKNOWN,
} from './fixture.js';

const ROWS = [{ id: 1, project: 7 }];
const EXPOSED = ['X-Subscription-Token', 'X-Subscription'];

/** What of a response both platforms have. */
interface AnyResponse {
  status(code: number): void;
  header(name: string, value: string): void;
  send(body: unknown): void;
}

class Never implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@Controller('tasks')
class Tasks {
  constructor(private readonly datasync: DataSyncService) {}

  @Get()
  @Subscribable(AllTasks)
  list(): unknown {
    return ROWS;
  }

  @Get('by-name')
  @Subscribable('AllTasks')
  byName(): unknown {
    return ROWS;
  }

  @Get('newest')
  @Subscribable(AllTasks, null, {
    partial: true,
    orderedBy: ['created at', 'größe', 'a,b'],
  })
  newest(): unknown {
    return ROWS;
  }

  @Get('sorted')
  @Subscribable(() => [{ dealer: AllTasks, query: null }], {
    partial: true,
    orderedBy: ({ query }: SubscribableRequest) =>
      query['by'] as unknown as string[],
  })
  sorted(): unknown {
    return ROWS;
  }

  @Get('some-page')
  @Subscribable(AllTasks, null, { partial: true })
  page(): unknown {
    return ROWS;
  }

  @Get('fixed')
  @Subscribable(TasksByProject, 7)
  fixed(): unknown {
    return ROWS;
  }

  @Get('of/:project')
  @Subscribable(TasksByProject, ({ params }) => Number(params['project']))
  async ofProject(
    @Param('project', ParseIntPipe) project: number,
  ): Promise<unknown> {
    await Promise.resolve();
    return ROWS.filter((row) => row.project === project);
  }

  @Get('some/:a/:b')
  @Subscribable(async ({ params, query }: SubscribableRequest) => {
    await Promise.resolve();
    if (query['secret'] !== undefined) throw new NotFoundException('No');
    return [
      { dealer: TasksByProject, query: Number(params['a']) },
      { dealer: 'TasksByProject', query: Number(params['b']) },
    ];
  })
  some(): unknown {
    return ROWS;
  }

  @Get('picky')
  @Subscribable(() => [{ dealer: 'Picky', query: null }])
  picky(): unknown {
    return ROWS;
  }

  @Get('unknown')
  @Subscribable(() => [{ dealer: 'Nobody', query: null }])
  unknown(): unknown {
    return ROWS;
  }

  @Get('no-query')
  @Subscribable(AllTasks, () => undefined as unknown as JsonValue)
  noQuery(): unknown {
    return ROWS;
  }

  @Post()
  @Subscribable(AllTasks)
  post(): unknown {
    return ROWS;
  }

  @Get('observable')
  @Subscribable(AllTasks)
  observable(): unknown {
    return of([], ROWS);
  }

  @Get('nothing')
  @Subscribable(AllTasks)
  nothing(): void {}

  @Get('passthrough')
  @Subscribable(AllTasks)
  passthrough(@Res({ passthrough: true }) response: AnyResponse): unknown {
    response.header('Vary', 'Accept');
    response.header('Cache-Control', 'max-age=60');
    response.header('X-Mine', 'yes');
    return ROWS;
  }

  @Get('own')
  @Subscribable(AllTasks)
  own(@Res() response: AnyResponse): void {
    response.header('Vary', 'Accept, x-snorky');
    response.send(ROWS);
  }

  @Get('file')
  @Subscribable(AllTasks)
  file(): StreamableFile {
    const text = JSON.stringify(ROWS);
    return new StreamableFile(Readable.from([text]), {
      type: 'application/json',
    });
  }

  @Get('web')
  @Subscribable(AllTasks)
  web(): Response {
    return Response.json(ROWS, {
      headers: { Vary: 'Accept', 'Cache-Control': 'max-age=60' },
    });
  }

  @Get('headers')
  @Header('Vary', 'Accept-Language')
  @Header('Cache-Control', 'max-age=60')
  @Subscribable(AllTasks)
  headers(): unknown {
    return ROWS;
  }

  @Get('failing')
  @Subscribable(AllTasks)
  failing(): unknown {
    throw new NotFoundException('No such list');
  }

  @Get('absent')
  @Subscribable(AllTasks)
  absent(@Res({ passthrough: true }) response: AnyResponse): unknown {
    response.status(404);
    return { message: 'Gone' };
  }

  @Get('moved')
  @Redirect('/tasks', 302)
  @Subscribable(AllTasks)
  moved(): void {}

  @Get('guarded')
  @Subscribable(AllTasks)
  @UseGuards(Never)
  guarded(): unknown {
    return ROWS;
  }

  @Get('also-guarded')
  @UseGuards(Never)
  @Subscribable(AllTasks)
  alsoGuarded(): unknown {
    return ROWS;
  }

  @Get('changing')
  @Subscribable(AllTasks)
  async changing(): Promise<unknown> {
    await this.datasync.publishDeltas([
      { type: 'insert', model: 'Task', data: { id: 2 } },
    ]);
    return ROWS;
  }
}

/** Routes that answer by a Web `Response`, where there may be any. */
const WEB = nestHas('webResponse', 'routes that answer by a Web Response')
  ? ['web']
  : [];

describe.each(PLATFORMS)('A subscribable route (%s)', (platform) => {
  const start = (): Promise<RestApp> => RestApp.start(platform, [Tasks]);

  it('answers rows and a token to those who ask', async () => {
    await using app = await start();
    const response = await app.subscribe('/tasks');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(ROWS);
    expect(tokensOf(response)).toEqual([app.tokens[0], app.tokens[0]]);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(namesIn(response, 'vary')).toEqual(['X-Snorky']);
    expect(namesIn(response, 'access-control-expose-headers')).toEqual(EXPOSED);
    expect(await app.acquired(app.tokens[0])).toEqual(ACQUIRED);
  });

  it.each([
    ['/tasks', null],
    ['/tasks/some-page', 'order-unknown'],
    ['/tasks/newest', 'ordered-by=created%20at,gr%C3%B6%C3%9Fe,a%2Cb'],
    ['/tasks/sorted?by=a&by=b', 'ordered-by=a,b'],
    ['/tasks/sorted', 'order-unknown'],
  ])('says of %s what part of the rows it is', async (path, part) => {
    await using app = await start();
    const response = await app.subscribe(path);
    expect(await response.json()).toEqual(ROWS);
    const header = 'X-Subscription-Partial';
    expect(response.headers.get(header)).toBe(part);
    const exposed = namesIn(response, 'access-control-expose-headers');
    expect(exposed.sort()).toEqual(
      [...EXPOSED, ...(part === null ? [] : [header])].sort(),
    );
    // To whom it says nothing.
    const other = await app.get(path);
    expect(other.headers.get(header)).toBeNull();
    expect(other.headers.get('access-control-expose-headers')).toBeNull();
  });

  it('answers others as if it were none, but for Vary', async () => {
    await using app = await start();
    const response = await app.get('/tasks');
    expect(await response.json()).toEqual(ROWS);
    expect(tokensOf(response)).toEqual([null, null]);
    expect(response.headers.get('cache-control')).toBeNull();
    expect(response.headers.get('access-control-expose-headers')).toBeNull();
    expect(namesIn(response, 'vary')).toEqual(['X-Snorky']);
    expect(app.tokens).toEqual([]);
  });

  it.each([
    ['subscribe', true],
    [' SUBSCRIBE ', true],
    ['Unsubscribe', false],
    ['Subscribe, Subscribe', false],
    ['', false],
  ])('takes "X-Snorky: %s" as %j', async (value, asked) => {
    await using app = await start();
    const response = await app.subscribe('/tasks', { 'X-Snorky': value });
    expect(tokensOf(response)[0] !== null).toBe(asked);
  });

  it.each([
    ['/tasks', [1, 2]],
    ['/tasks/by-name', [1, 2]],
    ['/tasks/fixed', [1]],
    ['/tasks/of/7', [1]],
    ['/tasks/of/8', [2]],
    ['/tasks/some/7/7', [1]],
    ['/tasks/some/8/7', [1, 2]],
  ])('lets %s be followed', async (path, heard) => {
    await using app = await start();
    const [token] = tokensOf(await app.subscribe(path));
    await using socket = await app.connect();
    await socket.call('datasync', 'acquireSubscription', { token });
    const data = (id: number): object => ({ id, project: id + 6 });
    await app.app.get(DataSyncService, { strict: false }).publishDeltas(
      [1, 2].map((id) => ({
        type: 'insert',
        model: 'Task',
        data: data(id) as JsonValue,
      })),
    );
    expect(await socket.take(heard.length)).toEqual(
      heard.map((id) => ({
        type: 'delta',
        delta: { type: 'insert', model: 'Task', data: data(id) },
      })),
    );
    await socket.call('datasync', 'cancelSubscription', { token });
    expect(socket.unread).toEqual([]);
  });

  it.each([
    ['observable', ROWS],
    ['passthrough', ROWS],
    ['own', ROWS],
    ['file', ROWS],
    ...WEB.map((kind) => [kind, ROWS] as const),
    ['headers', ROWS],
    ['nothing', undefined],
  ])('takes an answer of the kind "%s"', async (path, body) => {
    await using app = await start();
    const response = await app.subscribe(`/tasks/${path}`);
    const text = await response.text();
    expect(text === '' ? undefined : JSON.parse(text)).toEqual(body);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await app.acquired(tokensOf(response)[0])).toEqual(ACQUIRED);
    const plain = await app.get(`/tasks/${path}`);
    expect(await plain.text()).toBe(text);
    expect(tokensOf(plain)).toEqual([null, null]);
    expect(plain.headers.get('x-mine')).toBe(response.headers.get('x-mine'));
  });

  it.each([
    ['passthrough', ['Accept', 'X-Snorky'], 'max-age=60'],
    ['own', ['Accept', 'x-snorky'], null],
    ...WEB.map((kind) => [kind, ['Accept', 'X-Snorky'], 'max-age=60'] as const),
    ['headers', ['Accept-Language', 'X-Snorky'], 'max-age=60'],
  ])('keeps the headers of "%s"', async (path, vary, cached) => {
    await using app = await start();
    const plain = await app.get(`/tasks/${path}`);
    expect(namesIn(plain, 'vary')).toEqual(vary);
    expect(plain.headers.get('cache-control')).toBe(cached);
    const asked = await app.subscribe(`/tasks/${path}`);
    expect(namesIn(asked, 'vary')).toEqual(vary);
  });

  it('is for other methods too', async () => {
    await using app = await start();
    const response = await fetch(`http://127.0.0.1:${app.port}/tasks`, {
      method: 'POST',
      headers: { 'X-Snorky': 'Subscribe' },
    });
    expect(response.status).toBe(201);
    expect(await app.acquired(tokensOf(response)[0])).toEqual(ACQUIRED);
  });

  it('authorizes nothing for HEAD, which has no rows', async () => {
    await using app = await start();
    const response = await app.subscribe('/tasks', {}, 'HEAD');
    expect(response.status).toBe(200);
    expect(tokensOf(response)).toEqual([null, null]);
    expect(namesIn(response, 'vary')).toEqual(['X-Snorky']);
    expect(app.tokens).toEqual([]);
    expect(app.log.with('warn', 'asked for a subscription')).toEqual([]);
  });

  it.each(['guarded', 'also-guarded'])(
    'authorizes nothing that a guard refuses (%s)',
    async (path) => {
      await using app = await start();
      const response = await app.subscribe(`/tasks/${path}`);
      expect(response.status).toBe(403);
      expect(tokensOf(response)).toEqual([null, null]);
      expect(app.tokens).toEqual([]);
    },
  );

  it.each([
    ['the handler throws', 'failing', 404],
    ['the handler answers with an error', 'absent', 404],
    ['a pipe refuses', 'of/7.5', 400],
    ['the answer is a redirection', 'moved', 302],
  ])('takes the token back when %s', async (_what, path, status) => {
    await using app = await start();
    const response = await app.subscribe(`/tasks/${path}`);
    expect(response.status).toBe(status);
    expect(tokensOf(response)).toEqual([null, null]);
    expect(response.headers.get('cache-control')).toBeNull();
    expect(response.headers.get('access-control-expose-headers')).toBeNull();
    expect(namesIn(response, 'vary')).toContain('X-Snorky');
    expect(app.tokens).toHaveLength(1);
    expect(await app.acquired(app.tokens[0])).toEqual(UNKNOWN);
  });

  it('answers what the function of the items throws', async () => {
    await using app = await start();
    const response = await app.subscribe('/tasks/some/7/8?secret=1');
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ message: 'No' });
    // The handler is for others as before.
    expect((await app.get('/tasks/some/7/8?secret=1')).status).toBe(200);
  });

  it.each([
    ['of/seven', 'Invalid query'],
    ['picky', { code: 7 }],
  ])('answers 400 for a query that is refused (%s)', async (path, message) => {
    await using app = await start();
    const response = await app.subscribe(`/tasks/${path}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      statusCode: 400,
      error: 'Bad Request',
      message,
    });
  });

  it('answers 503 while too many tokens wait', async () => {
    await using app = await RestApp.start(platform, [Tasks], {
      datasync: { maxTokens: 1 },
    });
    const [token] = tokensOf(await app.subscribe('/tasks'));
    const response = await app.subscribe('/tasks');
    expect(response.status).toBe(503);
    expect(tokensOf(response)).toEqual([null, null]);
    expect(await response.json()).toEqual({
      statusCode: 503,
      error: 'Service Unavailable',
      message: 'Too many tokens',
    });
    // Others are served, and so is who comes with what was given.
    expect((await app.get('/tasks')).status).toBe(200);
    expect(await app.acquired(token)).toEqual(ACQUIRED);
    // One that is taken back makes room again.
    expect((await app.subscribe('/tasks/failing')).status).toBe(404);
    expect((await app.subscribe('/tasks')).status).toBe(200);
  });

  it.each([
    ['unknown', 'Tasks.unknown()', 'No such dealer'],
    ['no-query', 'Tasks.noQuery()', "Missing field 'query'"],
  ])('takes its own mistakes on itself (%s)', async (path, who, problem) => {
    await using app = await start();
    const response = await app.subscribe(`/tasks/${path}`);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain(problem);
    expect(
      app.log.with(
        'error',
        `${who} asks for a subscription that cannot be: ${problem}. Give a ` +
          'list of { dealer, query }; service "datasync" has the dealers ' +
          'AllTasks, TasksByProject, Picky.',
      ),
    ).toHaveLength(1);
  });

  it.each(BROKERS)('leaves no gap, over $over', async ({ make }) => {
    await using app = await RestApp.start(platform, [Tasks], {
      broker: make(),
    });
    const [token] = tokensOf(await app.subscribe('/tasks/changing'));
    const datasync = app.app.get(DataSyncService, { strict: false });
    await datasync.publishDeltas([
      { type: 'insert', model: 'Task', data: { id: 3 } },
    ]);
    await using socket = await app.connect();
    socket.send('datasync', {
      command: 'acquireSubscription',
      params: { token },
      callId: 1,
    });
    const heard = (id: number): object => ({
      type: 'delta',
      delta: { type: 'insert', model: 'Task', data: { id } },
    });
    expect(await socket.take(3)).toEqual([
      heard(2),
      heard(3),
      { type: 'response', callId: 1, data: null },
    ]);
    await datasync.publishDeltas([
      { type: 'insert', model: 'Task', data: { id: 4 } },
    ]);
    expect(await socket.take(1)).toEqual([heard(4)]);
  });
});
