import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Module,
  UseGuards,
  type CanActivate,
  type INestApplication,
  type ModuleMetadata,
  type Provider,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { Server } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  SnorkyGateway,
  SnorkyModule,
  SnorkySetupError,
  SnorkyWsAdapter,
  type RegistryOptions,
  type WebSocketEndpointOptions,
} from 'snorky';
import {
  startApp,
  type Platform,
  type RunningApp,
} from '../../support/servers/app.js';
import { RecordedLog } from '../../support/servers/log.js';
import { refusal, TestSocket } from '../../support/sockets/socket.js';

class Never implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

/** A gateway that lets nobody in, decorated and listed nowhere so far. */
function gatewayOf(registry: string): new () => object {
  @SnorkyGateway(registry)
  @UseGuards(Never)
  class Door {}
  return Door;
}

function metadata(
  registry: string,
  options: Omit<WebSocketEndpointOptions, 'path'> = {},
  providers: Provider[] = [],
): ModuleMetadata {
  const registries: Record<string, RegistryOptions> = {
    [registry]: { websocket: { path: '/ws', ...options } },
  };
  return { imports: [SnorkyModule.forRoot({ registries })], providers };
}

async function codeOf(starting: Promise<RunningApp>): Promise<string> {
  try {
    await using _ = await starting;
    return 'started';
  } catch (error) {
    return error instanceof SnorkySetupError ? error.code : String(error);
  }
}

/** Makes an application that listens later. */
async function create(module: ModuleMetadata): Promise<INestApplication> {
  const testing = await Test.createTestingModule(module).compile();
  const app: INestApplication = testing.createNestApplication({
    logger: false,
  });
  app.useWebSocketAdapter(new SnorkyWsAdapter(app));
  return app;
}

// Every test has a registry of its own: the classes are those of the process.
describe('A gateway class that no module lists', () => {
  it.each<Platform>(['express', 'fastify'])(
    'stops the start on %s, before any port is open',
    async (platform) => {
      const registry = `unlisted-${platform}`;
      const Door = gatewayOf(registry);
      let server: Server | undefined;
      const starting = startApp(
        metadata(registry),
        (app) => (server = app.getHttpServer() as Server),
        platform,
      );
      await expect(starting).rejects.toMatchObject({
        code: 'SNORKY_GATEWAY_UNLISTED',
        message: expect.stringContaining(Door.name) as unknown,
      });
      expect(server?.listening).toBe(false);
    },
  );

  it('does not where the endpoint says that it is open', async () => {
    gatewayOf('meant');
    await using app = await startApp(metadata('meant', { open: true }));
    await using socket = await TestSocket.connect(`${app.ws}/ws`);
    expect(socket.ws.readyState).toBe(socket.ws.OPEN);
  });

  it('does not where a factory says so', async () => {
    gatewayOf('late');
    const starting = startApp({
      imports: [
        SnorkyModule.forRootAsync({
          registries: { late: { websocket: { path: '/ws' } } },
          useFactory: () => ({
            registries: { late: { websocket: { open: true } } },
          }),
        }),
      ],
    });
    expect(await codeOf(starting)).toBe('started');
  });

  it('stops the start also where middleware or global guards decide', async () => {
    gatewayOf('middleware');
    const start = (options: object): Promise<string> =>
      codeOf(startApp(metadata('middleware', options)));
    expect(
      await start({ middleware: [(_q: unknown, _s: unknown) => {}] }),
    ).toBe('SNORKY_GATEWAY_UNLISTED');
    expect(await start({ globalGuards: true })).toBe('SNORKY_GATEWAY_UNLISTED');
    expect(await start({ globalGuards: true, open: true })).toBe('started');
  });

  it('stops it for the endpoint that does not say so, among several', async () => {
    gatewayOf('several');
    await expect(
      startApp({
        imports: [
          SnorkyModule.forRoot({
            registries: {
              several: {
                websocket: [
                  { path: '/public', open: true },
                  { path: '/private' },
                ],
              },
            },
          }),
        ],
      }),
    ).rejects.toMatchObject({
      code: 'SNORKY_GATEWAY_UNLISTED',
      message: expect.stringContaining('"/private"') as unknown,
    });
  });

  it('does not matter to a registry of another name', async () => {
    gatewayOf('elsewhere');
    expect(await codeOf(startApp(metadata('here')))).toBe('started');
  });

  it('does not matter where there is no server', async () => {
    gatewayOf('serverless');
    const testing = await Test.createTestingModule(
      metadata('serverless'),
    ).compile();
    await expect(testing.init()).resolves.toBe(testing);
    await testing.close();
  });

  it('is told once, also where several have one name', async () => {
    gatewayOf('names');
    gatewayOf('names');
    await expect(startApp(metadata('names'))).rejects.toThrow(
      /^Door decides who may connect/,
    );
  });

  it('does not hinder once nobody can list it any more', async () => {
    gatewayOf('garbage');
    expect(await codeOf(startApp(metadata('garbage')))).toBe(
      'SNORKY_GATEWAY_UNLISTED',
    );
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    // A reference that was looked at stays until the turn has ended.
    await new Promise(setImmediate);
    collect();
    await new Promise(setImmediate);
    expect(await codeOf(startApp(metadata('garbage')))).toBe('started');
  });
});

