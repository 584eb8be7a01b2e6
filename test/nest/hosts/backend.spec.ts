import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Body,
  Controller,
  Get,
  Injectable,
  Module,
  Post,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
} from '@nestjs/common';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { map, type Observable } from 'rxjs';
import {
  BackendHost,
  ConnectedClient,
  getRegistryToken,
  RpcCommand,
  RpcParam,
  RpcService,
  Service,
  SnorkyModule,
  SnorkyService,
  type Client,
  type HttpBackendOptions,
  type JsonValue,
  type OptionsFactory,
  type ServiceRegistry,
  type SnorkyLateOptions,
} from 'snorky';
import {
  startApp,
  type Platform,
  type RunningApp,
} from '../../support/servers/app.js';
import { deferred, type Deferred } from '../../support/waiting/deferred.js';
import { send, speak, type HttpRequest } from '../../support/sockets/http.js';
import { RecordedLog } from '../../support/servers/log.js';

@SnorkyService('calc')
class Calc extends RpcService {
  waiting: Deferred<JsonValue>[] = [];
  private entered: (() => void)[] = [];

  @RpcCommand()
  sum(@RpcParam('a') a: number, @RpcParam('b') b: number): number {
    return a + b;
  }

  @RpcCommand()
  async wait(): Promise<JsonValue> {
    const gate = deferred<JsonValue>();
    this.waiting.push(gate);
    for (const tell of this.entered.splice(0)) tell();
    return gate.promise;
  }

  /** Settles when so many calls of `wait` wait. */
  async arrived(count: number): Promise<void> {
    while (this.waiting.length < count) {
      await new Promise<void>((resolve) => this.entered.push(resolve));
    }
  }

  @RpcCommand({ async: true })
  never(): void {}

  @RpcCommand()
  chatty(@ConnectedClient() client: Client): string {
    this.sendMessageTo(client, { type: 'aside' });
    this.notify([client], { type: 'aside' });
    return 'result </script>';
  }

  @RpcCommand()
  fail(): never {
    throw new Error('secret');
  }
}

@SnorkyService('raw')
class Raw extends Service {
  readonly connections: string[] = [];

  override onClientConnected(): void {
    this.connections.push('connected');
  }

  override onClientDisconnected(): void {
    this.connections.push('disconnected');
  }

  async processMessageFrom(client: Client, message: JsonValue): Promise<void> {
    if (message === 'silence') return;
    if (message === 'failure') throw new Error('secret');
    await Promise.resolve();
    this.sendMessageTo(client, { first: message });
    this.sendMessageTo(client, { second: message });
  }
}

class Refuse implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http') return true;
    const { url } = context.switchToHttp().getRequest<{ url: string }>();
    return !url.includes('guarded');
  }
}

class Wrap implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    return next.handle().pipe(map((value: unknown) => ({ wrapped: value })));
  }
}

@Controller()
class Pages {
  @Get('backend2')
  neighbour(): string {
    return 'neighbour';
  }

  @Post('backend-ish')
  post(@Body() body: unknown): unknown {
    return body;
  }

  @Get('guarded')
  guarded(): string {
    return 'guarded';
  }
}

const KEY = 'swordfish';

interface Backend extends AsyncDisposable {
  readonly app: INestApplication;
  readonly host: RunningApp;
  readonly url: string;
  readonly port: number;
  readonly log: RecordedLog;
  readonly calc: Calc;
  call(
    message: unknown,
    request?: HttpRequest & { service?: string },
  ): ReturnType<typeof send>;
}

