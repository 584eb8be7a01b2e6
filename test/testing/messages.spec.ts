import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import {
  ConnectedClient,
  PubSubModule,
  RpcCommand,
  RpcError,
  RpcParam,
  RpcService,
  SnorkyModule,
  SnorkyService,
  type Client,
  type JsonValue,
} from 'snorky';
import { callBackend, connectClient } from 'snorky/testing';

interface EchoApi {
  say(params: { text: string }): { text: string; at: Date };
  repeat(params?: { times?: number }): number;
  never(): string;
}

interface Said {
  readonly type: 'said';
  readonly text: string;
}

@SnorkyService('echo')
class Echo extends RpcService {
  @RpcCommand()
  say(
    @RpcParam('text') text: string,
    @ConnectedClient() client: Client,
  ): { text: string; at: Date } {
    if (text === '') throw new RpcError({ code: 'empty' });
    this.sendMessageTo(client, { type: 'said', text });
    return { text, at: new Date(0) };
  }

  @RpcCommand()
  repeat(@RpcParam('times', { optional: true }) times = 1): number {
    return times;
  }

  @RpcCommand({ async: true })
  never(): void {}
}

describe('The messages of a client in memory', () => {
  let app: INestApplicationContext;

  beforeAll(async () => {
    app = await Test.createTestingModule({
      imports: [
        SnorkyModule.forRoot({
          registries: {
            frontend: { websocket: { path: '/ws' } },
            backend: { http: { path: '/backend', key: 'swordfish' } },
          },
        }),
        PubSubModule.register(),
      ],
      providers: [Echo],
    }).compile();
    await app.init();
  });

  afterAll(() => app.close());

  const publish = (message: JsonValue): Promise<JsonValue> =>
    callBackend(app, 'pubsub_backend', 'publish', { channel: 'a', message });

  it('are waited for by service and type, while others stay', async () => {
    await using client = await connectClient(app);
    await client.call('pubsub', 'subscribe', { channel: 'a' });
    const later = client.next({ service: 'pubsub', type: 'message' });
    const said = client.next<Said>({ type: 'said' });
    await client.call('echo', 'say', { text: 'one' });
    await client.call('echo', 'say', { text: 'two' });
    await publish(1);
    await publish(2);
    expect((await later).message).toMatchObject({ message: 1 });
    const text: string = (await said).message.text;
    expect(text).toBe('one');
    // In the order of their arrival.
    expect(client.unread.map(({ service }) => service)).toEqual([
      'echo',
      'pubsub',
    ]);
    expect(await client.next({ service: 'pubsub' })).toMatchObject({
      message: { message: 2 },
    });
    expect(await client.next()).toMatchObject({ message: { text: 'two' } });
    expect(client.unread).toEqual([]);
  });

  it('are told by a wait that is over', async () => {
    await using client = await connectClient(app);
    await expect(client.next(5)).rejects.toThrow(
      'No message came within 5 ms. Nothing else arrived.',
    );
    for (let n = 0; n < 12; n++) {
      await client.call('echo', 'say', { text: `${n}${'x'.repeat(n * 20)}` });
    }
    const failure: unknown = await client
      .next({ service: 'pubsub', type: 'message', patience: 5 })
      .catch((error: unknown) => error);
    const { message } = failure as Error;
    const lines = message.split('\n');
    expect(lines[0]).toBe(
      'No message of service "pubsub" of type "message" came within 5 ms. What arrived and was not asked for:',
    );
    expect(lines[1]).toContain('"service":"echo"');
    expect(lines).toHaveLength(12);
    expect(lines[11]).toBe('  and 2 more');
    for (const line of lines.slice(1)) expect(line.length).toBeLessThan(110);
    expect(client.unread).toHaveLength(12);
  });

  it('are waited for no more when the connection has ended', async () => {
    const client = await connectClient(app);
    const next = client.next({ type: 'said' });
    client.close(4200, 'Bye');
    await expect(next).rejects.toThrow('closed with 4200 (Bye)');
    await expect(client.next({ type: 'said' })).rejects.toThrow('4200');
  });

  it('are results of typed calls', async () => {
    await using client = await connectClient(app);
    const echo = client.rpc<EchoApi>('echo');
    const { text, at } = await echo.say({ text: 'Hi' });
    expect([text satisfies string, at satisfies string]).toEqual([
      'Hi',
      '1970-01-01T00:00:00.000Z',
    ]);
    expect(await echo.repeat()).toBe(1);
    expect(await echo.repeat({ times: 3 })).toBe(3);
    const failure = echo.say({ text: '' });
    await expect(failure).rejects.toBeInstanceOf(RpcError);
    await expect(failure).rejects.toMatchObject({ value: { code: 'empty' } });
    await expect(client.rpc<EchoApi>('echo', 5).never()).rejects.toThrow(
      'echo.never did not answer in 5 ms.',
    );
    // @ts-expect-error: a wrong type.
    await expect(echo.say({ text: 7 })).rejects.toThrow('Invalid params');
    // @ts-expect-error: no such command.
    await expect(echo.shout({ text: 'Hi' })).rejects.toThrow('Unknown command');
    // Nobody said what this service can.
    const untyped: JsonValue =
      (await client.rpc('echo')['repeat']?.({ times: 2 })) ?? null;
    expect(untyped).toBe(2);
    expect(await Promise.resolve(echo)).toBe(echo);
  });
});
