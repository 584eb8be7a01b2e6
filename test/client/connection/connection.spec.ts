import { afterEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import {
  NEXT_STATE,
  RPCService,
  Service,
  Snorky,
  type ConnectionState,
  type SocketClass,
} from 'snorky/client';
import {
  connect,
  dispatched,
  FAST,
  inState,
  rejection,
} from '../support/client.js';
import {
  ScriptedServer,
  type ScriptedConnection,
} from '../support/scripted-server.js';

const services = { calc: RPCService };

interface FakeSocketEvents {
  onopen?: () => void;
  onclose?: (close: { code: number }) => void;
}

/** Sockets without a network: for what is told by the clock alone. */
function fakeSockets(): {
  sockets: FakeSocketEvents[];
  FakeSocket: SocketClass;
} {
  const sockets: FakeSocketEvents[] = [];
  class FakeSocket {
    constructor() {
      sockets.push(this as FakeSocketEvents);
    }
    send(): void {}
    close(): void {}
  }
  return { sockets, FakeSocket: FakeSocket as unknown as SocketClass };
}

describe('the life of a connection', () => {
  it('connects at once, and tells', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, services);
    expect(snorky.isConnecting).toBe(true);
    expect(snorky.isConnected).toBe(false);
    await dispatched(snorky.connected);
    expect(snorky.isConnecting).toBe(false);
    expect(snorky.isConnected).toBe(true);
  });

  it('is not connected any more the moment it is disconnected', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, services);
    const connection = await server.connection();
    await inState(snorky, 'connected');
    const ended = dispatched(snorky.disconnected);
    snorky.disconnect();
    expect(snorky.isConnected).toBe(false);
    expect(snorky.state).toBe('idle');
    await ended;
    await connection.closed;
  });

  it('disconnects any number of times, in any state', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, services, { connect: false });
    let ends = 0;
    snorky.disconnected.add(() => ends++);
    snorky.disconnect();
    snorky.connect();
    snorky.disconnect();
    snorky.disconnect();
    snorky.connect();
    await inState(snorky, 'connected');
    snorky.disconnect();
    snorky.disconnect();
    expect(snorky.state).toBe('idle');
    expect(ends).toBe(1);
  });

  it('leaves no socket behind when it is disconnected while it connects', async () => {
    await using server = await ScriptedServer.start();
    for (let i = 0; i < 20; i++) {
      const snorky = connect(server.url, services);
      snorky.disconnect();
    }
    // When this client is connected, the server has dealt with all earlier
    // ones.
    using last = connect(server.url, services);
    await inState(last, 'connected');
    while (server.connections > 1) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(server.connections).toBe(1);
  });

  it('connects again after it was disconnected', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, services);
    await inState(snorky, 'connected');
    snorky.disconnect();
    snorky.connect();
    await inState(snorky, 'connected');
    expect(server.accepted).toBe(2);
  });

  it('uses no more of a socket than the original did', () => {
    const members = new Set<PropertyKey>();
    const sockets: Record<string, unknown>[] = [];
    const watch = (socket: object): object =>
      new Proxy(socket as Record<string, unknown>, {
        get: (target, key: string) => {
          members.add(key);
          return target[key];
        },
        set: (target, key: string, value) => {
          members.add(key);
          target[key] = value;
          return true;
        },
      });
    class Bare {
      constructor() {
        sockets.push(this as unknown as Record<string, unknown>);
      }
      send(): void {}
      close(): void {}
    }
    const Watched = new Proxy(Bare, {
      construct: (target) => watch(new target()),
    });
    const snorky = new Snorky(
      Watched as unknown as SocketClass,
      'ws://x',
      services,
    );
    const events = sockets[0] as Record<string, (event?: unknown) => void>;
    events['onopen']?.({});
    expect(snorky.isConnected).toBe(true);
    events['onmessage']?.({
      data: '{"service":"calc","message":{"type":"x"}}',
    });
    events['onclose']?.();
    expect(snorky.isConnected).toBe(false);
    snorky.disconnect();
    expect([...members].sort()).toEqual([
      'close',
      'onclose',
      'onerror',
      'onmessage',
      'onopen',
      'send',
    ]);
  });

  it('stops, and says why, when the address cannot be opened', async () => {
    const errors = jest.spyOn(console, 'error').mockImplementation(() => {});
    try {
      using snorky = connect('not an address', services);
      expect(snorky.state).toBe('stopped');
      const error = await rejection(snorky.services.calc.rpcCall('sum'));
      expect(error).toMatchObject({
        code: 'SNORKY_STOPPED',
        message: expect.stringContaining('the address cannot be opened'),
      });
      expect(errors).toHaveBeenCalledTimes(1);
    } finally {
      errors.mockRestore();
    }
  });
});