async function start(
  platform: Platform,
  own: boolean,
  options: Partial<HttpBackendOptions> = {},
): Promise<Backend> {
  const log = new RecordedLog();
  const listen = own ? { listen: { port: 0 } } : {};
  const host = await startApp(
    {
      imports: [
        SnorkyModule.forRoot({
          registries: {
            frontend: { websocket: { path: '/ws' } },
            backend: {
              http: { path: '/backend', key: KEY, ...listen, ...options },
            },
          },
        }),
        SnorkyModule.forFeature([
          { service: Calc, name: 'calc', registry: 'backend' },
          { service: Raw, name: 'raw', registry: 'backend' },
        ]),
      ],
      controllers: [Pages],
    },
    (app) => {
      app.useLogger(log);
      app.setGlobalPrefix('api', {
        exclude: ['backend2', 'backend-ish', 'guarded'],
      });
      app.useGlobalGuards(new Refuse());
      app.useGlobalInterceptors(new Wrap());
    },
    platform,
  );
  const port = host.app.get(BackendHost).address('backend')?.port ?? host.port;
  const url = `http://127.0.0.1:${port}/backend`;
  const registry = host.app.get<ServiceRegistry>(getRegistryToken('backend'));
  return {
    app: host.app,
    host,
    url,
    port,
    log,
    calc: registry.service('calc') as Calc,
    call: (message, { service = 'calc', headers, ...request } = {}) =>
      send(url, {
        headers: { 'X-Backend-Key': KEY, ...headers },
        body: JSON.stringify({ service, message }),
        ...request,
      }),
    [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
  };
}

const sum = { command: 'sum', params: { a: 1, b: 2 } };
const three = JSON.stringify({
  service: 'calc',
  message: { type: 'response', data: 3 },
});

describe.each<[string, Platform, boolean]>([
  ['on a port of its own beside Express', 'express', true],
  ['on a port of its own beside Fastify', 'fastify', true],
  ["on Express' server", 'express', false],
  ["on Fastify's server", 'fastify', false],
])('The backend %s', (_where, platform, own) => {
  let backend: Backend;

  beforeAll(async () => {
    backend = await start(platform, own);
  });

  afterAll(async () => {
    await backend[Symbol.asyncDispose]();
  });

  it('answers a call with its result', async () => {
    const { status, headers, text } = await backend.call(sum);
    expect([status, text]).toEqual([200, three]);
    expect(headers['content-type']).toBe('application/json; charset=UTF-8');
  });

  it('checks the path, then the method, then the key, then the body', async () => {
    const path = await send(`${backend.url}/zzz`, {
      method: 'GET',
      body: 'not JSON',
    });
    const method = await send(backend.url, { method: 'PUT', body: 'not JSON' });
    const key = await send(backend.url, { body: 'not JSON' });
    const body = await send(backend.url, {
      headers: { 'X-Backend-Key': KEY },
      body: 'not JSON',
    });
    expect([path, method, key, body].map(({ status }) => status)).toEqual([
      404, 405, 401, 400,
    ]);
    expect(method.headers.allow).toBe('POST');
    // On the host's server other paths are the host's, its 404 included.
    for (const { text, status } of [
      ...(own ? [path] : []),
      method,
      key,
      body,
    ]) {
      expect(JSON.parse(text)).toEqual({
        statusCode: status,
        message: expect.any(String),
      });
    }
  });

  it.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'])(
    'refuses %s, with the key or without',
    async (method) => {
      for (const headers of [{}, { 'X-Backend-Key': KEY }]) {
        const { status, headers: answered } = await send(backend.url, {
          method,
          headers,
        });
        expect([status, answered.allow]).toEqual([405, 'POST']);
      }
    },
  );

  it.each([
    ['no key', {}],
    ['an empty one', { 'X-Backend-Key': '' }],
    ['a wrong one', { 'X-Backend-Key': 'sword' }],
    ['a longer one', { 'X-Backend-Key': `${KEY}x` }],
    ['one in another case', { 'X-Backend-Key': 'Swordfish' }],
    ['the right one twice', { 'X-Backend-Key': [KEY, KEY] }],
  ])('refuses a caller with %s, counts and tells it', async (what, headers) => {
    const { registry } = backend.calc;
    const reason = what === 'no key' ? 'missing' : 'wrong';
    const refused = (): number =>
      registry.counters
        .readings()
        .filter(
          ({ name, labels }) =>
            name === 'backendKeys' && labels['reason'] === reason,
        )
        .reduce((sum, { value }) => sum + value, 0);
    const before = refused();
    const { status } = await send(backend.url, { headers, body: three });
    expect(status).toBe(401);
    expect(refused()).toBe(before + 1);
    const lines = backend.log.with('warn', 'Refused a request to the backend');
    expect(lines.map(({ text }) => text)).toContain(
      `Refused a request to the backend of registry "backend" from 127.0.0.1: its key is ${reason}`,
    );
    expect(JSON.stringify(backend.log.lines)).not.toMatch(/sword/i);
  });

  it.each([
    ['nothing', ''],
    ['text that is no JSON', '{'],
    ['NaN', '{"service": "calc", "message": NaN}'],
    ['a byte order mark', '\ufeff{"service": "raw", "message": 1}'],
    ['UTF-16', Buffer.from('{"service": "raw", "message": 1}', 'utf16le')],
    [
      'bytes that are no UTF-8',
      Buffer.from('{"service": "raw", "message": "\xff"}', 'latin1'),
    ],
    ['a list', '[]'],
    ['null', 'null'],
    ['an envelope without a service', '{"message": 1}'],
    ['an envelope without a message', '{"service": "raw"}'],
    ['a message that is no call', '{"service": "calc", "message": "sum"}'],
    [
      'a call without params',
      '{"service": "calc", "message": {"command": "sum"}}',
    ],
  ])('refuses a body of %s with 400', async (_what, body) => {
    const { status } = await send(backend.url, {
      headers: { 'X-Backend-Key': KEY },
      body,
    });
    expect(status).toBe(400);
  });

  it('tells that there is no such service with 404', async () => {
    for (const service of ['nobody', 'constructor', 'Calc', '', 'me']) {
      const { status } = await backend.call(1, { service });
      expect([service, status]).toEqual([service, 404]);
    }
  });

  it.each([
    ['none', {}],
    ['an odd one', { 'Content-Type': 'x' }],
    ['one of a form', { 'Content-Type': 'application/x-www-form-urlencoded' }],
    ['one with parts', { 'Content-Type': 'multipart/form-data; boundary=x' }],
    [
      'JSON in another charset',
      { 'Content-Type': 'application/json; charset=utf-16' },
    ],
  ])('takes a body whose content type is %s', async (_what, headers) => {
    expect((await backend.call(sum, { headers })).text).toBe(three);
  });

  it('ignores what the caller accepts, a query, and the case of header names', async () => {
    const { text } = await send(`${backend.url}?x=/zzz`, {
      headers: {
        'x-bAcKeNd-kEy': KEY,
        Accept: 'text/html',
        'Accept-Encoding': 'gzip',
      },
      body: JSON.stringify({ service: 'calc', message: sum }),
    });
    expect(text).toBe(three);
  });

  it('answers a call with its resolution only', async () => {
    const { text } = await backend.call({
      command: 'chatty',
      params: {},
      callId: 'x',
    });
    expect(text).toBe(
      '{"service":"calc","message":{"type":"response","callId":"x","data":"result <\\/script>"}}',
    );
    expect(
      backend.log.with('warn', 'Dropped a message of service "calc"'),
    ).toHaveLength(2);
  });

  it('answers errors of calls with 200', async () => {
    const failed = await backend.call({ command: 'fail', params: {} });
    expect([failed.status, JSON.parse(failed.text)]).toEqual([
      200,
      {
        service: 'calc',
        message: { type: 'error', callId: null, message: 'Internal error' },
      },
    ]);
    const unknown = await backend.call({
      command: 'nothing',
      params: {},
      callId: 0,
    });
    expect(JSON.parse(unknown.text)).toEqual({
      service: 'calc',
      message: { type: 'error', callId: 0, message: 'Unknown command' },
    });
  });

  it('answers a message to a raw service with the first that comes back', async () => {
    const { status, text } = await backend.call('ñ', { service: 'raw' });
    expect([status, JSON.parse(text)]).toEqual([
      200,
      { service: 'raw', message: { first: 'ñ' } },
    ]);
    expect(
      backend.log.with('warn', 'Dropped a message of service "raw"'),
    ).toHaveLength(1);
  });

  it('tells with 500 that a raw service failed', async () => {
    const { status, text } = await backend.call('failure', { service: 'raw' });
    expect(status).toBe(500);
    expect(text).not.toContain('secret');
  });

  it('is no place where clients connect', async () => {
    const registry = backend.app.get<ServiceRegistry>(
      getRegistryToken('backend'),
    );
    await backend.call(1, { service: 'raw' });
    expect(registry.clients().size).toBe(0);
    expect((registry.service('raw') as Raw).connections).toEqual([]);
  });

  it('keeps connections alive, whatever it answered', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    let connections = 0;
    agent.on('free', () => connections++);
    const sockets = new Set<unknown>();
    agent.on('free', (socket) => sockets.add(socket));
    await backend.call(sum, { agent });
    await backend.call(1, { service: 'nobody', agent });
    await send(backend.url, { agent, method: 'GET' });
    await send(backend.url, { agent, body: '{' });
    await backend.call(sum, { agent });
    agent.destroy();
    expect([sockets.size, connections]).toEqual([1, 5]);
  });

  it('answers requests that were sent together in their order', async () => {
    const body = JSON.stringify({
      service: 'calc',
      message: { command: 'wait', params: {} },
    });
    const head = (length: number, more = '') =>
      `POST /backend HTTP/1.1\r\nHost: x\r\nX-Backend-Key: ${KEY}\r\n` +
      `Content-Length: ${length}\r\n${more}\r\n`;
    const second = JSON.stringify({ service: 'calc', message: sum });
    const heard = speak(
      backend.port,
      head(body.length) +
        body +
        head(second.length, 'Connection: close\r\n') +
        second,
    );
    await backend.calc.arrived(1);
    backend.calc.waiting.pop()?.resolve('waited');
    const text = await heard;
    expect(text.match(/"data":[^}]*/g)).toEqual([
      '"data":"waited"',
      '"data":3',
    ]);
  });

  it('does not let requests of different connections wait for each other', async () => {
    const slow = backend.call({ command: 'wait', params: {} });
    await backend.calc.arrived(1);
    expect((await backend.call(sum)).text).toBe(three);
    backend.calc.waiting.pop()?.resolve(null);
    expect((await slow).status).toBe(200);
  });

  it('refuses a wrong key before the body has come', async () => {
    const heard = await speak(
      backend.port,
      'POST /backend HTTP/1.1\r\nHost: x\r\nX-Backend-Key: no\r\nContent-Length: 99\r\n\r\n',
      (text) => text.includes('\r\n\r\n'),
    );
    expect(heard).toMatch(/^HTTP\/1\.1 401 /);
  });

  it('lets a caller who asks go on', async () => {
    const body = JSON.stringify({ service: 'calc', message: sum });
    const heard = await speak(
      backend.port,
      `POST /backend HTTP/1.1\r\nHost: x\r\nX-Backend-Key: ${KEY}\r\n` +
        `Expect: 100-continue\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    expect(heard).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /);
    expect(heard).toContain(three);
  });

  it('survives callers who go away', async () => {
    const part = `POST /backend HTTP/1.1\r\nHost: x\r\nX-Backend-Key: ${KEY}\r\n`;
    const early = connect(backend.port, '127.0.0.1');
    early.end(`${part}Content-Length: 9\r\n\r\n{`);
    early.resume();
    await once(early, 'close');
    const body = JSON.stringify({
      service: 'calc',
      message: { command: 'wait', params: {} },
    });
    const tcp = connect(backend.port, '127.0.0.1');
    tcp.write(`${part}Content-Length: ${body.length}\r\n\r\n${body}`);
    await backend.calc.arrived(1);
    const dropped = (): number =>
      backend.log.with('warn', 'Dropped a message of service "calc"').length;
    const before = dropped();
    tcp.resetAndDestroy();
    // The reset is seen when a later request has been.
    expect((await backend.call(sum)).text).toBe(three);
    backend.calc.waiting.pop()?.resolve('for nobody');
    expect((await backend.call(sum)).text).toBe(three);
    expect(dropped()).toBe(before + 1);
  });

  it("leaves the host's routes to the host, and its prefix, guards and interceptors", async () => {
    const { http } = backend.host;
    const json = { 'Content-Type': 'application/json' };
    const neighbour = await send(`${http}/backend2`, { method: 'GET' });
    const posted = await send(`${http}/backend-ish`, {
      headers: json,
      body: '{"a":1}',
    });
    const guarded = await send(`${http}/guarded`, { method: 'GET' });
    const prefixed = await send(`${http}/api/backend`, {
      headers: { 'X-Backend-Key': KEY },
    });
    expect([neighbour.status, JSON.parse(neighbour.text)]).toEqual([
      200,
      { wrapped: 'neighbour' },
    ]);
    expect([posted.status, JSON.parse(posted.text)]).toEqual([
      201,
      { wrapped: { a: 1 } },
    ]);
    expect([guarded.status, prefixed.status]).toEqual([403, 404]);
  });

  it('tells where it listens', () => {
    const address = backend.app.get(BackendHost).address('backend');
    expect(address?.address).toBe(own ? '127.0.0.1' : undefined);
    expect(backend.app.get(BackendHost).address('frontend')).toBeUndefined();
    expect(backend.port === backend.host.port).toBe(!own);
  });

  if (own) {
    it('is on no other port, and nothing else is on its own', async () => {
      const { http } = backend.host;
      expect(
        (await send(`${http}/backend`, { headers: { 'X-Backend-Key': KEY } }))
          .status,
      ).toBe(404);
      const other = await send(`http://127.0.0.1:${backend.port}/backend2`, {
        method: 'GET',
      });
      expect(other.status).toBe(404);
    });
  }

  describe('with options', () => {
    it('takes each of several keys, as bytes', async () => {
      await using other = await start(platform, own, {
        key: ['old', 'clé ключ'],
      });
      const body = JSON.stringify({ service: 'calc', message: sum });
      const ask = async (key: Buffer): Promise<string | undefined> => {
        const heard = await speak(
          other.port,
          Buffer.concat([
            Buffer.from(
              'POST /backend HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Backend-Key: ',
            ),
            key,
            Buffer.from(`\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
          ]),
        );
        return /^HTTP\/1\.1 (\d+)/.exec(heard)?.[1];
      };
      expect(await ask(Buffer.from('old'))).toBe('200');
      expect(await ask(Buffer.from('clé ключ'))).toBe('200');
      expect(await ask(Buffer.from('clé', 'latin1'))).toBe('401');
      expect(await ask(Buffer.from(KEY))).toBe('401');
    });

    it('answers 504 when nothing has resolved in time, and drops what comes late', async () => {
      await using other = await start(platform, own, { timeout: 50 });
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const late = await other.call({ command: 'wait', params: {} }, { agent });
      expect(late.status).toBe(504);
      other.calc.waiting.pop()?.resolve('late');
      expect((await other.call(sum, { agent })).text).toBe(three);
      agent.destroy();
      expect(
        other.log.with('warn', 'Dropped a message of service "calc"'),
      ).toHaveLength(1);
      expect((await other.call({ command: 'never', params: {} })).status).toBe(
        504,
      );
      expect((await other.call('silence', { service: 'raw' })).status).toBe(
        504,
      );
    });

    it('waits as long as it takes with an endless timeout', async () => {
      await using other = await start(platform, own, { timeout: Infinity });
      const waiting = other.call({ command: 'wait', params: {} });
      await other.calc.arrived(1);
      setTimeout(() => other.calc.waiting.pop()?.resolve('done'), 20);
      expect((await waiting).text).toContain('"data":"done"');
    });

    it('takes bodies up to maxBody, announced or chunked', async () => {
      await using other = await start(platform, own, { maxBody: 1000 });
      const headers = { 'X-Backend-Key': KEY };
      const text = JSON.stringify({ service: 'raw', message: '' });
      const bodyOf = (length: number) =>
        `${text.slice(0, -2)}${'x'.repeat(length - text.length)}"}`;
      const fits = bodyOf(1000);
      const exceeds = bodyOf(1001);
      const chunks = (body: string) => [body.slice(0, 600), body.slice(600)];
      const statuses: number[] = [];
      for (const body of [fits, chunks(fits), exceeds, chunks(exceeds)]) {
        statuses.push((await send(other.url, { headers, body })).status);
      }
      expect(statuses).toEqual([200, 200, 413, 413]);
      expect((await other.call(sum)).text).toBe(three);
    });
  });
});

describe('The options of a backend', () => {
  const registries = { backend: { http: { path: '/backend' } } };

  @Injectable()
  class Settings {
    readonly key = 'from settings';
  }
  @Module({ providers: [Settings], exports: [Settings] })
  class SettingsModule {}

  @Injectable()
  class Options implements OptionsFactory<SnorkyLateOptions> {
    constructor(private readonly settings: Settings) {}

    create(): Promise<SnorkyLateOptions> {
      const { key } = this.settings;
      return Promise.resolve({ registries: { backend: { http: { key } } } });
    }
  }
  @Module({
    imports: [SettingsModule],
    providers: [Options],
    exports: [Options],
  })
  class OptionsModule {}

  it.each([
    [
      'useFactory',
      {
        imports: [SettingsModule],
        inject: [Settings],
        useFactory: ({ key }: Settings) =>
          Promise.resolve({ registries: { backend: { http: { key } } } }),
      },
    ],
    ['useClass', { imports: [SettingsModule], useClass: Options }],
    ['useExisting', { imports: [OptionsModule], useExisting: Options }],
  ])('come from %s', async (_how, options) => {
    await using app = await startApp({
      imports: [
        SnorkyModule.forRootAsync({ registries, ...options }),
        SnorkyModule.forFeature([{ service: Calc, name: 'calc' }]),
      ],
    });
    const body = JSON.stringify({ service: 'calc', message: sum });
    const ask = (key: string) =>
      send(`${app.http}/backend`, { headers: { 'X-Backend-Key': key }, body });
    expect((await ask('from settings')).text).toBe(three);
    expect((await ask(KEY)).status).toBe(401);
  });

  it('from a factory win over static ones, and add to them', async () => {
    await using app = await startApp({
      imports: [
        SnorkyModule.forRootAsync({
          registries: {
            backend: {
              http: { path: '/backend', key: 'static', maxBody: 100 },
            },
          },
          useFactory: () => ({
            registries: {
              backend: { http: { key: 'late', listen: { port: 0 } } },
            },
          }),
        }),
        SnorkyModule.forFeature([{ service: Calc, name: 'calc' }]),
      ],
    });
    const port = app.app.get(BackendHost).address('backend')?.port;
    const url = `http://127.0.0.1:${port}/backend`;
    const body = JSON.stringify({ service: 'calc', message: sum });
    const ask = (key: string, text: string) =>
      send(url, { headers: { 'X-Backend-Key': key }, body: text });
    expect((await ask('late', body)).text).toBe(three);
    expect((await ask('static', body)).status).toBe(401);
    expect((await ask('late', body.padEnd(101))).status).toBe(413);
  });

  it.each<[string, object, RegExp]>([
    ['no key', {}, /no key/],
    ['an empty key', { key: '' }, /no key/],
    ['an empty list of keys', { key: [] }, /no key/],
    ['an empty key among others', { key: ['a', ''] }, /at least one key/],
    [
      'a timeout that is no number',
      { key: 'k', timeout: NaN },
      /"timeout" must be a number/,
    ],
    [
      'a maxBody that is no number',
      { key: 'k', maxBody: '10mb' },
      /"maxBody" must be a number/,
    ],
    ['a trailing slash', { key: 'k', path: '/backend/' }, /is no path/],
    ['no slash', { key: 'k', path: 'backend' }, /is no path/],
    ['a query', { key: 'k', path: '/backend?x' }, /is no path/],
  ])(
    'with %s fail at start-up with a sentence',
    async (_what, http, sentence) => {
      const starting = startApp({
        imports: [
          SnorkyModule.forRoot({
            registries: { backend: { http: { path: '/backend', ...http } } },
          }),
        ],
      });
      await expect(starting).rejects.toThrow(sentence);
    },
  );

  it('with a path that is taken fail at start-up', async () => {
    const starting = startApp({
      imports: [
        SnorkyModule.forRoot({
          registries: {
            frontend: { websocket: { path: '/same' } },
            backend: { http: { path: '/same', key: 'k' } },
          },
        }),
      ],
    });
    await expect(starting).rejects.toThrow('The path "/same" is used twice');
  });

  it('with a port that is taken fail at start-up', async () => {
    await using first = await start('express', true);
    const starting = start('express', true, { listen: { port: first.port } });
    await expect(starting).rejects.toThrow('EADDRINUSE');
  });

  it('let it listen on another host', async () => {
    await using other = await start('express', true, {
      listen: { port: 0, host: '127.0.0.2' },
    });
    expect(other.app.get(BackendHost).address('backend')?.address).toBe(
      '127.0.0.2',
    );
  });
});
