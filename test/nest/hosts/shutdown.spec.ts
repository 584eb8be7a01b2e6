import { describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
  type Provider,
} from '@nestjs/common';
import { EventEmitter, once } from 'node:events';
import { Agent, type Server } from 'node:http';
import { connect, createServer } from 'node:net';
import {
  BackendHost,
  getRegistryToken,
  RpcCommand,
  SnorkyGateway,
  SnorkyModule,
  SnorkyService,
  type ListenOptions,
  type ServiceRegistry,
  type UpgradeRequest,
} from 'snorky';
import {
  startApp,
  type Platform,
  type RunningApp,
} from '../../support/servers/app.js';
import { deferred } from '../../support/waiting/deferred.js';
import { send } from '../../support/sockets/http.js';
import { RawWebSocket } from '../../support/sockets/raw-websocket.js';
import { refusal, TestSocket } from '../../support/sockets/socket.js';

/** Commands that take as long as a test wants. */
class Work {
  readonly gate = deferred<string>();
  private entered = deferred();

  /** Settles when a command runs. */
  get running(): Promise<void> {
    return this.entered.promise;
  }

  @RpcCommand()
  async slow(): Promise<string> {
    this.entered.resolve();
    return this.gate.promise;
  }

  @RpcCommand({ async: true })
  never(): void {
    this.entered.resolve();
  }

  @RpcCommand()
  quick(): string {
    return 'quick';
  }
}

@SnorkyService('work', { registry: 'frontend' })
class FrontWork extends Work {}

@SnorkyService('work', { registry: 'backend' })
class BackWork extends Work {}

@Controller()
class Pages {
  @Get('page')
  page(): string {
    return 'page';
  }
}

const SHORT = 150;
const KEY = 'swordfish';

interface Options {
  readonly platform?: Platform;
  readonly listen?: ListenOptions;
  readonly shutdownTimeout?: number;
  readonly providers?: Provider[];
}

async function start({
  platform = 'express',
  listen,
  shutdownTimeout,
  providers = [],
}: Options = {}): Promise<
  RunningApp & { url: string; front: FrontWork; back: BackWork }
> {
  const running = await startApp(
    {
      imports: [
        SnorkyModule.forRoot({
          registries: {
            frontend: { websocket: { path: '/ws' } },
            backend: {
              http: { path: '/backend', key: KEY, ...(listen && { listen }) },
            },
          },
          ...(shutdownTimeout === undefined ? {} : { shutdownTimeout }),
        }),
      ],
      controllers: [Pages],
      providers: [FrontWork, BackWork, ...providers],
    },
    undefined,
    platform,
  );
  const port =
    running.app.get(BackendHost).address('backend')?.port ?? running.port;
  return {
    ...running,
    url: `http://127.0.0.1:${port}/backend`,
    front: running.app.get(FrontWork),
    back: running.app.get(BackWork),
  };
}

const callOf = (command: string): string =>
  JSON.stringify({ service: 'work', message: { command, params: {} } });

const post = (url: string, command: string, agent?: Agent) =>
  send(url, {
    headers: { 'X-Backend-Key': KEY },
    body: callOf(command),
    ...(agent && { agent }),
  });

/** How long the application takes to close. */
async function timed(closing: Promise<unknown>): Promise<number> {
  const began = performance.now();
  await closing;
  return performance.now() - began;
}

/** Whether something can listen there, which means that nobody does. */
async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

const GOING_AWAY = { code: 1001, reason: '' };