describe('coming back', () => {
  it('comes back after its connection was cut', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, services);
    for (let i = 1; i <= 5; i++) {
      const connection = await server.connection();
      await inState(snorky, 'connected');
      expect(server.accepted).toBe(i);
      const ended = dispatched(snorky.disconnected);
      connection.cut();
      expect(await ended).toEqual([{ code: 1006, reason: '' }]);
      expect(snorky.state).toBe('waiting');
      expect(snorky.retryAt).toBeGreaterThan(Date.now() - 1000);
    }
    await inState(snorky, 'connected');
    expect(snorky.retryAt).toBeUndefined();
  });

  it('keeps trying while there is no server', async () => {
    const first = await ScriptedServer.start();
    const { port, url } = first;
    using snorky = connect(url, services);
    await inState(snorky, 'connected');
    await first[Symbol.asyncDispose]();
    let attempts = 0;
    await dispatched(
      snorky.stateChanged,
      (state) => state === 'connecting' && ++attempts === 5,
    );
    await using second = await ScriptedServer.start(port);
    await inState(snorky, 'connected');
    expect(second.accepted).toBe(1);
  });

  it('does not count as lost twice', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, services);
    const states: ConnectionState[] = [];
    snorky.stateChanged.add((state) => states.push(state));
    const connection = await server.connection();
    await inState(snorky, 'connected');
    connection.cut();
    await inState(snorky, 'waiting');
    await inState(snorky, 'connected');
    expect(states).toEqual(['connected', 'waiting', 'connecting', 'connected']);
  });

  it('does not come back when it is told not to', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, services, { reconnect: false });
    (await server.connection()).cut();
    await inState(snorky, 'stopped');
    expect(snorky.retryAt).toBeUndefined();
  });

  it('gives up after so many attempts in a row', async () => {
    const server = await ScriptedServer.start();
    using snorky = connect(server.url, services, {
      reconnect: { ...FAST, attempts: 3 },
    });
    await inState(snorky, 'connected');
    let attempts = 0;
    snorky.stateChanged.add((state) => {
      if (state === 'connecting') attempts++;
    });
    await server[Symbol.asyncDispose]();
    await inState(snorky, 'stopped');
    expect(attempts).toBe(3);
    expect(await rejection(snorky.services.calc.rpcCall('sum'))).toMatchObject({
      code: 'SNORKY_STOPPED',
      message: expect.stringContaining('3 attempts are allowed'),
    });
  });

  it('waits longer each time while a server accepts and closes', () => {
    const { sockets, FakeSocket } = fakeSockets();
    const snorky = new Snorky(FakeSocket, 'ws://x', services, {
      reconnect: { minDelay: 1000, maxDelay: 5000, random: () => 0.5 },
    });
    const delays: number[] = [];
    for (let i = 0; i < 5; i++) {
      const now = Date.now();
      sockets.at(-1)?.onopen?.();
      sockets.at(-1)?.onclose?.({ code: 1006 });
      delays.push(Math.round(((snorky.retryAt ?? 0) - now) / 100) * 100);
      // Out of turn: it changes nothing about the next delay.
      snorky.connect();
    }
    snorky.disconnect();
    expect(delays).toEqual([500, 1000, 2000, 2500, 2500]);
  });

  it('does not hold a connection to be stable that has gone', async () => {
    const { sockets, FakeSocket } = fakeSockets();
    const snorky = new Snorky(FakeSocket, 'ws://x', services, {
      reconnect: { minDelay: 10_000, random: () => 0.5, stableAfter: 10 },
    });
    const delays: number[] = [];
    for (let i = 0; i < 3; i++) {
      sockets.at(-1)?.onopen?.();
      const now = Date.now();
      sockets.at(-1)?.onclose?.({ code: 1006 });
      delays.push(Math.round(((snorky.retryAt ?? 0) - now) / 1000));
      await new Promise((resolve) => setTimeout(resolve, 20));
      snorky.connect();
    }
    snorky.disconnect();
    expect(delays).toEqual([5, 10, 15]);
  });

  it('hears nothing of a socket that it has given up', async () => {
    const { sockets, FakeSocket } = fakeSockets();
    const snorky = new Snorky(FakeSocket, 'ws://x', services, {
      openTimeout: 10,
    });
    const [first] = sockets;
    const late = first?.onclose;
    snorky.disconnect();
    snorky.connect();
    sockets[1]?.onopen?.();
    first?.onclose?.({ code: 1006 });
    expect(late).toBeInstanceOf(Function);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(snorky.state).toBe('connected');
    snorky.disconnect();
  });

  it('begins with short delays again once a connection has held', async () => {
    const { sockets, FakeSocket } = fakeSockets();
    const snorky = new Snorky(FakeSocket, 'ws://x', services, {
      reconnect: { minDelay: 10_000, random: () => 0.5, stableAfter: 5 },
    });
    const delays: number[] = [];
    for (const holds of [false, false, true]) {
      sockets.at(-1)?.onopen?.();
      if (holds) await new Promise((resolve) => setTimeout(resolve, 20));
      const now = Date.now();
      sockets.at(-1)?.onclose?.({ code: 1006 });
      delays.push(Math.round(((snorky.retryAt ?? 0) - now) / 1000));
      snorky.connect();
    }
    snorky.disconnect();
    expect(delays).toEqual([5, 10, 5]);
  });

  it('begins with short delays again at once where no time is asked of it', () => {
    const { sockets, FakeSocket } = fakeSockets();
    const snorky = new Snorky(FakeSocket, 'ws://x', services, {
      reconnect: { minDelay: 10_000, random: () => 0.5, stableAfter: 0 },
    });
    const delays: number[] = [];
    for (const opens of [false, false, true]) {
      if (opens) sockets.at(-1)?.onopen?.();
      const now = Date.now();
      sockets.at(-1)?.onclose?.({ code: 1006 });
      delays.push(Math.round(((snorky.retryAt ?? 0) - now) / 1000));
      snorky.connect();
    }
    snorky.disconnect();
    expect(delays).toEqual([5, 10, 5]);
  });

  it('spreads those who were lost together', () => {
    const delays: number[] = [];
    for (let i = 0; i < 200; i++) {
      const { sockets, FakeSocket } = fakeSockets();
      const snorky = new Snorky(FakeSocket, 'ws://x', services, {
        reconnect: { minDelay: 10_000 },
      });
      const now = Date.now();
      sockets[0]?.onclose?.({ code: 1001 });
      delays.push((snorky.retryAt ?? 0) - now);
      snorky.disconnect();
    }
    const tenths = new Set(delays.map((delay) => Math.floor(delay / 1000)));
    // The chance that one of the ten parts stays empty is 10 x 0.9 ** 200.
    expect([...tenths].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('opens a function of an address anew each time', async () => {
    await using server = await ScriptedServer.start();
    let tokens = 0;
    using snorky = connect(
      () => Promise.resolve(`${server.url}?token=${++tokens}`),
      services,
    );
    const first = await server.connection();
    expect(first.url).toBe('/?token=1');
    await inState(snorky, 'connected');
    first.cut();
    expect((await server.connection()).url).toBe('/?token=2');
  });

  it('tries again when there is no address yet', async () => {
    await using server = await ScriptedServer.start();
    let asked = 0;
    using snorky = connect(() => {
      if (++asked < 3) throw new Error('Not logged in');
      return server.url;
    }, services);
    await inState(snorky, 'connected');
    expect(asked).toBe(3);
  });

  it('forgets an address that comes too late', async () => {
    const { sockets, FakeSocket } = fakeSockets();
    const addresses: ((url: string) => void)[] = [];
    const snorky = new Snorky(
      FakeSocket,
      () => new Promise<string>((resolve) => addresses.push(resolve)),
      services,
      { openTimeout: 20, reconnect: FAST },
    );
    while (addresses.length < 3) {
      await dispatched(snorky.stateChanged, (state) => state === 'connecting');
      await Promise.resolve();
    }
    for (const give of addresses) give('ws://x');
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(sockets).toHaveLength(1);
    snorky.disconnect();
  });

  it('gives up on a socket that does not open', async () => {
    const silent = createServer();
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const sockets = new Set<Socket>();
    silent.on('connection', (socket) => sockets.add(socket));
    const { port } = silent.address() as AddressInfo;
    try {
      using snorky = connect(`ws://127.0.0.1:${port}`, services, {
        openTimeout: 20,
      });
      const [, close] = await dispatched(
        snorky.stateChanged,
        (state) => state === 'waiting',
      );
      expect(close?.reason).toContain('20 ms');
      await inState(snorky, 'connecting');
    } finally {
      for (const socket of sockets) socket.destroy();
      silent.close();
    }
  });
});

describe('close codes', () => {
  const back = [
    1000, 1001, 1002, 1003, 1007, 1008, 1010, 1011, 1012, 1013, 1014, 3000,
    4000, 4001, 4002, 4099, 4200, 4999,
  ];
  const stay = [1009, 4100, 4150, 4199];

  it.each(back)('comes back after %i', async (code) => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, services);
    (await server.connection()).ws.close(code, 'so it is');
    const [state, close] = await dispatched(
      snorky.stateChanged,
      (now) => now === 'waiting',
    );
    expect({ state, close }).toEqual({
      state: 'waiting',
      close: { code, reason: 'so it is' },
    });
    await server.connection();
  });

  it.each(stay)('stays away after %i, until connect()', async (code) => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, services);
    const connection = await server.connection();
    const call = rejection(snorky.services.calc.rpcCall('sum'));
    await connection.next();
    connection.ws.close(code, 'log in first');
    expect(await call).toMatchObject({
      name: 'ConnectorError',
      code: 'SNORKY_STOPPED',
      message: expect.stringContaining(`${code} "log in first"`),
    });
    expect(snorky.state).toBe('stopped');
    snorky.connect();
    await server.connection();
    expect(server.accepted).toBe(2);
  });

  it('leaves the decision to the application, if it wants it', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, services, {
      reconnect: { ...FAST, comesBack: ({ code }) => code !== 4200 },
    });
    (await server.connection()).ws.close(4100);
    (await server.connection()).ws.close(4200);
    await inState(snorky, 'stopped');
    expect(server.accepted).toBe(2);
  });
});

