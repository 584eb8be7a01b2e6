import { describe, expect, it } from '@jest/globals';
import { ChannelReader } from '../support/sockets/channel-reader.js';
import { Disposables } from '../support/lifetimes/disposables.js';
import {
  clientFrame,
  messageFrame,
  Opcode,
  RawSocket,
  upgradeRequest,
} from '../support/sockets/raw-socket.js';
import { Random } from '../../harness/random.js';
import { ServerProcess } from '../support/hostile/server-process.js';
import { Witness } from '../support/hostile/witness.js';

const MIB = 1024 * 1024;

/** A connection whose client never reads, once it is connected. */
async function deaf(port: number): Promise<RawSocket> {
  const socket = await RawSocket.open(port);
  socket.tcp.pause();
  return socket;
}

/** Writes as fast as the server reads; settles when all is written or lost. */
async function pour(
  socket: RawSocket,
  chunk: Buffer,
  times: number,
): Promise<void> {
  for (let i = 0; i < times && socket.tcp.writable; i++) {
    if (socket.tcp.write(chunk)) continue;
    await Promise.race([
      new Promise((resolve) => socket.tcp.once('drain', resolve)),
      socket.closed,
    ]);
  }
}

describe('A burst to a client that reads', () => {
  it('arrives whole, 2,000 messages of 10 kB in one turn', async () => {
    await using server = await ServerProcess.start();
    await using reader = await ChannelReader.subscribe(server.port, 'bulk', 0);
    await server.ask({
      do: 'publish',
      channel: 'bulk',
      from: 0,
      count: 2000,
      size: 10_000,
      perTurn: 2000,
    });
    await reader.until(2000);
    expect(reader.wrong).toBeUndefined();
    expect(reader.expected).toBe(2000);
    const { counters } = await server.state();
    expect(counters).toMatchObject({ closedSlow: 0, connections: 1 });
  }, 30_000);

  it('arrives whole, one message of 9 MB', async () => {
    await using server = await ServerProcess.start({
      websocket: { maxPayload: 10_000_000 },
    });
    await using reader = await ChannelReader.subscribe(server.port, 'bulk', 0);
    await using socket = await RawSocket.open(server.port);
    const back = new Promise<Buffer>((resolve) => {
      socket.onFrame = (_opcode, payload) => resolve(Buffer.from(payload));
    });
    const message = 'y'.repeat(9_000_000);
    socket.send('echo', message);
    await server.ask({
      do: 'publish',
      channel: 'bulk',
      from: 0,
      count: 2,
      size: 9_000_000,
      perTurn: 1,
    });
    await reader.until(2);
    expect((await back).length).toBe(message.length + 31);
    expect(reader.wrong).toBeUndefined();
    expect((await server.state()).counters).toMatchObject({
      closedSlow: 0,
      connections: 2,
    });
  }, 30_000);
});

