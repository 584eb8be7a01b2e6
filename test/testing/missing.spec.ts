import { Module } from '@nestjs/common';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import {
  DataSyncModule,
  RpcCommand,
  SnorkyModule,
  SnorkyService,
} from 'snorky';
import { callBackend, connectClient } from 'snorky/testing';

type App = Parameters<typeof connectClient>[0];

@SnorkyService('echo')
class Echo {
  @RpcCommand()
  ping(): string {
    return 'pong';
  }
}

@Module({
  imports: [
    SnorkyModule.forRoot({
      registries: {
        frontend: { websocket: { path: '/ws' } },
        backend: { http: { path: '/backend', key: 'swordfish' } },
      },
    }),
    DataSyncModule.register({ dealers: [] }),
  ],
  providers: [Echo],
})
class AppModule {}

const builder = (): TestingModuleBuilder =>
  Test.createTestingModule({ imports: [AppModule] });

describe('What a test has forgotten', () => {
  it('is the initialization', async () => {
    const app = await builder().compile();
    const sentence =
      'not initialized, so that it has no services yet. Call `await app.init()` before.';
    await expect(connectClient(app)).rejects.toThrow(sentence);
    await expect(
      callBackend(app, 'datasync_backend', 'publishDeltas'),
    ).rejects.toThrow(sentence);
    await app.init();
    await using client = await connectClient(app);
    expect(await client.call('echo', 'ping')).toBe('pong');
    await app.close();
  });

  it('is the adapter', async () => {
    const app = (await builder().compile()).createNestApplication();
    await expect(app.init()).rejects.toThrow(
      'app.useWebSocketAdapter(new SnorkyWsAdapter(app))',
    );
    await app.close();
  });

  it('is the SnorkyModule', async () => {
    const app = await Test.createTestingModule({ providers: [Echo] }).compile();
    await expect(connectClient(app)).rejects.toThrow(
      'The application has no SnorkyModule. Import SnorkyModule.forRoot() in its root module.',
    );
    await app.close();
  });

  it.each([
    ['a builder: call `await builder.compile()`', builder()],
    ['a promise: `await` it', Promise.resolve()],
    ['null', null],
    ['undefined', undefined],
    ['another object', {}],
    ['a function', () => {}],
  ])('is an application, and this is %s', async (what, given) => {
    const sentence = `A Nest application or testing module is needed, and this is ${what.replace(/^a function$/, 'function')}.`;
    await expect(connectClient(given as unknown as App)).rejects.toThrow(
      sentence,
    );
    await expect(
      callBackend(given as unknown as App, 'a', 'b'),
    ).rejects.toThrow(sentence);
  });

  it('is how registries and services are called', async () => {
    const app = await (await builder().compile()).init();
    await expect(connectClient(app, { registry: 'front' })).rejects.toThrow(
      'The application has no registry "front". It has: frontend, backend.',
    );
    await expect(
      callBackend(app, 'echo', 'ping', {}, { registry: 'back' }),
    ).rejects.toThrow('no registry "back"');
    const sentence =
      'Registry "frontend" has no service "ecko". It has: datasync, echo.';
    await using client = await connectClient(app);
    // At once, not when the time is over.
    await expect(client.call('ecko', 'ping', {}, 3_600_000)).rejects.toThrow(
      sentence,
    );
    await expect(client.next({ service: 'ecko' })).rejects.toThrow(sentence);
    expect(() => client.rpc('ecko')).toThrow(sentence);
    expect(() => client.live('/', { model: 'Task', service: 'ecko' })).toThrow(
      sentence,
    );
    await app.close();
  });

  it('is a DataSync service, or routes, for a live list', async () => {
    const app = await (await builder().compile()).init();
    await using client = await connectClient(app);
    expect(() => client.live('/', { model: 'Task', service: 'echo' })).toThrow(
      'Service "echo" is none of DataSync.',
    );
    expect(() => client.live('/', { model: 'Task' })).toThrow(
      'a testing module alone has none. Make it one with createNestApplication()',
    );
    await app.close();
  });

  it('is nothing, for whoever asks for errors as the wire has them', async () => {
    const app = await (await builder().compile()).init();
    await using client = await connectClient(app);
    await client.call('snorky', 'hello', { features: ['errors'] });
    await expect(client.call('ecko', 'ping')).rejects.toThrow(
      'No such service',
    );
    await app.close();
  });
});