describe('a credential that has run out', () => {
  const renewing = { ...FAST, renew: true };
  const expire = ({ ws }: ScriptedConnection): void => {
    ws.close(4100, 'Identity expired');
  };

  it('is renewed: the address is asked for again', async () => {
    await using server = await ScriptedServer.start();
    let ticket = 0;
    const address = async (): Promise<string> => {
      await Promise.resolve();
      return `${server.url}?ticket=${++ticket}`;
    };
    using snorky = connect(address, services, { reconnect: renewing });
    const states: string[] = [];
    snorky.stateChanged.add((state) => states.push(state));
    const first = await server.connection();
    await inState(snorky, 'connected');
    const waits = snorky.services.calc.rpcCall('sum', {}, { repeat: true });
    expire(first);
    const second = await server.connection();
    expect([first.url, second.url]).toEqual(['/?ticket=1', '/?ticket=2']);
    second.answer(await second.next(), 5);
    expect(await waits).toBe(5);
    expect(states).not.toContain('stopped');
  });

  it('is not renewed without end where the new ones are no better', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, services, { reconnect: renewing });
    for (let i = 0; i < 4; i++) expire(await server.connection());
    await inState(snorky, 'stopped');
    expect(server.accepted).toBe(4);
    expect(await rejection(snorky.services.calc.rpcCall('sum'))).toMatchObject({
      code: 'SNORKY_STOPPED',
      message: expect.stringContaining('4100 "Identity expired"'),
    });
    // Somebody has logged in: it begins anew.
    snorky.connect();
    expire(await server.connection());
    await server.connection();
  });

  it('may run out again and again where its connections have held', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, services, {
      reconnect: { ...renewing, stableAfter: 1 },
    });
    for (let i = 0; i < 6; i++) {
      const connection = await server.connection();
      await inState(snorky, 'connected');
      await new Promise((resolve) => setTimeout(resolve, 15));
      expire(connection);
    }
    await server.connection();
    expect(server.accepted).toBe(7);
  });

  it.each([1009, 4101])('is not what %i tells', async (code) => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, services, { reconnect: renewing });
    (await server.connection()).ws.close(code);
    await inState(snorky, 'stopped');
    expect(server.accepted).toBe(1);
  });

  it('counts among the attempts that are allowed', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, services, {
      reconnect: { ...renewing, attempts: 1 },
    });
    expire(await server.connection());
    expire(await server.connection());
    await inState(snorky, 'stopped');
    expect(server.accepted).toBe(2);
  });
});

