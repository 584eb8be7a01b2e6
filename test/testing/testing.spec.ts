import {
  Injectable,
  UnauthorizedException,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import {
  ConnectedClient,
  getRegistryToken,
  PubSubModule,
  RpcCommand,
  RpcError,
  RpcParam,
  RpcService,
  ServiceRegistry,
  SnorkyGateway,
  SnorkyModule,
  SnorkyService,
  type Client,
  type Identification,
  type IdentifiesClient,
  type JsonValue,
  type UpgradeRequest,
} from 'snorky';
import { callBackend, connectClient } from 'snorky/testing';

@SnorkyService('who')
class Who {
  @RpcCommand()
  am(@ConnectedClient() client: Client): JsonValue {
    return client.identity;
  }

  @RpcCommand()
  fail(@RpcParam('value') value: JsonValue): never {
    throw new RpcError(value);
  }

  @RpcCommand({ async: true })
  never(): void {}
}

@Injectable()
class TokenGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<UpgradeRequest>();
    const { token } = request.query;
    if (token === undefined) throw new UnauthorizedException('No token');
    request.user = { name: token };
    return true;
  }
}

@SnorkyGateway()
@UseGuards(TokenGuard)
class Gateway implements IdentifiesClient {
  identify(request: UpgradeRequest): JsonValue {
    return request.user['name'] ?? null;
  }
}

async function start(providers: object[] = []): Promise<TestingModule> {
  const testing = await Test.createTestingModule({
    imports: [
      SnorkyModule.forRoot({
        registries: {
          frontend: { websocket: { path: '/ws' } },
          backend: { http: { path: '/backend', key: 'swordfish' } },
        },
      }),
      PubSubModule.register(),
    ],
    providers: [Who, ...(providers as [])],
  }).compile();
  return testing.init();
}

describe('connectClient', () => {
  it('calls commands without a port', async () => {
    const app = await start();
    await using client = await connectClient(app, { identity: 'ann' });
    expect(await client.call('who', 'am')).toBe('ann');
    await app.close();
  });

  it('runs the guards and identify of the registry', async () => {
    const app = await start([Gateway, TokenGuard]);
    await using client = await connectClient(app, { url: '/ws?token=bob' });
    expect(client.identity).toBe('bob');
    await expect(connectClient(app)).rejects.toMatchObject({
      status: 401,
      message: 'No token',
    });
    await app.close();
  });

  it('rejects a call with the value of its error', async () => {
    const app = await start();
    await using client = await connectClient(app);
    const failure = client.call('who', 'fail', { value: { code: 7 } });
    await expect(failure).rejects.toBeInstanceOf(RpcError);
    await expect(failure).rejects.toMatchObject({ value: { code: 7 } });
    await app.close();
  });

  it('says which call was not answered in time', async () => {
    const app = await start();
    await using client = await connectClient(app);
    await expect(client.call('who', 'never', {}, 20)).rejects.toThrow(
      'who.never did not answer in 20 ms.',
    );
    await app.close();
  });

  it('tells how the server closed the connection', async () => {
    const app = await start();
    const client = await connectClient(app);
    const next = client.next();
    client.close(4200, 'Logged out');
    expect(await client.closed).toEqual({ code: 4200, reason: 'Logged out' });
    await expect(next).rejects.toThrow('closed with 4200 (Logged out)');
    await app.close();
  });
});

@SnorkyService('bouncer')
class Bouncer extends RpcService {
  override onClientConnected(client: Client): void {
    if (client.identity === 'banned') client.close(4200, 'Banned');
  }
  @RpcCommand()
  leave(@ConnectedClient() client: Client): void {
    client.close();
  }
}

@SnorkyService('witness')
class Witness extends RpcService {
  readonly seen: string[] = [];
  override onClientConnected(client: Client): void {
    this.seen.push(client.connected ? 'came' : 'came, closed');
  }
  override onClientDisconnected(): void {
    this.seen.push('left');
  }
  @RpcCommand()
  look(): readonly string[] {
    return this.seen;
  }
}

