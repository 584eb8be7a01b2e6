import { describe, expect, it } from '@jest/globals';
import {
  UseGuards,
  type CanActivate,
  type ExecutionContext,
  type Provider,
} from '@nestjs/common';
import { connect, type Socket } from 'node:net';
import {
  getRegistryToken,
  SnorkyGateway,
  type IdentifiesClient,
  type Identification,
  type ServiceRegistry,
  type UpgradeRequest,
  type WebSocketEndpointOptions,
} from 'snorky';
import {
  startApp,
  type Platform,
  type RunningApp,
} from '../../support/servers/app.js';
import { deferred } from '../../support/waiting/deferred.js';
import { RecordedLog } from '../../support/servers/log.js';
import {
  encodeFrame,
  Opcode,
  RawWebSocket,
} from '../../support/sockets/raw-websocket.js';
import { refusal, TestSocket } from '../../support/sockets/socket.js';
import { frontend, Me } from './me.service.js';

const registryOf = ({ app }: RunningApp): ServiceRegistry =>
  app.get<ServiceRegistry>(getRegistryToken());

describe.each<Platform>(['express', 'fastify'])(
  'A gateway on %s',
  (platform) => {
    function start(
      providers: Provider[],
      options: Omit<WebSocketEndpointOptions, 'path'> = {},
      log?: RecordedLog,
    ): Promise<RunningApp> {
      return startApp(
        { imports: [frontend(options)], providers: [Me, ...providers] },
        (app) => {
          if (log !== undefined) app.useLogger(log);
        },
        platform,
      );
    }

    function identifies(
      identify: (request: UpgradeRequest) => unknown,
    ): Provider {
      @SnorkyGateway()
      class Gateway implements IdentifiesClient {
        identify(request: UpgradeRequest): Identification {
          return identify(request) as Identification;
        }
      }
      return Gateway;
    }

    it.each([
      ['a text', 'ann', 'ann'],
      ['zero', 0, 0],
      ['an empty text', '', ''],
      ['false', false, false],
      ['an object', { id: 1, roles: ['a'] }, { id: 1, roles: ['a'] }],
      ['null', null, null],
      ['nothing', undefined, null],
      ['a promise', Promise.resolve(['x']), ['x']],
      [
        'a lasting identity',
        { identity: 'ann', expiresAt: Date.now() + 3e12 },
        'ann',
      ],
    ])(
      'gives the client %s as its identity',
      async (_what, answer, identity) => {
        await using app = await start([identifies(() => answer)]);
        await using socket = await TestSocket.connect(`${app.ws}/ws`);
        expect(await socket.call('me', 'identity')).toMatchObject({
          data: identity,
        });
        const known = registryOf(app).clientsOf(identity);
        expect(known.size).toBe(identity === null ? 0 : 1);
      },
    );

    it("a gateway's `identify` as an arrow property is called", async () => {
      @SnorkyGateway()
      class Gateway implements IdentifiesClient {
        private readonly prefix = 'user:';
        readonly identify = ({ query }: UpgradeRequest): Identification =>
          `${this.prefix}${String(query['name'])}`;
      }
      await using app = await start([Gateway]);
      await using socket = await TestSocket.connect(`${app.ws}/ws?name=ann`);
      expect(await socket.call('me', 'identity')).toMatchObject({
        data: 'user:ann',
      });
    });

    it.each<[what: string, answer: () => unknown, problem: string]>([
      [
        'an identity that JSON cannot express',
        () => ({ id: 1n }),
        'JSON cannot express identity.id: it is a bigint',
      ],
      [
        'an identity of which nothing would be left',
        () => new (class Id {})(),
        'JSON cannot express identity: it is a Id without members',
      ],
      ...['tomorrow', '4102444800000', NaN, new Date(NaN), null, undefined].map(
        (expiresAt): [string, () => unknown, string] => [
          `an end that is no time (${String(expiresAt)})`,
          () => ({ identity: 'ann', expiresAt }),
          'neither a valid Date nor a number',
        ],
      ),
    ])(
      'refuses the connection with 500, and says why in the log: %s',
      async (_what, answer, problem) => {
        const log = new RecordedLog();
        await using app = await start([identifies(answer)], {}, log);
        const refused = await refusal(`${app.ws}/ws`);
        expect(refused).toMatchObject({
          status: 500,
          message: 'Internal Server Error',
        });
        expect(
          log.lines.some(({ stack }) => stack?.includes(problem) ?? false),
        ).toBe(true);
        expect(registryOf(app).clients().size).toBe(0);
      },
    );

    it.each([
      ['a Date', () => new Date(Date.now() + 60)],
      ['milliseconds', () => Date.now() + 60],
      ['a Date that has passed', () => new Date(0)],
    ])(
      'has the client closed with 4100 when the identity expires, given %s',
      async (_what, time) => {
        await using app = await start([
          identifies(() => ({ identity: 'ann', expiresAt: time() })),
        ]);
        await using socket = await TestSocket.connect(`${app.ws}/ws`);
        expect(await socket.closed).toEqual({
          code: 4100,
          reason: 'Identity expired',
        });
        await app.app.get(Me).left(1);
        expect(registryOf(app).counters).toMatchObject({
          closedExpired: 1,
          connections: 0,
        });
        expect(registryOf(app).clientsOf('ann').size).toBe(0);
      },
    );

    it('forgets the expiry of a client that has left', async () => {
      await using app = await start([
        identifies(() => ({ identity: 'ann', expiresAt: Date.now() + 400 })),
      ]);
      await using stays = await TestSocket.connect(`${app.ws}/ws`);
      const leaves = await TestSocket.connect(`${app.ws}/ws`);
      leaves.ws.terminate();
      await app.app.get(Me).left(1);
      expect((await stays.closed).code).toBe(4100);
      await app.app.get(Me).left(2);
      expect(registryOf(app).counters.closedExpired).toBe(1);
    });

    it.each([
      ['a bigint', 10n],
      [
        'a cycle',
        (() => {
          const self: Record<string, unknown> = {};
          self.self = self;
          return self;
        })(),
      ],
    ])(
      'that answers %s, which is no identity, has the upgrade refused',
      async (_what, answer) => {
        await using app = await start([identifies(() => answer)]);
        expect(await refusal(`${app.ws}/ws`)).toMatchObject({
          status: 500,
          message: 'Internal Server Error',
        });
        expect(registryOf(app).clients().size).toBe(0);
        expect(registryOf(app).counters).toMatchObject({
          refused: 1,
          failures: 1,
        });
      },
    );

    it('has what was sent with the handshake answered once it is accepted', async () => {
      const gate = deferred();
      await using app = await start([
        identifies(async () => {
          await gate.promise;
          return 'ann';
        }),
      ]);
      const call = {
        service: 'me',
        message: { command: 'identity', params: {} },
      };
      const opening = RawWebSocket.open(`${app.ws}/ws`, {
        early: encodeFrame(Opcode.text, JSON.stringify(call)),
      });
      setImmediate(gate.resolve);
      await using raw = await opening;
      expect(await raw.message()).toEqual({ type: 'response', data: 'ann' });
    });

    describe('whose guard takes its time', () => {
      /** Lets the test decide when, and see whom, the guard has before it. */
      function waitingGuard() {
        const entered = deferred<Socket>();
        const decision = deferred<boolean>();
        class Waiting implements CanActivate {
          canActivate(context: ExecutionContext): Promise<boolean> {
            const request = context.switchToHttp().getRequest<UpgradeRequest>();
            if (request.query.quick !== undefined) return Promise.resolve(true);
            entered.resolve(request.socket);
            return decision.promise;
          }
        }
        @SnorkyGateway()
        @UseGuards(Waiting)
        class Gateway {}
        return { Gateway, entered, decision };
      }

      it.each([
        ['accepts', true],
        ['refuses', false],
      ])(
        'survives a client that resets before it %s',
        async (_what, accepts) => {
          const { Gateway, entered, decision } = waitingGuard();
          await using app = await start([Gateway]);
          const tcp = connect(app.port, '127.0.0.1');
          tcp.write(
            'GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
              'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
          );
          const serverSide = await entered.promise;
          const closed = new Promise((resolve) =>
            serverSide.once('close', resolve),
          );
          tcp.resetAndDestroy();
          await closed;
          decision.resolve(accepts);
          await using next = await TestSocket.connect(`${app.ws}/ws?quick`);
          expect(await next.call('me', 'identity')).toMatchObject({
            data: null,
          });
          expect(registryOf(app).counters).toMatchObject({
            accepted: 1,
            connections: 1,
          });
        },
      );

      it('gives up after handshakeTimeout with 503', async () => {
        const { Gateway, decision } = waitingGuard();
        await using app = await start([Gateway], { handshakeTimeout: 50 });
        expect(await refusal(`${app.ws}/ws`)).toMatchObject({
          status: 503,
          message: 'The handshake timed out',
        });
        decision.resolve(true);
        await using next = await TestSocket.connect(`${app.ws}/ws?quick`);
        expect(await next.call('me', 'identity')).toMatchObject({ data: null });
        expect(registryOf(app).counters).toMatchObject({
          accepted: 1,
          refused: 1,
        });
      });

      it('waits as long as it takes with an endless handshakeTimeout', async () => {
        const { Gateway, entered, decision } = waitingGuard();
        await using app = await start([Gateway], {
          handshakeTimeout: Infinity,
        });
        const opening = TestSocket.connect(`${app.ws}/ws`);
        await entered.promise;
        setTimeout(() => decision.resolve(true), 20);
        await using socket = await opening;
        expect(await socket.call('me', 'identity')).toMatchObject({
          data: null,
        });
      });

      it('counts among the connections that maxConnections allows', async () => {
        const { Gateway, entered, decision } = waitingGuard();
        await using app = await start([Gateway], { maxConnections: 2 });
        await using open = await TestSocket.connect(`${app.ws}/ws?quick`);
        const opening = TestSocket.connect(`${app.ws}/ws`);
        await entered.promise;
        expect(await refusal(`${app.ws}/ws?quick`)).toMatchObject({
          status: 503,
          message: 'Too many connections',
        });
        decision.resolve(true);
        await using second = await opening;
        open.ws.close();
        await open.closed;
        await using third = await TestSocket.connect(`${app.ws}/ws?quick`);
        expect([second.unread, third.unread]).toEqual([[], []]);
      });
    });
  },
);