/**
 * Has the server answer once: a service is asked only when it is known to be
 * there.
 */
async function acquainted(
  snorky: Snorky<typeof services>,
  connection: ScriptedConnection,
): Promise<void> {
  const call = snorky.services.calc.rpcCall('hello');
  connection.answer(await connection.next(), null);
  await call;
}

describe('signs of life', () => {
  it('leaves a server that has fallen silent', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, services, {
      heartbeat: 20,
      heartbeatTimeout: 20,
    });
    const silent = await server.connection();
    await acquainted(snorky, silent);
    const [, close] = await dispatched(
      snorky.stateChanged,
      (state) => state === 'waiting',
    );
    expect(close?.reason).toBe('It gave no sign of life');
    expect((await silent.next()).message).toMatchObject({ command: '' });
    await server.connection();
  });

  it('stays with a server that answers', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, services, {
      heartbeat: 10,
      heartbeatTimeout: 100,
    });
    const connection = await server.connection();
    await acquainted(snorky, connection);
    for (let i = 0; i < 3; i++) {
      connection.refuse(await connection.next(), 'Unknown command');
    }
    expect(snorky.state).toBe('connected');
    expect(server.accepted).toBe(1);
  });

  it.each([
    ['no service could answer', { echo: Service }],
    ['no service has answered yet', services],
  ])('asks nothing where %s', async (_name, classes) => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, classes, {
      heartbeat: 5,
      heartbeatTimeout: 5,
    });
    const connection = await server.connection();
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(connection.unread).toEqual([]);
    expect(snorky.state).toBe('connected');
  });

  it('asks a service that is there, not the first one', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(
      server.url,
      { missing: RPCService, ...services },
      { heartbeat: 10, heartbeatTimeout: 1000 },
    );
    const connection = await server.connection();
    await acquainted(snorky, connection);
    expect((await connection.next()).service).toBe('calc');
  });

  it('has patience with a server that has many calls to answer', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, services, {
      heartbeat: 10,
      heartbeatTimeout: 30,
    });
    const connection = await server.connection();
    await acquainted(snorky, connection);
    const calls = Array.from({ length: 40 }, () =>
      snorky.services.calc.rpcCall('slow'),
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (let i = 0; i < 40; i++) {
      connection.answer(await connection.next(), i);
    }
    await Promise.all(calls);
    expect(server.accepted).toBe(1);
  });

  it('has no patience for ever, though many calls are open', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, services, {
      heartbeat: 5,
      heartbeatTimeout: 5,
    });
    await acquainted(snorky, await server.connection());
    for (let i = 0; i < 40; i++) {
      snorky.services.calc.rpcCall('slow', {}, { timeout: 0 }).catch(() => {});
    }
    await inState(snorky, 'waiting');
    expect(server.accepted).toBe(1);
  });

  it('has patience with a connection that still sends', async () => {
    const { sockets, FakeSocket } = fakeSockets();
    const snorky = new Snorky(FakeSocket, 'ws://x', services, {
      heartbeat: 5,
      heartbeatTimeout: 20,
    });
    const socket = sockets[0] as FakeSocketEvents & {
      bufferedAmount?: number;
      onmessage?: (event: { data: string }) => void;
    };
    socket.onopen?.();
    socket.onmessage?.({ data: '{"service":"calc","message":{"type":"x"}}' });
    socket.bufferedAmount = 1e7;
    await new Promise((resolve) => setTimeout(resolve, 70));
    expect(snorky.state).toBe('connected');
    socket.bufferedAmount = 0;
    await inState(snorky, 'waiting');
    snorky.disconnect();
  });
});