describe('A gateway class that some application lists', () => {
  it('guards its own, and hinders no other', async () => {
    const Door = gatewayOf('two');
    await using guarded = await startApp(metadata('two', {}, [Door]));
    await using open = await startApp(metadata('two'));
    expect((await refusal(`${guarded.ws}/ws`)).status).toBe(403);
    await using _ = await TestSocket.connect(`${open.ws}/ws`);
  });

  it('hinders no other that starts before its own does', async () => {
    const Door = gatewayOf('later');
    const guarded = await create(metadata('later', {}, [Door]));
    expect(await codeOf(startApp(metadata('later')))).toBe('started');
    await guarded.listen(0, '127.0.0.1');
    await guarded.close();
  });

  it('hinders none after its own has closed, or has failed to start', async () => {
    const Door = gatewayOf('closed');
    expect(await codeOf(startApp(metadata('closed', {}, [Door])))).toBe(
      'started',
    );
    expect(await codeOf(startApp(metadata('closed')))).toBe('started');
    const Wrong = gatewayOf('failed');
    const wrong = { provide: 'door', useValue: new Wrong() };
    expect(await codeOf(startApp(metadata('failed', {}, [wrong])))).toBe(
      'SNORKY_GATEWAY_PLACE',
    );
    expect(await codeOf(startApp(metadata('failed')))).toBe('started');
  });

  it('may be listed by a module deep inside', async () => {
    const Door = gatewayOf('deep');
    @Module({ providers: [Door] })
    class Inner {}
    @Module({ imports: [Inner] })
    class Outer {}
    const { imports = [] } = metadata('deep');
    await using app = await startApp({ imports: [...imports, Outer] });
    expect((await refusal(`${app.ws}/ws`)).status).toBe(403);
  });

  it('brings its decorated base classes with it', async () => {
    const Base = gatewayOf('bases');
    class Undecorated extends Base {}
    @SnorkyGateway('bases')
    class Decorated extends Undecorated {}
    // As a decorator above it may replace it.
    const Replaced = class extends Decorated {};
    await using app = await startApp(metadata('bases', {}, [Replaced]));
    expect((await refusal(`${app.ws}/ws`)).status).toBe(403);
    expect(await codeOf(startApp(metadata('bases')))).toBe('started');
  });

  it.each([{}, { globalGuards: true }])(
    'contradicts an endpoint that says that it is open (%j)',
    async (options) => {
      const Door = gatewayOf('contradiction');
      const open = { ...options, open: true };
      expect(
        await codeOf(startApp(metadata('contradiction', open, [Door]))),
      ).toBe('SNORKY_GATEWAY_OPEN');
    },
  );
});

describe('An endpoint that lets everybody in', () => {
  const before = process.env['NODE_ENV'];
  afterEach(() => {
    process.env['NODE_ENV'] = before;
  });

  async function linesOf(
    environment: string,
    options: Omit<WebSocketEndpointOptions, 'path'>,
  ): Promise<RecordedLog> {
    const log = new RecordedLog();
    process.env['NODE_ENV'] = environment;
    await using _ = await startApp(metadata('told', options), (app) =>
      app.useLogger(log),
    );
    return log;
  }

  it('is told with a warning in production, and what to do', async () => {
    const log = await linesOf('production', {});
    const [line] = log.with('warn', 'open to everybody');
    expect(line?.text).toContain("@SnorkyGateway('told')");
    expect(line?.text).toContain('open: true');
    expect(log.with('log', 'open to everybody')).toEqual([]);
  });

  it.each<[string, Omit<WebSocketEndpointOptions, 'path'>]>([
    ['development', {}],
    ['production', { open: true }],
  ])('is told without one in %s with %j', async (environment, options) => {
    const log = await linesOf(environment, options);
    expect(log.with('warn', 'open')).toEqual([]);
    expect(log.with('log', 'open to everybody')).toHaveLength(1);
  });

  it('is told as guarded where middleware decides', async () => {
    const log = await linesOf('production', {
      middleware: [(_request, _response, next) => next()],
    });
    expect(log.with('warn', 'everybody')).toEqual([]);
    expect(log.with('log', 'guarded by middleware')).toHaveLength(1);
  });

  it.each<[string, Omit<WebSocketEndpointOptions, 'path'>, number]>([
    ['production', { origins: 'same' }, 1],
    ['production', { middleware: [(_q, _s, next) => next()] }, 1],
    ['production', { origins: 'same', hosts: ['chat.example'] }, 0],
    ['production', { origins: ['https://chat.example'] }, 0],
    ['production', { open: true }, 0],
    ['development', { origins: 'same' }, 0],
  ])(
    'is told in %s with %j where a name of a stranger can lead to it: %d',
    async (environment, options, lines) => {
      const log = await linesOf(environment, options);
      expect(log.with('warn', "hosts: ['...']")).toHaveLength(lines);
    },
  );
});
