import { describe, expect, it } from '@jest/globals';
import { Injectable, Module, type ModuleMetadata } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  getRegistryToken,
  SnorkyGateway,
  SnorkyModule,
  SnorkySetupError,
  type IdentifiesClient,
  type JsonValue,
  type RegistryOptions,
  type ServiceRegistry,
  type SnorkyLateOptions,
} from 'snorky';
import { startApp } from '../../support/servers/app.js';
import { refusal, TestSocket } from '../../support/sockets/socket.js';
import { Me } from '../gateway/me.service.js';

@Injectable()
class Limits {
  readonly connections = 1;
}
@Module({ providers: [Limits], exports: [Limits] })
class LimitsModule {}

const twoPaths = {
  frontend: {
    websocket: [{ path: '/one', maxConnections: 7 }, { path: '/two' }],
  },
};

describe('Options of WebSocket endpoints', () => {
  it('come from a factory too, and go for all endpoints of the registry', async () => {
    await using app = await startApp({
      imports: [
        SnorkyModule.forRootAsync({
          registries: twoPaths,
          imports: [LimitsModule],
          inject: [Limits],
          useFactory: ({ connections }: Limits) => ({
            registries: {
              frontend: {
                websocket: {
                  maxConnections: connections,
                  origins: ['https://a.example'],
                  middleware: [
                    (request, response, next) => {
                      response.setHeader('X-Seen', String(request.url));
                      next(request.headers.fail && new Error('on purpose'));
                    },
                  ],
                },
              },
            },
          }),
        }),
      ],
      providers: [Me],
    });
    for (const path of ['/one', '/two']) {
      const from = (origin: string, headers = {}) => ({
        headers: { origin, ...headers },
      });
      const elsewhere = await refusal(
        `${app.ws}${path}`,
        from('https://b.example'),
      );
      expect([elsewhere.status, elsewhere.message]).toEqual([
        403,
        'Origin not allowed',
      ]);
      const failing = from('https://a.example', { fail: 'yes' });
      expect((await refusal(`${app.ws}${path}`, failing)).status).toBe(500);
      await using socket = await TestSocket.connect(
        `${app.ws}${path}`,
        from('https://a.example'),
      );
      expect((await refusal(`${app.ws}${path}`)).status).toBe(503);
      expect(socket.unread).toEqual([]);
    }
  });

  it('are the static ones where the factory says nothing', async () => {
    await using app = await startApp({
      imports: [
        SnorkyModule.forRootAsync({
          registries: {
            frontend: { websocket: { path: '/ws', maxConnections: 1 } },
          },
          useFactory: () => ({ shutdownTimeout: 100 }),
        }),
      ],
      providers: [Me],
    });
    await using socket = await TestSocket.connect(`${app.ws}/ws`);
    expect((await refusal(`${app.ws}/ws`)).status).toBe(503);
    expect(await socket.call('me', 'identity')).toMatchObject({ data: null });
  });
});

describe('A registry', () => {
  it('without a transport is there for the process itself', async () => {
    await using app = await startApp({
      imports: [SnorkyModule.forRoot({ registries: { inside: {} } })],
      providers: [Me],
    });
    const registry = app.app.get<ServiceRegistry>(getRegistryToken('inside'));
    expect(registry.serviceNames()).toEqual(['me']);
    expect(
      (await refusal(`${app.ws}/ws`).catch(() => ({ status: 404 }))).status,
    ).toBe(404);
  });

  it('needs no HTTP server', async () => {
    const testing = await Test.createTestingModule({
      imports: [SnorkyModule.forRoot({ registries: twoPaths })],
      providers: [Me],
    }).compile();
    await testing.init();
    expect(
      testing.get<ServiceRegistry>(getRegistryToken()).serviceNames(),
    ).toEqual(['me']);
    await testing.close();
  });
});

