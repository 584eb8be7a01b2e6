import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import {
  Client,
  getRegistryToken,
  PreparedMessage,
  PubSubModule,
  PubSubService,
  RpcCommand,
  RpcParam,
  Service,
  ServiceRegistry,
  SnorkyModule,
  SnorkyService,
  type Handshake,
  type JsonValue,
} from 'snorky';
import { startApp, type RunningApp } from '../support/servers/app.js';
import { TestSocket } from '../support/sockets/socket.js';

afterEach(() => {
  jest.restoreAllMocks();
});

const told: string[] = [];

@SnorkyService('first')
class ThrowsInHooks extends Service {
  override onClientConnected(): void {
    throw new Error('connected');
  }

  override onClientDisconnected(): void {
    throw new Error('disconnected');
  }

  processMessageFrom(): void {
    throw new Error('processed');
  }
}

@SnorkyService('second')
class RejectsInHooks extends Service {
  override async onClientConnected(): Promise<void> {
    await Promise.resolve();
    throw new Error('connected later');
  }

  override async onClientDisconnected(): Promise<void> {
    await Promise.resolve();
    throw new Error('disconnected later');
  }

  async processMessageFrom(): Promise<void> {
    await Promise.resolve();
    // Not every thrower throws errors.
    // eslint-disable-next-line typescript/only-throw-error
    throw undefined;
  }
}

@SnorkyService('third')
class Listens extends Service {
  override onClientConnected(): void {
    told.push('connected');
  }

  override onClientDisconnected(): void {
    told.push('disconnected');
  }

  processMessageFrom(client: Client, message: JsonValue): void {
    this.sendMessageTo(client, message);
  }
}

/** What nobody expects to be thrown. */
const ODD: readonly unknown[] = [
  null,
  undefined,
  0,
  'text',
  Symbol('symbol'),
  Object.create(null),
  {
    get message(): string {
      throw new Error('a trap');
    },
    toString(): string {
      throw new Error('another');
    },
  },
  new Proxy(new Error('proxy'), {
    get(): never {
      throw new Error('a trap everywhere');
    },
  }),
  Object.assign(new Error('x'.repeat(1_000_000)), { stack: 7 }),
];

@SnorkyService('odd')
class ThrowsOddThings {
  @RpcCommand()
  now(@RpcParam('which') which: number): never {
    throw ODD[which];
  }

  @RpcCommand()
  async later(@RpcParam('which') which: number): Promise<never> {
    await Promise.resolve();
    throw ODD[which];
  }

  /** Results that JSON cannot express. */
  @RpcCommand()
  result(@RpcParam('which') which: number): unknown {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    return [
      cycle,
      1n,
      () => 1,
      Symbol('symbol'),
      {
        toJSON(): never {
          throw new Error('no JSON');
        },
      },
    ][which];
  }
}

/** A client whose transport has broken in a way that nobody foresaw. */
class BrokenClient extends Client {
  readonly handshake: Handshake = {
    headers: {},
    url: '/broken',
    remoteAddress: undefined,
    ip: undefined,
  };
  readonly connected = true;
  readonly texts: string[] = [];
  deliveries = 0;

  sendText(text: string): void {
    this.texts.push(text);
  }

  deliver(message: PreparedMessage): void {
    this.deliveries++;
    throw new Error(`Cannot deliver ${message.text.length} characters`);
  }

  close(): void {
    throw new Error('Cannot close either');
  }
}

function start(providers: (new () => unknown)[]): Promise<RunningApp> {
  return startApp({
    imports: [
      SnorkyModule.forRoot({
        registries: { frontend: { websocket: { path: '/ws' } } },
      }),
      PubSubModule.register(),
    ],
    providers,
  });
}

function registryOf({ app }: RunningApp): ServiceRegistry {
  return app.get<ServiceRegistry>(getRegistryToken('frontend'));
}

function quietly(): { errors: jest.SpiedFunction<Logger['error']> } {
  jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
  const errors = jest.spyOn(Logger.prototype, 'error');
  errors.mockImplementation(() => {});
  return { errors };
}