describe('The end of a connection', () => {
  it('reaches services after its start, though a hook closes it', async () => {
    const app = await start([Bouncer, Witness]);
    const client = await connectClient(app, { identity: 'banned' });
    expect(await client.closed).toEqual({ code: 4200, reason: 'Banned' });
    expect(app.get(Witness).seen).toEqual(['came, closed', 'left']);
    await app.close();
  });

  it.each(['close', 'disconnect'] as const)(
    'reaches services in a later turn, and before it is settled (%s)',
    async (how) => {
      const app = await start([Witness]);
      const registry = app.get<ServiceRegistry>(getRegistryToken());
      const { seen } = app.get(Witness);
      const client = await connectClient(app);
      client[how]();
      client[how]();
      expect(client.connected).toBe(false);
      await Promise.resolve();
      expect([seen, registry.clients().size]).toEqual([['came'], 1]);
      await client.closed;
      expect([seen, registry.clients().size]).toEqual([['came', 'left'], 0]);
      await app.close();
    },
  );

  it('comes while timers are faked', async () => {
    const app = await start([Witness]);
    jest.useFakeTimers();
    const client = await connectClient(app);
    client.disconnect();
    expect(await client.closed).toMatchObject({ code: 1000 });
    jest.useRealTimers();
    await app.close();
  });
});

describe('An identity that expires', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  /** A gateway whose identities hold for so many milliseconds. */
  function holdingFor(duration: number): object {
    @SnorkyGateway()
    class Expiring implements IdentifiesClient {
      identify(): Identification {
        return { identity: 'ann', expiresAt: Date.now() + duration };
      }
    }
    return Expiring;
  }

  const DAY = 24 * 60 * 60 * 1000;

  // Timers of Node fire at once when they are to wait longer than 24.8 days.
  it.each([20, 60 * DAY])('after %i ms closes with 4100', async (duration) => {
    const app = await start([holdingFor(duration)]);
    jest.useFakeTimers();
    const registry = app.get<ServiceRegistry>(getRegistryToken());
    const client = await connectClient(app);
    expect(client.identity).toBe('ann');
    await jest.advanceTimersByTimeAsync(duration - 1);
    expect(client.connected).toBe(true);
    await jest.advanceTimersByTimeAsync(1);
    expect(client.connected).toBe(false);
    expect(await client.closed).toEqual({
      code: 4100,
      reason: 'Identity expired',
    });
    expect(registry.counters.closedExpired).toBe(1);
    jest.useRealTimers();
    await app.close();
  });

  it('leaves no timer behind', async () => {
    const app = await start([holdingFor(DAY)]);
    jest.useFakeTimers();
    const client = await connectClient(app);
    expect(jest.getTimerCount()).toBe(1);
    client.disconnect();
    await client.closed;
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
    await app.close();
  });

  it('has expired at once when it is from the past', async () => {
    const app = await start([holdingFor(-5)]);
    const client = await connectClient(app);
    expect(await client.closed).toMatchObject({ code: 4100 });
    await app.close();
  });
});

describe('callBackend', () => {
  it('publishes to a client in memory', async () => {
    const app = await start();
    await using client = await connectClient(app);
    await client.call('pubsub', 'subscribe', { channel: ['a', 1] });
    const params = { channel: ['a', 1], message: { n: 1 } };
    expect(
      await callBackend(app, 'pubsub_backend', 'publish', params),
    ).toBeNull();
    expect(await client.next()).toEqual({
      service: 'pubsub',
      message: { type: 'message', ...params },
    });
    await app.close();
  });

  it('rejects what the backend would refuse', async () => {
    const app = await start();
    await expect(callBackend(app, 'who', 'am')).rejects.toThrow(
      'Registry "backend" has no service "who". It has: pubsub_backend.',
    );
    await expect(
      callBackend(app, 'pubsub_backend', 'subscribe'),
    ).rejects.toThrow('Unknown command');
    await app.close();
  });
});
