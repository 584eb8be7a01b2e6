import { describe, expect, it } from '@jest/globals';
import type { WebSocketOptions } from 'snorky';
import { Disposables } from '../support/lifetimes/disposables.js';
import { FloodReader } from '../support/sockets/flood-reader.js';
import { RawSocket } from '../support/sockets/raw-socket.js';
import { ServerProcess } from '../support/hostile/server-process.js';

const MIB = 1024 * 1024;
const LIMIT = 100 * MIB;

const SLOW = 100;
const READERS = 100;

/** 200 MB: 20,000 messages of 10 kB. */
const ROUNDS = 200;
const WARM_UP = 10;
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
 *
 * @param enough Ends it sooner, once memory has grown by more than that.
 */
async function publishToSlow(
  websocket: WebSocketOptions,
  enough = Infinity,
): Promise<Outcome> {
  await using server = await ServerProcess.start({ websocket });
  await using sockets = new Disposables();
  const readers: FloodReader[] = [];
  for (let i = 0; i < READERS; i++) {
    const reader = await FloodReader.subscribe(server.port, 'bulk');
    readers.push(sockets.use(reader));
  }
  let published = 0;
  const publish = async (): Promise<void> => {
    await server.ask({
      do: 'publish',
      channel: 'bulk',
      from: published,
      count: PER_ROUND,
      size: SIZE,
      perTurn: 10,
    });
    published += PER_ROUND;
    await Promise.all(readers.map((reader) => reader.until(published)));
  };
  // Memory that the server needs for the readers is not measured.
  for (let round = 0; round < WARM_UP; round++) await publish();
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
  let after = before;
  for (let round = 0; round < ROUNDS; round++) {
    await publish();
    after = await server.state();
    if (after.peakRss - before.rss > enough) break;
  }
  const lost = readers
    .filter(({ expected }) => expected !== published)
    .map(({ expected }) => `stopped at ${expected} of ${published}`);
  return {
    growth: after.peakRss - before.rss,
    closedSlow: after.counters['closedSlow'] ?? 0,
    clients: after.clients,
    lost: [...lost, ...readers.flatMap((reader) => reader.wrong ?? [])],
  };
}

describe('100 subscribers that stop reading while 200 MB are published', () => {
  it('are closed as slow, hold at most 100 MiB, and cost 100 readers nothing', async () => {
    const outcome = await publishToSlow({});
    expect(outcome.lost).toEqual([]);
    expect(outcome.closedSlow).toBe(SLOW);
    expect(outcome.clients).toBe(READERS);
    expect(outcome.growth).toBeLessThan(LIMIT);
  }, 90_000);

  it('hold more than that with the bound switched off', async () => {
    const unbounded = {
      maxWaiting: Number.MAX_SAFE_INTEGER,
      maxBurst: Number.MAX_SAFE_INTEGER,
    };
    const outcome = await publishToSlow(unbounded, LIMIT);
    expect(outcome.lost).toEqual([]);
    expect(outcome.closedSlow).toBe(0);
    expect(outcome.clients).toBe(READERS + SLOW);
    expect(outcome.growth).toBeGreaterThan(LIMIT);
  }, 90_000);
});
