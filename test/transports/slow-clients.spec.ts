import { describe, expect, it } from '@jest/globals';
import type { WebSocketOptions } from 'snorky';
import { ChannelReader } from '../support/channel-reader.js';
import { Disposables } from '../support/disposables.js';
import { RawSocket } from '../support/raw-socket.js';
import { ServerProcess } from '../support/server-process.js';

const MIB = 1024 * 1024;
const LIMIT = 100 * MIB;

const SLOW = 100;
/** Readers of everything, and readers of a channel that is published beside. */
const FULL_READERS = 20;
const SIDE_READERS = 80;

/** 200 MB: 20,000 messages of 10 kB. */
const ROUNDS = 200;
const WARM_UP = 20;
const PER_ROUND = 100;
const SIZE = 10_000;

interface Outcome {
  readonly growth: number;
  readonly closedSlow: number;
  readonly clients: number;
  readonly lost: readonly string[];
}

/**
 * Publishes 200 MB to clients that do not read, beside some that do. Rounds wait
 * for the readers, so that on a busy machine these are not slow too; nothing
 * waits for the others.
 */
async function publishToSlow(
  websocket: WebSocketOptions,
  fullReaders: number,
  sideReaders: number,
): Promise<Outcome> {
  await using server = await ServerProcess.start({ websocket });
  await using sockets = new Disposables();
  const full: ChannelReader[] = [];
  for (let i = 0; i < fullReaders; i++) {
    const reader = await ChannelReader.subscribe(server.port, 'bulk', 0);
    full.push(sockets.use(reader));
  }
  const side: ChannelReader[] = [];
  for (let i = 0; i < sideReaders; i++) {
    const reader = await ChannelReader.subscribe(server.port, 'side', 0);
    side.push(sockets.use(reader));
  }
  const publish = async (round: number): Promise<void> => {
    const from = round * PER_ROUND;
    await server.ask({
      do: 'publish',
      channel: 'bulk',
      from,
      count: PER_ROUND,
      size: SIZE,
      perTurn: 10,
    });
    await server.ask({
      do: 'publish',
      channel: 'side',
      from: round,
      count: 1,
      size: SIZE,
      perTurn: 1,
    });
    await Promise.all([
      ...full.map((reader) => reader.until(from + PER_ROUND)),
      ...side.map((reader) => reader.until(round + 1)),
    ]);
  };
  // What the server needs for the readers alone is not what is measured.
  for (let round = 0; round < WARM_UP; round++) await publish(round);
  for (let i = 0; i < SLOW; i++) {
    const slow = sockets.use(await RawSocket.open(server.port));
    const answered = new Promise<void>((resolve) => {
      slow.onFrame = () => resolve();
    });
    slow.send('pubsub', {
      command: 'subscribe',
      params: { channel: 'bulk' },
      callId: 1,
    });
    await answered;
    slow.tcp.pause();
  }
  const before = await server.ask({ do: 'measure' });
  for (let round = WARM_UP; round < WARM_UP + ROUNDS; round++) {
    await publish(round);
  }
  const after = await server.state();
  const rounds = WARM_UP + ROUNDS;
  const lost = [
    ...full.filter(({ expected }) => expected !== rounds * PER_ROUND),
    ...side.filter(({ expected }) => expected !== rounds),
  ].map(({ expected }) => `stopped at ${expected}`);
  const wrong = [...full, ...side].flatMap((reader) => reader.wrong ?? []);
  return {
    growth: after.peakRss - before.rss,
    closedSlow: after.counters['closedSlow'] ?? 0,
    clients: after.clients,
    lost: [...lost, ...wrong],
  };
}

describe('100 subscribers that stop reading while 200 MB are published', () => {
  it('are closed as slow, hold at most 100 MiB, and cost 100 readers nothing', async () => {
    const outcome = await publishToSlow({}, FULL_READERS, SIDE_READERS);
    expect(outcome.lost).toEqual([]);
    expect(outcome.closedSlow).toBe(SLOW);
    expect(outcome.clients).toBe(FULL_READERS + SIDE_READERS);
    expect(outcome.growth).toBeLessThan(LIMIT);
  }, 60_000);

  it('hold more than that with the bound switched off', async () => {
    const outcome = await publishToSlow(
      {
        maxWaiting: Number.MAX_SAFE_INTEGER,
        maxBurst: Number.MAX_SAFE_INTEGER,
      },
      1,
      0,
    );
    expect(outcome.lost).toEqual([]);
    expect(outcome.closedSlow).toBe(0);
    expect(outcome.clients).toBe(SLOW + 1);
    expect(outcome.growth).toBeGreaterThan(LIMIT);
  }, 60_000);
});
