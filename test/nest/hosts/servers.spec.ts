import { describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Injectable,
  Module,
  type INestApplication,
  type ModuleMetadata,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { WebSocketGateway } from '@nestjs/websockets';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import {
  connect as connectHttp2,
  createSecureServer,
  createServer as createHttp2,
  type Http2SecureServer,
} from 'node:http2';
import { createServer as createHttps, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer as createTls } from 'node:tls';
import {
  getRegistryToken,
  SnorkyGateway,
  SnorkyModule,
  SnorkyWsAdapter,
  WebSocketHost,
  type IdentifiesClient,
  type JsonValue,
  type ServiceRegistry,
  type UpgradableServer,
  type UpgradeRequest,
} from 'snorky';
import {
  startApp,
  type Platform,
  type RunningApp,
} from '../../support/servers/app.js';
import { selfSigned } from '../../support/servers/certificate.js';
import { RecordedLog } from '../../support/servers/log.js';
import { refusal, TestSocket } from '../../support/sockets/socket.js';
import { frontend, Me } from '../gateway/me.service.js';

const CERTIFICATE = selfSigned();
const ANY = { rejectUnauthorized: false };

@Controller()
class Pages {
  @Get('page')
  page(): string {
    return 'a page';
  }
}

const METADATA: ModuleMetadata = {
  imports: [
    SnorkyModule.forRoot({
      registries: {
        frontend: { websocket: { path: '/ws', open: true } },
        backend: { http: { path: '/backend', key: 'k' } },
      },
    }),
  ],
  providers: [Me],
  controllers: [Pages],
};

/** A server on a free port, closed at the end. */
interface Listening<S> extends AsyncDisposable {
  readonly server: S;
  readonly ws: string;
  readonly http: string;
}

async function listen<S extends UpgradableServer>(
  server: S,
): Promise<Listening<S>> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const secure = 'setSecureContext' in server ? 's' : '';
  return {
    server,
    ws: `ws${secure}://127.0.0.1:${port}`,
    http: `http${secure}://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
}

/** What answers requests as the application does. */
async function listenerOf(app: INestApplication): Promise<RequestListener> {
  const adapter = app.getHttpAdapter();
  if (adapter.getType() === 'express') {
    return adapter.getInstance() as RequestListener;
  }
  const fastify = adapter.getInstance() as {
    ready(): Promise<void>;
    routing: RequestListener;
  };
  await fastify.ready();
  return (req, res) => fastify.routing(req, res);
}

/** One more server of the application, attached. */
async function secondServer(
  { app }: RunningApp,
  make: (listener: RequestListener) => UpgradableServer,
): Promise<Listening<UpgradableServer>> {
  const server = make(await listenerOf(app));
  app.get(WebSocketHost).attach(server);
  return listen(server);
}

const https = (listener: RequestListener): UpgradableServer =>
  createHttps(CERTIFICATE, listener);

const http2 = (listener: RequestListener): Http2SecureServer =>
  createSecureServer(
    { ...CERTIFICATE, allowHTTP1: true },
    listener as unknown as Parameters<typeof createSecureServer>[1],
  );

function failureOf(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

function counters({ app }: Pick<RunningApp, 'app'>): Record<string, number> {
  const { connections, accepted, refused } =
    app.get<ServiceRegistry>(getRegistryToken()).counters;
  return { connections, accepted, refused };
}

/** A call to the backend over TLS and HTTP/1.1. */
async function callSecurely(url: string): Promise<[number, string]> {
  const sent = request(`${url}/backend`, {
    ...ANY,
    method: 'POST',
    headers: { 'X-Backend-Key': 'k' },
    agent: false,
  });
  sent.end(
    JSON.stringify({
      service: 'none',
      message: { command: 'a', params: {}, callId: 1 },
    }),
  );
  const [response] = (await once(sent, 'response')) as [
    AsyncIterable<Buffer> & { statusCode: number },
  ];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return [response.statusCode, text];
}

describe.each<Platform>(['express', 'fastify'])(
  'An application with more than one server, on %s',
  (platform) => {
    const start = (metadata = METADATA): Promise<RunningApp> =>
      startApp(metadata, undefined, platform);

    it.each([
      ['http', createServer],
      ['https', https],
      ['http2 with allowHTTP1', http2],
    ])('takes connections on one of %s', async (_what, make) => {
      await using app = await start();
      await using second = await secondServer(app, make);
      await using one = await TestSocket.connect(`${app.ws}/ws`);
      await using other = await TestSocket.connect(`${second.ws}/ws`, ANY);
      for (const socket of [one, other]) {
        expect(await socket.call('me', 'identity')).toMatchObject({
          data: null,
        });
      }
      expect(counters(app)).toMatchObject({ connections: 2, accepted: 2 });
      for (const path of ['/other', '/ws/', '/page']) {
        expect((await refusal(`${second.ws}${path}`, ANY)).status).toBe(404);
      }
    });

    it('has its routes and its mounted backend on all of them', async () => {
      await using app = await start();
      await using second = await secondServer(app, https);
      expect(await (await fetch(`${app.http}/page`)).text()).toBe('a page');
      expect(await callSecurely(second.http)).toEqual([
        404,
        expect.stringContaining('There is no such service'),
      ]);
    });

    it('knows on which one somebody has come', async () => {
      const seen: [string, boolean][] = [];
      @SnorkyGateway('several')
      class Gateway implements IdentifiesClient {
        identify({ protocol, secure }: UpgradeRequest): JsonValue {
          seen.push([protocol, secure]);
          return null;
        }
      }
      await using app = await start({
        imports: [
          SnorkyModule.forRoot({
            registries: { several: { websocket: { path: '/ws' } } },
          }),
        ],
        providers: [Gateway],
      });
      await using second = await secondServer(app, http2);
      await using _one = await TestSocket.connect(`${app.ws}/ws`);
      await using _other = await TestSocket.connect(`${second.ws}/ws`, ANY);
      expect(seen).toEqual([
        ['http', false],
        ['https', true],
      ]);
    });

    it('closes the connections of all with 1001, and lets their servers close', async () => {
      const app = await start();
      await using second = await secondServer(app, https);
      await using third = await secondServer(app, http2);
      const sockets = await Promise.all(
        [app, second, third].map(({ ws }) =>
          TestSocket.connect(`${ws}/ws`, ANY),
        ),
      );
      const begun = performance.now();
      await app.app.close();
      for (const socket of sockets) {
        expect(await socket.closed).toMatchObject({ code: 1001 });
      }
      // It is as it was found: routes answer, and nobody takes upgrades.
      for (const { server } of [second, third]) {
        expect(server.listenerCount('upgrade')).toBe(0);
        expect(Object.hasOwn(server, 'emit')).toBe(false);
        expect(server.listenerCount('close')).toBe(0);
        server.close();
        await once(server, 'close');
      }
      expect(performance.now() - begun).toBeLessThan(4000);
      expect(counters(app)).toMatchObject({ connections: 0 });
    });

    it('tells who comes during shutdown that it is closing, on all of them', async () => {
      const answers: number[] = [];
      let urls: string[] = [];
      @Injectable()
      class Late implements OnApplicationShutdown {
        async onApplicationShutdown(): Promise<void> {
          for (const url of urls)
            answers.push((await refusal(url, ANY)).status);
        }
      }
      const app = await start({ ...METADATA, providers: [Me, Late] });
      await using second = await secondServer(app, https);
      urls = [`${second.ws}/ws`];
      await app.app.close();
      expect(answers).toEqual([503]);
    });

    it('refuses what comes to one that it is not on, with a cause in the log', async () => {
      const log = new RecordedLog();
      await using app = await startApp(
        METADATA,
        (made) => made.useLogger(log),
        platform,
      );
      await using second = await listen(https(await listenerOf(app.app)));
      expect(
        await refusal(`${second.ws}/ws?ticket=hunter2`, ANY),
      ).toMatchObject({
        status: 421,
        message: 'This server takes no WebSocket connections',
        headers: { connection: 'close' },
      });
      const [line, ...more] = log.with('warn', 'app.get(WebSocketHost).attach');
      expect(line?.text).toContain('/ws');
      expect(line?.text).not.toContain('hunter2');
      expect(more).toEqual([]);
      expect(counters(app)).toMatchObject({ refused: 1 });
      // And the application's own server is not affected.
      await using _ = await TestSocket.connect(`${app.ws}/ws`);
    });
  },
);

describe('A server of an application', () => {
  it('may be attached before the application is there, as in the example of Nest', async () => {
    @Module(METADATA)
    class AppModule {}
    const app = await NestFactory.create(AppModule, { logger: false });
    app.useWebSocketAdapter(new SnorkyWsAdapter(app));
    const listener = app.getHttpAdapter().getInstance() as RequestListener;
    const host = app.get(WebSocketHost);
    await using plain = await listen(createServer(listener));
    host.attach(plain.server);
    const secureServer = createHttps(CERTIFICATE, listener);
    host.attach(secureServer);
    await app.init();
    await using secure = await listen(secureServer);
    // Nobody listens on the application's own.
    for (const { ws } of [plain, secure]) {
      await using socket = await TestSocket.connect(`${ws}/ws`, ANY);
      expect(await socket.call('me', 'identity')).toMatchObject({ data: null });
    }
    await app.close();
    expect(plain.server.listenerCount('upgrade')).toBe(0);
  });

  it('is let go by what attaching answers; its connections stay', async () => {
    await using app = await startApp(METADATA);
    await using second = await listen(createServer());
    const host = app.app.get(WebSocketHost);
    const letGo = host.attach(second.server);
    const letGoToo = host.attach(second.server);
    await using socket = await TestSocket.connect(`${second.ws}/ws`);
    // Letting go twice counts once, and another owner still holds the server.
    letGo();
    letGo();
    expect(second.server.listenerCount('upgrade')).toBe(1);
    letGoToo();
    expect(second.server.listenerCount('upgrade')).toBe(0);
    expect(await socket.call('me', 'identity')).toMatchObject({ data: null });
    socket.ws.close();
    await socket.closed;
    host.attach(second.server);
    await using _ = await TestSocket.connect(`${second.ws}/ws`);
  });

  it('is let go when it closes', async () => {
    await using app = await startApp(METADATA);
    const second = await listen(createServer());
    const letGo = app.app.get(WebSocketHost).attach(second.server);
    second.server.close();
    await once(second.server, 'close');
    expect(second.server.listenerCount('upgrade')).toBe(0);
    // A server may be attached again. An earlier owner cannot let go of it
    // then.
    await using again = await listen(second.server);
    app.app.get(WebSocketHost).attach(again.server);
    letGo();
    await using _ = await TestSocket.connect(`${again.ws}/ws`);
  });

  it('may be that of the application, which has them already', async () => {
    await using app = await startApp(METADATA);
    const own = app.app.getHttpServer() as Server;
    const listeners = own.listenerCount('upgrade');
    app.app.get(WebSocketHost).attach(own)();
    expect(own.listenerCount('upgrade')).toBe(listeners);
    await using socket = await TestSocket.connect(`${app.ws}/ws`);
    expect(socket.ws.readyState).toBe(socket.ws.OPEN);
  });

  it('may have listeners of others, and be wrapped by others', async () => {
    await using app = await startApp(METADATA);
    await using second = await listen(createServer());
    const seen: string[] = [];
    second.server.on('upgrade', ({ url }, socket) => {
      seen.push(url ?? '');
      socket.end('HTTP/1.1 418 Teapot\r\nConnection: close\r\n\r\n');
    });
    const letGo = app.app.get(WebSocketHost).attach(second.server);
    const { emit } = second.server;
    second.server.emit = function (this: Server, ...args: unknown[]): boolean {
      return Reflect.apply(emit, this, args) as boolean;
    } as typeof emit;
    expect((await refusal(`${second.ws}/other`)).status).toBe(418);
    await using _ = await TestSocket.connect(`${second.ws}/ws`);
    letGo();
    expect((await refusal(`${second.ws}/ws`)).status).toBe(418);
    expect(seen).toEqual(['/other', '/ws']);
  });

  it('may be shared by applications with different paths, and outlive them', async () => {
    const at = (path: string): ModuleMetadata => ({
      imports: [
        SnorkyModule.forRoot({
          registries: { frontend: { websocket: { path } } },
        }),
      ],
      providers: [Me],
    });
    await using second = await listen(createServer());
    const attach = ({ app }: RunningApp): (() => void) =>
      app.get(WebSocketHost).attach(second.server);
    await using one = await startApp(at('/one'));
    attach(one);
    {
      await using two = await startApp(at('/two'));
      attach(two);
      for (const path of ['/one', '/two']) {
        await using _ = await TestSocket.connect(`${second.ws}${path}`);
      }
      await using rival = await startApp(at('/two'));
      expect(failureOf(() => attach(rival))).toMatchObject({
        code: 'SNORKY_PATH_TAKEN',
      });
    }
    expect((await refusal(`${second.ws}/two`)).status).toBe(404);
    await using _one = await TestSocket.connect(`${second.ws}/one`);
    await using three = await startApp(at('/two'));
    attach(three);
    await using _two = await TestSocket.connect(`${second.ws}/two`);
  });

  it('is left as it was found when another one has the path taken', async () => {
    await using taker = await startApp(METADATA);
    await using taken = await listen(createServer());
    await using free = await listen(createServer());
    taker.app.get(WebSocketHost).attach(taken.server);
    const app = await NestFactory.create(
      class Root {
        static readonly made = Module(METADATA)(Root);
      },
      { logger: false },
    );
    app.useWebSocketAdapter(new SnorkyWsAdapter(app));
    const host = app.get(WebSocketHost);
    for (const { server } of [free, taken]) host.attach(server);
    await expect(app.init()).rejects.toMatchObject({
      code: 'SNORKY_PATH_TAKEN',
    });
    expect(free.server.listenerCount('upgrade')).toBe(0);
    expect(Object.hasOwn(free.server, 'emit')).toBe(false);
    await using _ = await TestSocket.connect(`${taken.ws}/ws`);
    await app.close();
  });

  it("may be another application's, beside its gateways", async () => {
    @WebSocketGateway({ path: '/plain' })
    class Plain {}
    const at = (path: string): ModuleMetadata => ({
      imports: [
        SnorkyModule.forRoot({
          registries: { frontend: { websocket: { path } } },
        }),
      ],
      providers: [Me, Plain],
    });
    await using one = await startApp(at('/one'));
    await using two = await startApp(at('/two'));
    const server = one.app.getHttpServer() as Server;
    two.app.get(WebSocketHost).attach(server);
    for (const path of ['/one', '/two', '/plain']) {
      await using _ = await TestSocket.connect(`${one.ws}${path}`);
    }
    await using plain = await startApp({
      imports: [
        SnorkyModule.forRoot({
          registries: { frontend: { websocket: { path: '/plain' } } },
        }),
      ],
    });
    expect(
      failureOf(() => plain.app.get(WebSocketHost).attach(server)),
    ).toMatchObject({ code: 'SNORKY_PATH_TAKEN' });
  });

  it.each<[string, unknown, string]>([
    ['the application', {}, 'an object of Object'],
    ['a listener of requests', () => {}, 'a function'],
    ['nothing', undefined, 'a undefined'],
    ['a bare object', Object.create(null), 'an object of no class'],
    ['a server of http2 that has no upgrades', createHttp2(), 'Http2Server'],
    [
      'one of http2 without allowHTTP1',
      createSecureServer(),
      'Http2SecureServer',
    ],
    ['a server of TLS alone', createTls(), 'an object of Server'],
  ])('is not %s', async (_what, given, sentence) => {
    await using app = await startApp(METADATA);
    const host = app.app.get(WebSocketHost);
    expect(failureOf(() => host.attach(given as Server))).toMatchObject({
      code: 'SNORKY_SERVER_INVALID',
      message: expect.stringContaining(sentence) as unknown,
    });
  });

  it('cannot be attached when the application has closed', async () => {
    const app = await startApp(METADATA);
    await app.app.close();
    await using second = await listen(createServer());
    expect(
      failureOf(() => app.app.get(WebSocketHost).attach(second.server)),
    ).toMatchObject({ code: 'SNORKY_SERVER_LATE' });
  });

  it('may serve an application without one of its own', async () => {
    const testing = await Test.createTestingModule({
      imports: [frontend()],
      providers: [Me],
    }).compile();
    const log = new RecordedLog();
    testing.useLogger(log);
    await testing.init();
    await using only = await listen(createServer());
    testing.get(WebSocketHost, { strict: false }).attach(only.server);
    await using _ = await TestSocket.connect(`${only.ws}/ws`);
    expect(log.with('log', 'open to everybody')).toHaveLength(1);
    await testing.close();
  });

  it('is not open to everybody by mistake where it is the only one', async () => {
    @SnorkyGateway('forgotten')
    class Forgotten {}
    const testing = await Test.createTestingModule({
      imports: [
        SnorkyModule.forRoot({
          registries: { forgotten: { websocket: { path: '/ws' } } },
        }),
      ],
    }).compile();
    await testing.init();
    const host = testing.get(WebSocketHost, { strict: false });
    expect(() => host.attach(createServer())).toThrow(Forgotten.name);
    await testing.close();
  });
});

describe("Fastify's own server", () => {
  it('may be one of http2 with allowHTTP1', async () => {
    await using app = await startApp(
      METADATA,
      undefined,
      new FastifyAdapter({
        http2: true,
        https: { ...CERTIFICATE, allowHTTP1: true },
      } as object),
    );
    const url = `https://127.0.0.1:${app.port}`;
    const wss = `wss://127.0.0.1:${app.port}`;
    await using socket = await TestSocket.connect(`${wss}/ws`, ANY);
    expect(await socket.call('me', 'identity')).toMatchObject({ data: null });
    expect((await refusal(`${wss}/other`, ANY)).status).toBe(404);
    expect(await callSecurely(url)).toEqual([
      404,
      expect.stringContaining('There is no such service'),
    ]);
    // HTTP/2 has routes, but no upgrades.
    const session = connectHttp2(url, ANY);
    const statusOf = async (path: string): Promise<unknown> => {
      const stream = session.request({ ':path': path });
      const [headers] = (await once(stream, 'response')) as [
        Record<string, unknown>,
      ];
      stream.resume();
      await once(stream, 'end');
      return headers[':status'];
    };
    expect(await statusOf('/page')).toBe(200);
    expect(await statusOf('/ws')).toBe(400);
    session.close();
  });
});
