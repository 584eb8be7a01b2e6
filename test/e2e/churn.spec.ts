import { describe, expect, it } from '@jest/globals';
import { ChannelReader } from '../support/sockets/channel-reader.js';
import { Disposables } from '../support/lifetimes/disposables.js';
import { Random } from '../../harness/random.js';
import {
  clientFrame,
  Opcode,
  RawSocket,
} from '../support/sockets/raw-socket.js';
import { ServerProcess } from '../support/hostile/server-process.js';

const PASSERS_BY = 1000;
const SIDE_BY_SIDE = 25;
const STAYING = 20;
const PER_ROUND = 50;

/** Subscribes, perhaps reads a little, and vanishes in one of many ways. */
async function passBy(port: number, random: Random): Promise<string[]> {
  if (random.chance(0.1)) {
    // Gone before the answer
    await using socket = await RawSocket.open(port);
    const params = { channel: 'news' };
    socket.send('pubsub', { command: 'subscribe', params });
    if (random.chance(0.5)) socket.reset();
    return [];
  }
  await using reader = await ChannelReader.subscribe(port, 'news');
  const { socket } = reader;
  if (random.chance(0.7)) {
    await reader.until(Math.max(0, reader.expected) + 1 + random.below(60));
  }
  const way = random.below(5);
  if (way === 0) {
    socket.reset();
  } else if (way === 1) {
    socket.tcp.end();
    await socket.closed;
  } else if (way === 2) {
    socket.write(clientFrame('', { opcode: Opcode.close }));
    await socket.closed;
  } else if (way === 3) {
    socket.tcp.pause();
    socket.write(clientFrame('{', { fin: false }));
  }
  // Messages before that must be in order, whatever happened to the rest.
  return [reader.wrong, socket.fault].filter((fault) => fault !== undefined);
}

describe('1,000 connections that subscribe and vanish while publications go on', () => {
  it('cost those who stay nothing: everything comes in order, once', async () => {
    await using server = await ServerProcess.start();
    await using staying = new Disposables();
    const readers: ChannelReader[] = [];
    for (let i = 0; i < STAYING; i++) {
      const reader = await ChannelReader.subscribe(server.port, 'news', 0);
      readers.push(staying.use(reader));
    }
    const random = new Random(4);
    let left = PASSERS_BY;
    const faults: string[] = [];
    const passing = Promise.all(
      Array.from({ length: SIDE_BY_SIDE }, async () => {
        while (left-- > 0) {
          const own = new Random(random.below(2 ** 32));
          faults.push(...(await passBy(server.port, own)));
        }
      }),
    );
    const passed = { all: false };
    void passing.finally(() => (passed.all = true));
    let published = 0;
    while (!passed.all) {
      await server.ask({
        do: 'publish',
        channel: 'news',
        from: published,
        count: PER_ROUND,
        size: 20 * random.below(50),
        perTurn: 1 + random.below(PER_ROUND),
      });
      published += PER_ROUND;
      await Promise.all(readers.map((reader) => reader.until(published)));
    }
    await passing;
    expect(faults).toEqual([]);
    expect(readers.flatMap((reader) => reader.wrong ?? [])).toEqual([]);
    expect(readers.map((reader) => reader.expected)).toEqual(
      readers.map(() => published),
    );
    const state = await server.until(({ clients }) => clients === STAYING);
    expect(state.counters['accepted']).toBeGreaterThanOrEqual(
      PASSERS_BY * 0.95,
    );
    expect(state.counters['closedSlow']).toBe(0);
    expect(state.counters['failures']).toBe(0);
    expect(state.unhandled).toEqual([]);
    expect(state.warnings).toEqual([]);
    expect(state.lines).toBe(0);
    expect(published).toBeGreaterThan(1000);
  }, 30_000);
});