describe('A service that throws', () => {
  it('in its hooks keeps neither the others nor the client from anything', async () => {
    const { errors } = quietly();
    told.length = 0;
    await using app = await start([ThrowsInHooks, RejectsInHooks, Listens]);
    const registry = registryOf(app);
    {
      await using socket = await TestSocket.connect(`${app.ws}/ws`);
      socket.send('third', 'hello');
      expect(await socket.next()).toEqual({
        service: 'third',
        message: 'hello',
      });
      expect(told).toEqual(['connected']);
      expect(registry.counters.failures).toBe(2);
    }
    while (registry.counters.failures < 4) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(told).toEqual(['connected', 'disconnected']);
    expect(registry.clients().size).toBe(0);
    expect(errors.mock.calls.map(([line]) => line as string)).toEqual([
      'onClientConnected of service "first" failed',
      'onClientConnected of service "second" failed',
      'onClientDisconnected of service "first" failed',
      'onClientDisconnected of service "second" failed',
    ]);
  });

  it('at a message keeps its connection and the next message', async () => {
    const { errors } = quietly();
    await using app = await start([ThrowsInHooks, RejectsInHooks, Listens]);
    await using socket = await TestSocket.connect(`${app.ws}/ws`);
    errors.mockClear();
    for (let n = 0; n < 100; n++) {
      socket.send('first', n);
      socket.send('second', n);
      socket.send('third', n);
    }
    for (let n = 0; n < 100; n++) {
      expect(await socket.next()).toEqual({ service: 'third', message: n });
    }
    // The two hooks at its start aside
    expect(registryOf(app).counters.failures).toBe(202);
    expect(errors).toHaveBeenCalledTimes(20);
  });
});

describe('A command', () => {
  it.each(['now', 'later'])(
    'that throws the oddest things %s answers each call',
    async (command) => {
      quietly();
      await using app = await start([ThrowsOddThings]);
      await using socket = await TestSocket.connect(`${app.ws}/ws`);
      for (let which = 0; which < ODD.length; which++) {
        expect(await socket.call('odd', command, { which })).toEqual({
          type: 'error',
          callId: which,
          message: 'Internal error',
        });
      }
    },
  );

  it('that has a result which JSON cannot express answers each call', async () => {
    quietly();
    await using app = await start([ThrowsOddThings]);
    await using socket = await TestSocket.connect(`${app.ws}/ws`);
    for (let which = 0; which < 5; which++) {
      expect(await socket.call('odd', 'result', { which })).toEqual({
        type: 'error',
        callId: which,
        message: 'Internal error',
      });
    }
  });
});

describe('A recipient that cannot be delivered to', () => {
  it('keeps neither the other recipients nor the publisher from anything', async () => {
    const { errors } = quietly();
    await using app = await start([]);
    const registry = registryOf(app);
    const params = { channel: 'news' };
    const subscribe = (client: Client): void => {
      registry.connect(client);
      const message = { command: 'subscribe', params };
      registry.dispatch(client, JSON.stringify({ service: 'pubsub', message }));
    };
    await using before = await TestSocket.connect(`${app.ws}/ws`);
    await before.call('pubsub', 'subscribe', params);
    const broken = [new BrokenClient(), new BrokenClient()];
    broken.forEach(subscribe);
    await using after = await TestSocket.connect(`${app.ws}/ws`);
    await after.call('pubsub', 'subscribe', params);

    for (let n = 0; n < 50; n++) {
      const message = {
        service: 'pubsub',
        message: { type: 'message', channel: 'news', message: n },
      };
      before.send('pubsub', {
        command: 'publish',
        params: { channel: 'news', message: n },
        callId: n,
      });
      expect(await before.next()).toEqual(message);
      expect(await before.next()).toEqual({
        service: 'pubsub',
        message: { type: 'response', callId: n, data: null },
      });
      expect(await after.next()).toEqual(message);
    }
    expect(broken.map(({ deliveries }) => deliveries)).toEqual([50, 50]);
    expect(registry.counters.failures).toBe(100);
    expect(errors).toHaveBeenCalledTimes(10);

    await app.app.get(PubSubService).broadcast('news', 'from the server');
    expect(await after.next()).toMatchObject({
      message: { message: 'from the server' },
    });
    broken.forEach((client) => registry.disconnect(client));
    await app.app.get(PubSubService).broadcast('news', 'again');
    expect(broken.map(({ deliveries }) => deliveries)).toEqual([51, 51]);
  });
});