describe('times that are none', () => {
  it.each([0, Infinity])('waits for ever with %d', async (never) => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, services, {
      timeout: never,
      openTimeout: never,
      heartbeat: never === 0 ? 5 : never,
      heartbeatTimeout: never,
      reconnect: { ...FAST, stableAfter: never },
    });
    const connection = await server.connection();
    await acquainted(snorky, connection);
    const call = snorky.services.calc.rpcCall('slow');
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(snorky.state).toBe('connected');
    expect(server.accepted).toBe(1);
    connection.answer(await connection.next(), 1);
    expect(await call).toBe(1);
  });

  it('waits for an address for ever', async () => {
    await using server = await ScriptedServer.start();
    let give: (url: string) => void = () => {};
    using snorky = connect(
      () => new Promise<string>((resolve) => (give = resolve)),
      services,
      { openTimeout: 0 },
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([snorky.state, server.accepted]).toEqual(['connecting', 0]);
    give(server.url);
    await inState(snorky, 'connected');
  });

  it('comes back although the longest delay is infinite', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, services, {
      reconnect: { minDelay: 1, maxDelay: Infinity },
    });
    (await server.connection()).cut();
    await inState(snorky, 'waiting');
    await inState(snorky, 'connected');
    expect(server.accepted).toBe(2);
  });
});

