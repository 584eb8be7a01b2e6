import {
  Injectable,
  UnauthorizedException,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import {
  ConnectedClient,
  PubSubModule,
  RpcCommand,
  RpcError,
  RpcParam,
  SnorkyGateway,
  SnorkyModule,
  SnorkyService,
  type Client,
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
      'unknownService',
    );
    await expect(
      callBackend(app, 'pubsub_backend', 'subscribe'),
    ).rejects.toThrow('Unknown command');
    await app.close();
  });
});
