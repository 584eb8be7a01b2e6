import { describe, expect, it } from '@jest/globals';
import {
  ConnectedClient,
  getRegistryToken,
  RpcCommand,
  ServiceRegistry,
  SnorkyModule,
  SnorkyService,
  type Client,
  type WebSocketOptions,
} from 'snorky';
import type { WebSocketClient } from '../../src/transports/websocket/websocket-client.js';
import { startApp, type RunningApp } from '../support/servers/app.js';
import {
  clientFrame,
  Opcode,
  RawSocket,
  messageFrame,
} from '../support/sockets/raw-socket.js';
import { TestSocket } from '../support/sockets/socket.js';
import { unchanging } from '../support/waiting/turns.js';

@SnorkyService('door')
class Door {
  /** Sends, closes, and goes on as if nothing had happened. */
  @RpcCommand()
  leave(@ConnectedClient() client: Client): string {
    client.send({ service: 'door', message: 'before' });
    client.close(4200, 'Bye');
    client.send({ service: 'door', message: 'after' });
    return 'too late';
  }

  @RpcCommand()
  async leaveLater(@ConnectedClient() client: Client): Promise<string> {
    client.close(4201);
    await new Promise((resolve) => setImmediate(resolve));
    client.send({ service: 'door', message: 'after' });
    return 'too late';
  }

  @RpcCommand()
  knock(): string {
    return 'open';
  }
}

const start = (websocket: WebSocketOptions = {}): Promise<RunningApp> =>
  startApp({
    imports: [
      SnorkyModule.forRoot({
        registries: { frontend: { websocket: { path: '/ws', ...websocket } } },
      }),
    ],
    providers: [Door],
  });

function registryOf({ app }: RunningApp): ServiceRegistry {
  return app.get<ServiceRegistry>(getRegistryToken('frontend'));
}

function onlyClient(app: RunningApp): Client {
  const [client] = registryOf(app).clients();
  if (client === undefined) throw new Error('Nobody is connected');
  return client;
}

/** A client that answers a close, as it must, and otherwise says nothing. */
async function connect(app: RunningApp): Promise<RawSocket> {
  const socket = await RawSocket.open(app.port);
  socket.answersClose = true;
  return socket;
}

/** The numbers that a connection was sent, from messages with that alone. */
function numbersOf(socket: RawSocket): number[] {
  const numbers: number[] = [];
  socket.onFrame = (opcode, payload) => {
    if (opcode !== Opcode.text) return;
    const { message } = JSON.parse(payload.toString()) as {
      message: { n: number };
    };
    numbers.push(message.n);
  };
  return numbers;
}

const upTo = (count: number): number[] =>
  Array.from({ length: count }).map((_, n) => n);