describe('what listeners do', () => {
  it('hear of states in their order, whatever they do', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, services);
    const connection = await server.connection();
    await inState(snorky, 'connected');
    snorky.stateChanged.add((state) => {
      if (state === 'waiting') snorky.disconnect();
    });
    const heard: ConnectionState[] = [];
    snorky.stateChanged.add((state) => heard.push(state));
    connection.cut();
    await inState(snorky, 'idle');
    expect(heard).toEqual(['waiting', 'idle']);
  });

  it('are not told of a connection that has gone again', async () => {
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, services);
    let connected = 0;
    snorky.connected.add(() => connected++);
    snorky.stateChanged.add((state) => {
      if (state === 'connected') snorky.disconnect();
    });
    await dispatched(snorky.stateChanged, (state) => state === 'idle');
    expect(connected).toBe(0);
  });

  it('does not stop a client that a decision of its fails', async () => {
    const errors = jest.spyOn(console, 'error').mockImplementation(() => {});
    try {
      await using server = await ScriptedServer.start();
      using snorky = connect(server.url, services, {
        reconnect: {
          ...FAST,
          comesBack: () => {
            throw new Error('undecided');
          },
        },
      });
      (await server.connection()).cut();
      await inState(snorky, 'waiting');
      await server.connection();
      expect(errors).toHaveBeenCalledTimes(1);
    } finally {
      errors.mockRestore();
    }
  });
});

