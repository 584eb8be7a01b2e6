import { describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  type INestApplication,
  type ModuleMetadata,
} from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { Test } from '@nestjs/testing';
import {
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets';
import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { io, type Socket } from 'socket.io-client';
import { WebSocket } from 'ws';
import {
  getRegistryToken,
  RpcCommand,
  SnorkyGateway,
  SnorkyModule,
  SnorkyService,
  SnorkySetupError,
  SnorkyWsAdapter,
  type IdentifiesClient,
  type JsonValue,
  type ServiceRegistry,
} from 'snorky';
import {
  startApp,
  type Platform,
  type RunningApp,
} from '../../support/servers/app.js';
import { refusal, TestSocket } from '../../support/sockets/socket.js';
import { frontend, Me } from '../gateway/me.service.js';

@WebSocketGateway({ path: '/plain' })
class PlainGateway {
  @SubscribeMessage('shout')
  shout(@MessageBody() text: string): { event: string; data: string } {
    return { event: 'shouted', data: text.toUpperCase() };
  }
}

@WebSocketGateway()
class DefaultGateway {
  @SubscribeMessage('shout')
  shout(@MessageBody() text: string): string {
    return text.toUpperCase();
  }
}

@WebSocketGateway({ namespace: 'admin' })
class NamespaceGateway {
  @SubscribeMessage('whisper')
  whisper(@MessageBody() text: string): string {
    return text.toLowerCase();
  }
}

@WebSocketGateway({ path: '/realtime', namespace: 'games' })
class CustomPathGateway {
  @SubscribeMessage('echo')
  echo(@MessageBody() text: string): string {
    return text;
  }
}

@Controller()
class Pages {
  @Get()
  home(): string {
    return 'home';
  }

  @Get('ws2')
  neighbour(): string {
    return 'neighbour';
  }
}

/** Says something to a gateway over the protocol of Nest's `ws` adapter. */
async function shout(
  app: RunningApp,
  path: string,
  text: string,
): Promise<unknown> {
  const ws = new WebSocket(`${app.ws}${path}`);
  await once(ws, 'open');
  ws.send(JSON.stringify({ event: 'shout', data: text }));
  const [data] = (await once(ws, 'message')) as [Buffer];
  ws.terminate();
  return JSON.parse(data.toString());
}

/** Says something over Socket.IO, and gives the acknowledgement. */
async function emit(
  url: string,
  event: string,
  text: string,
  options: { transports: string[]; path?: string },
): Promise<unknown> {
  const socket: Socket = io(url, {
    ...options,
    forceNew: true,
    reconnection: false,
  });
  try {
    return (await socket.timeout(3000).emitWithAck(event, text)) as unknown;
  } finally {
    socket.disconnect();
  }
}

const useIo = (app: INestApplication): void => {
  app.useWebSocketAdapter(new SnorkyWsAdapter(app, new IoAdapter(app)));
};

/** Answers upgrades of its own path, and leaves all others alone. */
function graphql(
  seen: string[],
): (request: IncomingMessage, socket: Duplex) => void {
  return (request, socket) => {
    seen.push(request.url ?? '');
    if (request.url === '/graphql')
      socket.end('HTTP/1.1 418 Teapot\r\nConnection: close\r\n\r\n');
  };
}

describe.each<Platform>(['express', 'fastify'])(
  'SnorkyWsAdapter on %s',
  (platform) => {
    const start = (
      metadata: ModuleMetadata,
      prepare?: (app: INestApplication) => void,
    ) => startApp(metadata, prepare, platform);

    it('serves gateways over ws beside ours', async () => {
      await using app = await start({
        imports: [frontend()],
        providers: [Me, PlainGateway],
      });
      await using socket = await TestSocket.connect(`${app.ws}/ws`);
      expect(await shout(app, '/plain', 'hey')).toEqual({
        event: 'shouted',
        data: 'HEY',
      });
      expect(await socket.call('me', 'identity')).toMatchObject({ data: null });
    });

    it('serves gateways over Socket.IO beside ours', async () => {
      await using app = await start(
        {
          imports: [frontend()],
          providers: [Me, DefaultGateway, NamespaceGateway, CustomPathGateway],
        },
        useIo,
      );
      await using socket = await TestSocket.connect(`${app.ws}/ws`);
      for (const transports of [
        ['websocket'],
        ['polling'],
        ['polling', 'websocket'],
      ]) {
        expect(await emit(app.http, 'shout', 'Hey', { transports })).toBe(
          'HEY',
        );
        expect(
          await emit(`${app.http}/admin`, 'whisper', 'Hey', { transports }),
        ).toBe('hey');
        const path = '/realtime';
        expect(
          await emit(`${app.http}/games`, 'echo', 'Hey', { transports, path }),
        ).toBe('Hey');
      }
      expect(await socket.call('me', 'identity')).toMatchObject({ data: null });
    });

    it('leaves other libraries their upgrades', async () => {
      const seen: string[] = [];
      await using app = await start(
        { imports: [frontend()], providers: [Me, PlainGateway] },
        (host) => (host.getHttpServer() as Server).on('upgrade', graphql(seen)),
      );
      expect((await refusal(`${app.ws}/graphql`)).status).toBe(418);
      await using socket = await TestSocket.connect(`${app.ws}/ws`);
      expect(await shout(app, '/plain', 'hey')).toMatchObject({ data: 'HEY' });
      expect(await socket.call('me', 'identity')).toMatchObject({ data: null });
      // Neither ours nor the adapter's reached it.
      expect(seen).toEqual(['/graphql']);
    });

    it('leaves other libraries their upgrades beside Socket.IO', async () => {
      const seen: string[] = [];
      await using app = await start(
        { imports: [frontend()], providers: [Me, DefaultGateway] },
        (host) => {
          useIo(host);
          (host.getHttpServer() as Server).on('upgrade', graphql(seen));
        },
      );
      expect((await refusal(`${app.ws}/graphql`)).status).toBe(418);
      expect(
        await emit(app.http, 'shout', 'hey', { transports: ['websocket'] }),
      ).toBe('HEY');
      expect(seen).toEqual(['/graphql']);
    });

    it.each([
      ['ws', PlainGateway, undefined],
      ['Socket.IO', DefaultGateway, useIo],
      ['nothing else', Pages, undefined],
    ])(
      'answers upgrades of unknown paths with 404 at once, beside %s',
      async (_what, provider, prepare) => {
        await using app = await start(
          { imports: [frontend()], providers: [Me, provider] },
          prepare,
        );
        const began = performance.now();
        for (const path of [
          '/nothing',
          '/',
          '/ws/',
          '/WS',
          '/ws/x',
          '//ws',
          '/wsx',
          '/plain/',
        ]) {
          expect([path, (await refusal(`${app.ws}${path}`)).status]).toEqual([
            path,
            404,
          ]);
        }
        expect(performance.now() - began).toBeLessThan(900);
        await using socket = await TestSocket.connect(`${app.ws}/ws?x=/ws/`);
        expect(await socket.call('me', 'identity')).toMatchObject({
          data: null,
        });
      },
    );

    it('takes several paths and several registries', async () => {
      @SnorkyService('where', { registry: 'admin' })
      class AdminWhere {
        @RpcCommand()
        am(): string {
          return 'admin';
        }
      }
      @SnorkyService('where', { registry: 'frontend' })
      class FrontendWhere {
        @RpcCommand()
        am(): string {
          return 'frontend';
        }
      }
      @SnorkyGateway('admin')
      class AdminGateway implements IdentifiesClient {
        identify(): JsonValue {
          return 'root';
        }
      }

      await using app = await start({
        imports: [
          SnorkyModule.forRoot({
            registries: {
              frontend: {
                websocket: [
                  { path: '/ws' },
                  { path: '/ws/quiet', maxConnections: 1 },
                ],
              },
              admin: { websocket: { path: '/plain/admin' } },
              silent: {},
            },
          }),
        ],
        providers: [AdminWhere, FrontendWhere, AdminGateway, PlainGateway],
      });
      await using first = await TestSocket.connect(`${app.ws}/ws`);
      await using second = await TestSocket.connect(`${app.ws}/ws/quiet`);
      await using third = await TestSocket.connect(`${app.ws}/plain/admin`);
      expect(await first.call('where', 'am')).toMatchObject({
        data: 'frontend',
      });
      expect(await second.call('where', 'am')).toMatchObject({
        data: 'frontend',
      });
      expect(await third.call('where', 'am')).toMatchObject({ data: 'admin' });
      expect((await refusal(`${app.ws}/ws/quiet`)).status).toBe(503);
      expect(await shout(app, '/plain', 'hey')).toMatchObject({ data: 'HEY' });
      const clients = (name: string) =>
        [...app.app.get<ServiceRegistry>(getRegistryToken(name)).clients()].map(
          ({ identity }) => identity,
        );
      expect(clients('frontend')).toEqual([null, null]);
      expect(clients('admin')).toEqual(['root']);
    });

    it('tells plain requests that the path takes WebSocket connections only', async () => {
      await using app = await start({
        imports: [frontend()],
        providers: [Me],
        controllers: [Pages],
      });
      const get = await fetch(`${app.http}/ws?x=1`);
      expect([get.status, await get.text()]).toEqual([
        400,
        'This path takes WebSocket connections only.\n',
      ]);
      for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
        const answer = await fetch(`${app.http}/ws`, { method });
        expect([method, answer.status, answer.headers.get('allow')]).toEqual([
          method,
          405,
          'GET',
        ]);
      }
      expect((await fetch(`${app.http}/ws/`)).status).toBe(404);
      expect(await (await fetch(`${app.http}/ws2`)).text()).toBe('neighbour');
    });

    it('lets a page and an endpoint share the path "/"', async () => {
      await using app = await start({
        imports: [
          SnorkyModule.forRoot({
            registries: { frontend: { websocket: { path: '/' } } },
          }),
        ],
        providers: [Me],
        controllers: [Pages],
      });
      await using socket = await TestSocket.connect(`${app.ws}/?x`);
      expect(await socket.call('me', 'identity')).toMatchObject({ data: null });
      expect(await (await fetch(app.http)).text()).toBe('home');
    });

    it.each([
      ['listen', (app: INestApplication) => app.listen(0, '127.0.0.1')],
      ['init', (app: INestApplication) => app.init()],
    ])(
      'cannot be forgotten: %s fails with the line to add',
      async (_what, begin) => {
        const testing = await Test.createTestingModule({
          imports: [frontend()],
          providers: [Me, PlainGateway],
        }).compile();
        const app: INestApplication =
          platform === 'fastify'
            ? testing.createNestApplication(new FastifyAdapter(), {
                logger: false,
              })
            : testing.createNestApplication({ logger: false });
        const failure = await Promise.resolve(begin(app)).then(
          () => undefined,
          (error: unknown) => error,
        );
        expect(failure).toBeInstanceOf(SnorkySetupError);
        expect(failure).toMatchObject({ code: 'SNORKY_ADAPTER_MISSING' });
        expect((failure as Error).message).toContain(
          'app.useWebSocketAdapter(new SnorkyWsAdapter(app));',
        );
        expect((app.getHttpServer() as Server).listening).toBe(false);
        await app.close();
      },
    );

    it('is not needed by an application without endpoints', async () => {
      const registries = { backend: { http: { path: '/backend', key: 'k' } } };
      const testing = await Test.createTestingModule({
        imports: [SnorkyModule.forRoot({ registries })],
      }).compile();
      const app: INestApplication =
        platform === 'fastify'
          ? testing.createNestApplication(new FastifyAdapter(), {
              logger: false,
            })
          : testing.createNestApplication({ logger: false });
      await app.listen(0, '127.0.0.1');
      expect((app.getHttpServer() as Server).listening).toBe(true);
      await app.close();
    });

    it('shares nothing between two applications of one process', async () => {
      await using one = await start({ imports: [frontend()], providers: [Me] });
      await using two = await start({ imports: [frontend()], providers: [Me] });
      await using socket = await TestSocket.connect(`${one.ws}/ws`);
      await socket.call('me', 'identity');
      const count = ({ app }: RunningApp) =>
        app.get<ServiceRegistry>(getRegistryToken()).clients().size;
      expect([count(one), count(two)]).toEqual([1, 0]);
    });

    it('answers requests that offer an upgrade to something else as if they did not', async () => {
      await using app = await start({
        imports: [
          SnorkyModule.forRoot({
            registries: {
              frontend: { websocket: { path: '/ws' } },
              backend: { http: { path: '/backend', key: 'k' } },
            },
          }),
        ],
        providers: [Me, PlainGateway],
        controllers: [Pages],
      });
      const tcp = connect(app.port, '127.0.0.1');
      let heard = '';
      tcp.on('data', (chunk: Buffer) => (heard += String(chunk)));
      const offer =
        'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n';
      const body = JSON.stringify({ service: 'nobody', message: 1 });
      tcp.write(
        `POST /backend HTTP/1.1\r\nHost: x\r\n${offer}X-Backend-Key: k\r\n` +
          `Content-Length: ${body.length}\r\n\r\n${body.slice(0, 10)}`,
      );
      setImmediate(() => tcp.write(body.slice(10)));
      while (!heard.includes('There is no such service'))
        await once(tcp, 'data');
      tcp.write(`GET /ws2 HTTP/1.1\r\nHost: x\r\n${offer}\r\n`);
      while (!heard.includes('neighbour')) await once(tcp, 'data');
      tcp.write('GET /ws HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      await once(tcp, 'close');
      const answers = heard.match(/HTTP\/1\.1 \d+/g);
      expect(answers).toEqual(['HTTP/1.1 404', 'HTTP/1.1 200', 'HTTP/1.1 400']);
      await using socket = await TestSocket.connect(`${app.ws}/ws`);
      expect(await socket.call('me', 'identity')).toMatchObject({ data: null });
    });
  },
);