describe('A set-up of connections that cannot be meant', () => {
  function gatewayOf(registry: string): new () => IdentifiesClient {
    @SnorkyGateway(registry)
    class Gateway implements IdentifiesClient {
      identify(): JsonValue {
        return null;
      }
    }
    return Gateway;
  }

  async function failureOf(
    metadata: ModuleMetadata,
  ): Promise<SnorkySetupError> {
    try {
      await using app = await startApp(metadata);
      throw new Error(`It started on ${app.port}`);
    } catch (error) {
      expect(error).toBeInstanceOf(SnorkySetupError);
      return error as SnorkySetupError;
    }
  }

  const withRegistries = (
    registries: Record<string, RegistryOptions>,
  ): ModuleMetadata => ({
    imports: [SnorkyModule.forRoot({ registries })],
  });
  const ws = (options: object = {}): RegistryOptions => ({
    websocket: { path: '/ws', ...options },
  });

  it.each<[string, string, ModuleMetadata, string]>([
    [
      'two gateways of one registry',
      'SNORKY_GATEWAY_TWICE',
      {
        ...withRegistries({ guarded: ws() }),
        providers: [gatewayOf('guarded'), gatewayOf('guarded')],
      },
      'Keep one',
    ],
    [
      'a gateway of a registry without websocket',
      'SNORKY_GATEWAY_USELESS',
      {
        ...withRegistries({ guarded: {} }),
        providers: [gatewayOf('guarded')],
      },
      'Add `websocket: { path }`',
    ],
    [
      'a gateway of a registry that there is not',
      'SNORKY_REGISTRY_UNKNOWN',
      {
        ...withRegistries({ frontend: ws() }),
        providers: [gatewayOf('frontned')],
      },
      '"frontned"',
    ],
    [
      'one path for two endpoints',
      'SNORKY_PATH_TAKEN',
      withRegistries({ one: ws(), two: ws() }),
      '"/ws" is used twice',
    ],
    ...['ws', '/ws/', '/ws?x', '/w s', '', '/ws#x'].map(
      (path): [string, string, ModuleMetadata, string] => [
        `the path "${path}"`,
        'SNORKY_PATH_INVALID',
        withRegistries({ frontend: ws({ path }) }),
        'starts with "/"',
      ],
    ),
    ...[
      { heartbeat: -1 },
      { maxPayload: NaN },
      { maxUnanswered: 0 },
      { handshakeTimeout: '5s' },
    ].map((options): [string, string, ModuleMetadata, string] => [
      `the option ${JSON.stringify(options)}`,
      'SNORKY_OPTION_INVALID',
      withRegistries({ frontend: ws(options) }),
      `registry "frontend" cannot be used: The WebSocket option "${Object.keys(options)[0]}"`,
    ]),
    [
      'a factory that speaks of another registry',
      'SNORKY_REGISTRY_UNKNOWN',
      {
        imports: [
          SnorkyModule.forRootAsync({
            registries: { frontend: ws() },
            useFactory: (): SnorkyLateOptions => ({
              registries: { backend: {} },
            }),
          }),
        ],
      },
      'only: frontend',
    ],
    [
      'two roots',
      'SNORKY_ROOT_TWICE',
      {
        imports: [
          SnorkyModule.forRoot({ registries: { frontend: ws() } }),
          SnorkyModule.forRoot({ registries: { other: {} } }),
        ],
      },
      'Call it once',
    ],
  ])(
    '%s fails at start-up with %s',
    async (_what, code, metadata, sentence) => {
      const failure = await failureOf(metadata);
      expect(failure.code).toBe(code);
      expect(failure.message).toContain(sentence);
    },
  );

  it.each([
    ['origins that are no list', { origins: 'https://example.com' as '*' }],
    ['an origin that no page has', { origins: ['https://example.com/'] }],
    ['a host that no request names', { hosts: ['https://example.com'] }],
  ])('%s fail at start-up', async (_what, options) => {
    const failure = await failureOf(withRegistries({ frontend: ws(options) }));
    expect(failure.code).toBe('SNORKY_OPTION_INVALID');
    expect(failure.message).toContain("'https://example.com");
  });

  it('a gateway under a token of its own fails at start-up', async () => {
    const Gateway = gatewayOf('frontend');
    for (const provider of [
      // Under its own class it would serve, with the guards of that.
      { provide: 'gateway', useFactory: () => Promise.resolve(new Gateway()) },
      { provide: 'gateway', useValue: new Gateway() },
    ]) {
      const failure = await failureOf({
        ...withRegistries({ frontend: ws() }),
        providers: [provider],
      });
      expect(failure.code).toBe('SNORKY_GATEWAY_PLACE');
    }
  });

  it('a path that a gateway of Nest has too fails at start-up', async () => {
    const { WebSocketGateway } = await import('@nestjs/websockets');
    @WebSocketGateway({ path: '/ws' })
    class Plain {}
    const failure = await failureOf({
      ...withRegistries({ frontend: ws() }),
      providers: [Plain],
    });
    expect(failure.code).toBe('SNORKY_PATH_TAKEN');
  });
});