describe('Closing a client', () => {
  it.each([
    [10, 10],
    [3000, 1000],
    [500, 20_000],
    [3, 3_000_000],
  ])(
    'delivers %i messages of %i bytes first, and then says why',
    async (count, size) => {
      await using app = await start();
      await using socket = await connect(app);
      const numbers = numbersOf(socket);
      const client = onlyClient(app);
      const body = 'x'.repeat(size);
      for (let n = 0; n < count; n++) {
        client.send({ service: 'door', message: { n, body } });
      }
      client.close(4321, 'That is all');
      client.send({ service: 'door', message: { n: -1 } });
      client.close(4999, 'Again');
      expect(client.connected).toBe(false);
      await socket.ended;
      expect(numbers).toEqual(upTo(count));
      expect([socket.closeCode, socket.closeReason]).toEqual([
        4321,
        'That is all',
      ]);
      expect(socket.afterClose).toBe(0);
      expect(socket.fault).toBeUndefined();
    },
  );

  it('delivers to one that begins to read late', async () => {
    await using app = await start();
    await using socket = await connect(app);
    const numbers = numbersOf(socket);
    socket.tcp.pause();
    const client = onlyClient(app);
    const body = 'x'.repeat(1000);
    for (let n = 0; n < 20_000; n++) {
      client.send({ service: 'door', message: { n, body } });
    }
    client.close();
    // Everything that the sockets can take is on its way, and more is waiting.
    const left = await unchanging(() => (client as WebSocketClient).buffered);
    expect(left).toBeGreaterThan(0);
    expect(numbers.length).toBe(0);
    socket.tcp.resume();
    await socket.ended;
    expect(numbers).toEqual(upTo(20_000));
    expect(socket.closeCode).toBe(1000);
  });

  it('delivers over a compressed connection too', async () => {
    await using app = await start({ compression: { threshold: 0 } });
    await using socket = await TestSocket.connect(`${app.ws}/ws`, {
      perMessageDeflate: true,
    });
    expect(socket.ws.extensions).toContain('permessage-deflate');
    const client = onlyClient(app);
    const body = 'x'.repeat(2000);
    for (let n = 0; n < 500; n++) {
      client.send({ service: 'door', message: { n, body } });
    }
    client.close(4322, 'Compressed');
    client.send({ service: 'door', message: { n: -1, body } });
    expect(await socket.closed).toEqual({ code: 4322, reason: 'Compressed' });
    const numbers = socket.unread.map(
      (envelope) => (envelope as { message: { n: number } }).message.n,
    );
    expect(numbers).toEqual(upTo(500));
  });

  it('sends nothing after the close frame, whatever the client asks', async () => {
    await using app = await start();
    for (const command of ['leave', 'leaveLater']) {
      await using socket = await connect(app);
      const texts: string[] = [];
      socket.onFrame = (opcode, payload) => {
        if (opcode !== Opcode.close) texts.push(payload.toString());
      };
      const call = (name: string): Buffer =>
        messageFrame('door', { command: name, params: {} });
      socket.write(
        Buffer.concat([
          call('knock'),
          call(command),
          call('knock'),
          clientFrame('p', { opcode: Opcode.ping }),
          call('knock'),
        ]),
      );
      await socket.ended;
      expect(texts.slice(0, 2)).toEqual(
        [
          '{"service":"door","message":{"type":"response","data":"open"}}',
          '{"service":"door","message":"before"}',
        ].slice(0, command === 'leave' ? 2 : 1),
      );
      expect(texts.length).toBe(command === 'leave' ? 2 : 1);
      expect(socket.closeCode).toBe(command === 'leave' ? 4200 : 4201);
      expect(socket.afterClose).toBe(0);
    }
  });

  it('runs no command that comes after it', async () => {
    await using app = await start();
    await using socket = await connect(app);
    const registry = registryOf(app);
    onlyClient(app).close(4200);
    socket.send('door', { command: 'knock', params: {} });
    socket.write(clientFrame('', { opcode: Opcode.close }));
    await socket.closed;
    await until(() => registry.counters.connections === 0, 2000);
    expect(registry.counters.received).toBe(0);
  });

  it('that closes itself gets nothing after the echo of its close', async () => {
    await using app = await start();
    await using socket = await connect(app);
    const client = onlyClient(app);
    const sending = setInterval(() => {
      for (let n = 0; n < 100; n++) {
        client.send({ service: 'door', message: { n } });
      }
    }, 0);
    try {
      const code = Buffer.from([0x0f, 0xa1]);
      socket.write(
        Buffer.concat([
          messageFrame('door', { command: 'knock', params: {} }),
          clientFrame(code, { opcode: Opcode.close }),
          messageFrame('door', { command: 'knock', params: {} }),
        ]),
      );
      await socket.ended;
    } finally {
      clearInterval(sending);
    }
    expect(socket.closeCode).toBe(4001);
    expect(socket.afterClose).toBe(0);
    expect(socket.fault).toBeUndefined();
  });

  it('ends within seconds for one that does not read, or never answers', async () => {
    await using app = await start();
    const registry = registryOf(app);
    await using deaf = await RawSocket.open(app.port);
    deaf.tcp.pause();
    await using mute = await RawSocket.open(app.port);
    const begun = performance.now();
    for (const client of registry.clients()) {
      client.send({ service: 'door', message: 'x'.repeat(9_000_000) });
      client.close(4200);
    }
    // It has its message and its close frame, and keeps the connection.
    await mute.ended;
    expect(mute.closeCode).toBe(4200);
    await until(() => registry.clients().size === 0, 8000);
    expect(performance.now() - begun).toBeLessThan(7000);
  }, 20_000);
});

async function until(holds: () => boolean, limit: number): Promise<void> {
  const deadline = performance.now() + limit;
  while (!holds()) {
    if (performance.now() > deadline)
      throw new Error(`Never: ${String(holds)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