describe('hints of the browser', () => {
  const scope = globalThis as unknown as Record<string, unknown>;
  const listeners = new Map<string, Set<() => void>>();
  const target = {
    addEventListener: (type: string, listener: () => void) => {
      const known = listeners.get(type) ?? new Set();
      listeners.set(type, known.add(listener));
    },
    removeEventListener: (type: string, listener: () => void) => {
      listeners.get(type)?.delete(listener);
    },
  };
  const fire = (type: string): void => {
    for (const listener of listeners.get(type) ?? []) listener();
  };
  const count = (): number =>
    [...listeners.values()].reduce((sum, { size }) => sum + size, 0);

  function browser(): void {
    Object.assign(scope, target, {
      document: { ...target, visibilityState: 'visible' },
    });
  }
  afterEach(() => {
    delete scope['addEventListener'];
    delete scope['removeEventListener'];
    delete scope['document'];
    listeners.clear();
  });

  it('tries at once when somebody looks at the page', async () => {
    browser();
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, services, {
      reconnect: {
        minDelay: 3_600_000,
        maxDelay: 3_600_000,
        random: () => 0.9,
      },
    });
    (await server.connection()).cut();
    await inState(snorky, 'waiting');
    fire('visibilitychange');
    await server.connection();
    await inState(snorky, 'connected');
    expect(server.accepted).toBe(2);
  });

  it('tries soon when the device is online again', async () => {
    browser();
    await using server = await ScriptedServer.start();
    const random = jest.fn(() => 1);
    using snorky = connect(server.url, services, {
      reconnect: { minDelay: 1_000_000, maxDelay: 64_000_000, random },
    });
    (await server.connection()).cut();
    await inState(snorky, 'waiting');
    random.mockReturnValue(0);
    fire('online');
    const again = await server.connection();
    // And counts attempts anew: this is the second, not the third.
    random.mockReturnValue(1);
    again.cut();
    await inState(snorky, 'waiting');
    expect(snorky.retryAt).toBeLessThan(Date.now() + 3_000_000);
  });

  it('asks the server for a sign of life when the device goes offline', async () => {
    browser();
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, services, { heartbeatTimeout: 20 });
    const connection = await server.connection();
    await acquainted(snorky, connection);
    fire('offline');
    expect((await connection.next()).service).toBe('calc');
    await inState(snorky, 'waiting');
  });

  it('does not wait long for a server when the device is offline', async () => {
    browser();
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, services, { heartbeatTimeout: 60_000 });
    await acquainted(snorky, await server.connection());
    const timers = jest.spyOn(globalThis, 'setTimeout');
    try {
      fire('offline');
      expect(timers.mock.calls.map(([, after]) => after)).toContain(2000);
    } finally {
      timers.mockRestore();
    }
  });

  it('listens only while it may come back', async () => {
    browser();
    await using server = await ScriptedServer.start();
    using snorky = connect(server.url, services);
    (await server.connection()).cut();
    await server.connection();
    expect(count()).toBe(3);
    snorky.disconnect();
    expect(count()).toBe(0);
  });
});

describe('the table of states', () => {
  it('knows no way out of idle but connect', () => {
    expect(NEXT_STATE.idle).toEqual({ connect: 'connecting' });
  });

  it('holds at most one socket, whatever happens', () => {
    const events = ['connect', 'disconnect', 'open', 'close', 'stop'] as const;
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...events), { maxLength: 40 }),
        (sequence) => {
          const open = new Set<Fake>();
          class Fake {
            onopen: (() => void) | null = null;
            onclose: ((close: object) => void) | null = null;
            onmessage = null;
            onerror = null;
            constructor() {
              open.add(this);
            }
            send(): void {}
            close(): void {
              open.delete(this);
            }
            end(code: number): void {
              open.delete(this);
              this.onclose?.({ code, reason: '' });
            }
          }
          const snorky = new Snorky(
            Fake as unknown as SocketClass,
            'ws://x',
            services,
            { connect: false, heartbeat: 0 },
          );
          for (const event of sequence) {
            const [socket] = open;
            if (event === 'connect') snorky.connect();
            else if (event === 'disconnect') snorky.disconnect();
            else if (event === 'open') socket?.onopen?.();
            else socket?.end(event === 'stop' ? 4100 : 1006);
            const held = snorky.isConnected || snorky.isConnecting;
            expect(open.size).toBe(held ? 1 : 0);
            expect(snorky.retryAt !== undefined).toBe(
              snorky.state === 'waiting',
            );
          }
          snorky.disconnect();
          expect(open.size).toBe(0);
        },
      ),
    );
  });
});