describe('A client that does not read', () => {
  it('costs little however often it pings', async () => {
    await using server = await ServerProcess.start();
    const url = `ws://127.0.0.1:${server.port}/ws`;
    await using witness = await Witness.start(url);
    await using socket = await deaf(server.port);
    const ping = clientFrame(Buffer.alloc(125, 1), { opcode: Opcode.ping });
    const before = await server.ask({ do: 'measure' });
    // 200,000 of them
    await pour(socket, Buffer.concat(Array<Buffer>(500).fill(ping)), 400);
    // What comes after them is taken, so they were too.
    socket.send('explode', null);
    const after = await server.until(({ counters }) => {
      return (counters['failures'] ?? 0) > 0;
    });
    await witness.stop();
    expect(after.clients).toBe(2);
    expect(after.peakRss - before.rss).toBeLessThan(40 * MIB);
  }, 30_000);

  it('has the pongs it reads at last in the order of its pings', async () => {
    await using server = await ServerProcess.start();
    await using socket = await deaf(server.port);
    const pings: Buffer[] = [];
    for (let i = 0; i < 20_000; i++) {
      pings.push(clientFrame(String(i), { opcode: Opcode.ping }));
    }
    socket.write(Buffer.concat(pings));
    let last = -1;
    let disorder = false;
    const answered = new Promise<void>((resolve) => {
      socket.onFrame = (opcode, payload) => {
        if (opcode === Opcode.text) resolve();
        if (opcode !== Opcode.pong) return;
        const number = Number(payload.toString());
        if (number <= last) disorder = true;
        last = number;
      };
    });
    socket.send('echo', 1);
    socket.tcp.resume();
    await answered;
    expect(disorder).toBe(false);
    expect(last).toBeGreaterThan(0);
    expect(socket.fault).toBeUndefined();
  }, 30_000);

  it.each([
    ['answered at once', 'text', { size: 3000 }, 'closedSlow'],
    ['answered late', 'later', { value: 'x'.repeat(3000) }, 'closedSlow'],
    ['held back', 'guarded', { value: 'x'.repeat(3000) }, 'closedSlow'],
    ['never answered', 'never', {}, 'closedStalled'],
    ['stuck behind a guard', 'stuck', {}, 'closedStalled'],
  ])(
    'costs little with 10,000 requests that are %s',
    async (_how, command, params, fate) => {
      await using server = await ServerProcess.start({
        // What one turn reads from a socket may be all of them.
        websocket: { stallTimeout: 500, maxBurst: 4 * MIB },
      });
      const url = `ws://127.0.0.1:${server.port}/ws`;
      await using witness = await Witness.start(url);
      await using socket = await deaf(server.port);
      const before = await server.ask({ do: 'measure' });
      const requests: Buffer[] = [];
      for (let callId = 0; callId < 100; callId++) {
        requests.push(messageFrame('calc', { command, params, callId }));
      }
      const poured = pour(socket, Buffer.concat(requests), 100);
      const after = await server.until(({ counters }) => counters[fate] === 1);
      await witness.stop();
      expect(after.peakRss - before.rss).toBeLessThan(40 * MIB);
      expect(after.unhandled).toEqual([]);
      expect(after.lines).toBe(0);
      // It may never read why; it is cut off all the same.
      await server.until(({ clients }) => clients === 1);
      await poured;
      if (fate !== 'closedStalled') return;
      const taken = (after.counters['received'] ?? 0) - 1 - 4 * witness.rounds;
      // 1,000, and what one read from the socket brought beyond them
      expect(taken).toBeLessThan(3000);
    },
    30_000,
  );

  it('holds 64 large answers for no longer than it is connected', async () => {
    await using server = await ServerProcess.start();
    const before = await server.ask({ do: 'measure' });
    for (let round = 0; round < 4; round++) {
      await using all = new Disposables();
      for (let i = 0; i < 16; i++) {
        const socket = all.use(await deaf(server.port));
        socket.send('calc', { command: 'text', params: { size: 4_000_000 } });
      }
      await server.until(({ counters }) => {
        return counters['received'] === 16 * (round + 1);
      });
    }
    const gone = await server.until(({ clients }) => clients === 0);
    expect(gone.counters['closedSlow']).toBe(0);
    await server.ask({ do: 'collect' });
    const after = await server.state();
    expect(after.heapUsed - before.heapUsed).toBeLessThan(10 * MIB);
  }, 30_000);
});

describe('Connections that are reset', () => {
  /** Connects, in one of many ways, and resets. */
  async function comeAndGo(port: number, random: Random): Promise<void> {
    const request = upgradeRequest();
    const way = random.below(6);
    if (way === 0) {
      const part = request.slice(0, random.below(request.length));
      await using socket = await RawSocket.dial(port, part);
      socket.reset();
      await socket.closed;
    } else if (way === 1) {
      await using socket = await RawSocket.dial(port, request);
      socket.reset();
      await socket.closed;
    } else {
      await using socket = await RawSocket.open(port);
      const channel = random.below(5);
      if (way > 2) {
        socket.send('pubsub', { command: 'subscribe', params: { channel } });
      }
      if (way > 3) socket.send('calc', { command: 'never', params: {} });
      if (way > 4) {
        socket.send('calc', { command: 'guarded', params: { value: 1 } });
        socket.write(clientFrame('{"service', { fin: false }));
      }
      socket.reset();
      await socket.closed;
    }
  }

  it('leave nothing behind, 2,000 of them', async () => {
    await using server = await ServerProcess.start();
    const random = new Random(7);
    const comeAndGoOften = async (): Promise<void> => {
      for (let i = 0; i < 100; i++) {
        await Promise.all(
          Array.from({ length: 10 }, () => comeAndGo(server.port, random)),
        );
      }
      await server.until(({ clients, resources }) => {
        return clients === 0 && resources['TCPSocketWrap'] === undefined;
      });
    };
    await comeAndGoOften();
    await server.ask({ do: 'collect' });
    const before = await server.state();
    await comeAndGoOften();
    await server.ask({ do: 'collect' });
    const after = await server.state();
    expect(after.clients).toBe(0);
    expect(after.counters['connections']).toBe(0);
    expect(after.counters['accepted']).toBeGreaterThan(1300);
    expect(after.resources).toEqual(before.resources);
    expect(after.warnings).toEqual([]);
    expect(after.unhandled).toEqual([]);
    expect(after.lines).toBe(0);
    // 1,000 clients would be several times this.
    expect(after.heapUsed - before.heapUsed).toBeLessThan(MIB);
  }, 30_000);
});