describe.each<Platform>(['express', 'fastify'])(
  'Closing an application on %s',
  (platform) => {
    it('closes connections with 1001, tells the services, and frees the ports', async () => {
      const gone: string[] = [];
      @SnorkyService('watch', { registry: 'frontend' })
      class Watch {
        @RpcCommand()
        nothing(): void {}

        onClientDisconnected(): void {
          gone.push('client');
        }
      }

      const app = await start({
        platform,
        listen: { port: 0 },
        providers: [Watch],
      });
      const sockets = [
        await TestSocket.connect(`${app.ws}/ws`),
        await TestSocket.connect(`${app.ws}/ws`),
      ];
      expect(await timed(app.app.close())).toBeLessThan(1000);
      for (const socket of sockets)
        expect(await socket.closed).toEqual(GOING_AWAY);
      expect(gone).toEqual(['client', 'client']);
      const server = app.app.getHttpServer() as Server;
      expect(server.emit).toBe(EventEmitter.prototype.emit);
      expect(server.listenerCount('upgrade')).toBe(0);
      expect(await isFree(app.port)).toBe(true);
      expect(await isFree(Number(new URL(app.url).port))).toBe(true);
    });

    it('lets running commands finish, and their answers arrive', async () => {
      const app = await start({ platform });
      const socket = await TestSocket.connect(`${app.ws}/ws`);
      const answer = socket.call('work', 'slow');
      await app.front.running;
      const closing = app.app.close();
      setTimeout(() => app.front.gate.resolve('finished'), 30);
      expect(await answer).toMatchObject({
        type: 'response',
        data: 'finished',
      });
      expect(await socket.closed).toEqual(GOING_AWAY);
      await closing;
    });

    it('starts no more commands', async () => {
      const app = await start({ platform });
      const socket = await TestSocket.connect(`${app.ws}/ws`);
      const answer = socket.call('work', 'slow');
      await app.front.running;
      const closing = app.app.close();
      // Shutdown has begun when upgrades are refused.
      while (
        (await refusal(`${app.ws}/ws`).catch(() => undefined)) === undefined
      );
      socket.send('work', { command: 'quick', params: {}, callId: 'too late' });
      socket.ws.ping();
      await once(socket.ws, 'pong');
      app.front.gate.resolve('finished');
      expect(await answer).toMatchObject({ data: 'finished' });
      await socket.closed;
      await closing;
      expect(socket.unread).toEqual([]);
    });

    it('answers what it started, also of commands that waited for their turn', async () => {
      class Turn implements CanActivate {
        async canActivate(): Promise<boolean> {
          await app.front.gate.promise;
          return true;
        }
      }
      const started: string[] = [];
      @SnorkyService('turns', { registry: 'frontend' })
      class Turns {
        @RpcCommand()
        @UseGuards(Turn)
        async first(): Promise<string> {
          started.push('first');
          await Promise.resolve();
          return 'first';
        }

        @RpcCommand()
        @UseGuards(Turn)
        async second(): Promise<string> {
          started.push('second');
          await new Promise((resolve) => setTimeout(resolve, 20));
          return 'second';
        }
      }

      const app = await start({ platform, providers: [Turns] });
      const socket = await TestSocket.connect(`${app.ws}/ws`);
      socket.sendTogether([
        ['turns', { command: 'first', params: {} }],
        ['turns', { command: 'second', params: {} }],
      ]);
      const sync = await TestSocket.connect(`${app.ws}/ws`);
      await sync.call('work', 'quick');
      const closing = app.app.close();
      await refusal(`${app.ws}/ws`);
      app.front.gate.resolve('go');
      await socket.closed;
      await closing;
      const answered = socket.unread.map(
        (one) => (one as { message: { data: string } }).message.data,
      );
      expect(started.length).toBeGreaterThan(0);
      expect(started.filter((one) => !answered.includes(one))).toEqual([]);
    });

    it('is delayed by a command that never ends for shutdownTimeout at most', async () => {
      const app = await start({ platform, shutdownTimeout: SHORT });
      const socket = await TestSocket.connect(`${app.ws}/ws`);
      socket.call('work', 'slow').catch(() => {});
      await app.front.running;
      const took = await timed(app.app.close());
      expect(took).toBeGreaterThan(SHORT - 20);
      expect(took).toBeLessThan(SHORT * 3 + 500);
      expect(await socket.closed).toEqual(GOING_AWAY);
    });

    it('is not delayed by commands that are async', async () => {
      const app = await start({ platform });
      const socket = await TestSocket.connect(`${app.ws}/ws`);
      socket.call('work', 'never').catch(() => {});
      await app.front.running;
      expect(await timed(app.app.close())).toBeLessThan(1000);
      expect(await socket.closed).toEqual(GOING_AWAY);
    });

    it('is delayed by a client that does not answer the close for shutdownTimeout at most', async () => {
      const app = await start({ platform, shutdownTimeout: SHORT });
      await using raw = await RawWebSocket.open(`${app.ws}/ws`);
      const took = await timed(app.app.close());
      expect(took).toBeGreaterThan(SHORT - 20);
      expect(took).toBeLessThan(SHORT * 2 + 500);
      expect(await raw.close()).toEqual(GOING_AWAY);
      await raw.closed;
    });

    it('refuses upgrades with 503 from its beginning, those under way included', async () => {
      const entered = deferred();
      class Waits implements CanActivate {
        canActivate(context: ExecutionContext): boolean | Promise<boolean> {
          const { query } = context.switchToHttp().getRequest<UpgradeRequest>();
          if (query.quick !== undefined) return true;
          entered.resolve();
          return new Promise(() => {});
        }
      }
      @SnorkyGateway()
      @UseGuards(Waits)
      class Gateway {}

      const app = await start({ platform, providers: [Gateway] });
      const socket = await TestSocket.connect(`${app.ws}/ws?quick`);
      const answer = socket.call('work', 'slow');
      await app.front.running;
      const pending = refusal(`${app.ws}/ws`);
      await entered.promise;
      const closing = app.app.close();
      const refused = { status: 503, message: 'The server is shutting down' };
      expect(await pending).toMatchObject(refused);
      expect(await refusal(`${app.ws}/ws?quick`)).toMatchObject(refused);
      app.front.gate.resolve('finished');
      expect(await answer).toMatchObject({ data: 'finished' });
      await closing;
      const { counters } = app.app.get<ServiceRegistry>(
        getRegistryToken('frontend'),
      );
      expect(counters).toMatchObject({
        accepted: 1,
        refused: 2,
        connections: 0,
      });
    });

    describe.each<[string, ListenOptions | undefined]>([
      ['on its own port', { port: 0 }],
      ["on the host's server", undefined],
    ])('with a backend %s', (_where, listen) => {
      const options = { platform, ...(listen && { listen }) };

      it('has a request in flight answered', async () => {
        const app = await start(options);
        const agent = new Agent({ keepAlive: true });
        const answer = post(app.url, 'slow', agent);
        await app.back.running;
        const closing = timed(app.app.close());
        setTimeout(() => app.back.gate.resolve('finished'), 30);
        const { status, text } = await answer;
        expect([status, JSON.parse(text)]).toEqual([
          200,
          { service: 'work', message: { type: 'response', data: 'finished' } },
        ]);
        expect(await closing).toBeLessThan(1000);
        agent.destroy();
      });

      it('is not held by connections that are kept alive', async () => {
        const app = await start(options);
        const agent = new Agent({ keepAlive: true });
        await post(app.url, 'quick', agent);
        await send(`${app.http}/page`, { method: 'GET', agent });
        expect(await timed(app.app.close())).toBeLessThan(1000);
        agent.destroy();
      });

      it('is not held by a connection kept alive for a request during shutdown', async () => {
        const app = await start(options);
        const agent = new Agent({ keepAlive: true, maxSockets: 1 });
        await post(app.url, 'quick', agent);
        const socket = await TestSocket.connect(`${app.ws}/ws`);
        const working = socket.call('work', 'slow');
        await app.front.running;
        const closing = timed(app.app.close());
        await refusal(`${app.ws}/ws`);
        await post(app.url, 'quick', agent).catch(() => undefined);
        app.front.gate.resolve('finished');
        await working;
        expect(await closing).toBeLessThan(1000);
        agent.destroy();
      });

      if (listen === undefined) {
        it('keeps no connection alive while it waits for calls', async () => {
          const app = await start({ ...options, shutdownTimeout: 1000 });
          const never = post(app.url, 'never');
          await app.back.running;
          const agent = new Agent({ keepAlive: true });
          const closing = app.app.close();
          while (
            (await post(app.url, 'quick', agent)).headers.connection !== 'close'
          );
          expect((await never).status).toBe(503);
          await closing;
          agent.destroy();
        });
      }

      it.each(['slow', 'never'])(
        'is delayed by a call of %s that never resolves for shutdownTimeout at most',
        async (command) => {
          const app = await start({ ...options, shutdownTimeout: SHORT });
          const answer = post(app.url, command);
          await app.back.running;
          expect(await timed(app.app.close())).toBeLessThan(SHORT * 3 + 500);
          expect(await answer).toMatchObject({
            status: 503,
            text: '{"statusCode":503,"message":"The server is shutting down"}',
          });
          app.back.gate.resolve('for nobody');
        },
      );

      it('is delayed by a body that never ends for shutdownTimeout at most', async () => {
        const app = await start({ ...options, shutdownTimeout: SHORT });
        const tcp = connect(Number(new URL(app.url).port), '127.0.0.1');
        tcp.on('error', () => {});
        tcp.write(
          `POST /backend HTTP/1.1\r\nHost: x\r\nX-Backend-Key: ${KEY}\r\nContent-Length: 99\r\n\r\n{`,
        );
        // The server has taken the connection when it answers another one.
        await post(app.url, 'quick');
        expect(await timed(app.app.close())).toBeLessThan(SHORT * 3 + 500);
        tcp.destroy();
      });
    });
  },
);
