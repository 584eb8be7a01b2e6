import { describe, expect, it } from '@jest/globals';
import { constants, deflateRawSync } from 'node:zlib';
import {
  brokenFrame,
  damagedText,
  hostileMessage,
  unfinishedFrame,
} from '../support/hostile/frames.js';
import { Random } from '../../harness/random.js';
import {
  clientFrame,
  messageFrame,
  Opcode,
  RawSocket,
  upgradeRequest,
} from '../support/sockets/raw-socket.js';
import { ServerProcess } from '../support/hostile/server-process.js';
import { Witness } from '../support/hostile/witness.js';

const SEED = 20_261_120;
const FRAMES = 100_000;
/** Connections that break the protocol, or break off: one frame each. */
const BREAKING = 4000;
const PER_CONNECTION = 250;
const SIDE_BY_SIDE = 16;

/** Asks something sensible; settles with true once it has been answered. */
function stillOfUse(socket: RawSocket, last: string): Promise<boolean> {
  const wanted = Buffer.from(`"callId":"${last}"`);
  const answered = new Promise<boolean>((resolve) => {
    socket.onFrame = (_opcode, payload) => {
      if (payload.includes(wanted)) resolve(true);
    };
  });
  socket.write(
    messageFrame('calc', {
      command: 'sum',
      params: { a: 1, b: 1 },
      callId: last,
    }),
  );
  return Promise.race([answered, socket.closed.then(() => false)]);
}

/** Messages of all kinds on one connection, which outlives them. */
async function talkNonsense(
  port: number,
  random: Random,
  frames: number,
): Promise<string[]> {
  const bytes: Buffer[] = [];
  for (let i = 0; i < frames; i++) bytes.push(hostileMessage(random));
  const pipelined = random.chance(0.2);
  await using socket = pipelined
    ? // Without waiting for the server's agreement
      await RawSocket.dial(
        port,
        Buffer.concat([Buffer.from(upgradeRequest()), ...bytes]),
      )
    : await RawSocket.open(port);
  if (!pipelined) {
    const all = Buffer.concat(bytes);
    // In pieces that have nothing to do with frames
    for (let at = 0; at < all.length;) {
      const size = 1 + random.below(20_000);
      socket.write(all.subarray(at, at + size));
      at += size;
    }
  }
  const faults: string[] = [];
  if (!(await stillOfUse(socket, `last ${random.next()}`))) {
    faults.push(`closed with ${socket.closeCode ?? 'nothing'}`);
  }
  if (socket.fault !== undefined) faults.push(socket.fault);
  if (random.chance(0.5)) socket.reset();
  return faults;
}

/** One frame that the protocol forbids; the server has to end the connection. */
async function breakProtocol(port: number, random: Random): Promise<string[]> {
  await using socket = await RawSocket.open(port);
  const bytes = brokenFrame(random);
  socket.write(Buffer.concat([bytes, random.bytes(random.below(2) * 20)]));
  // We give up only when the server has.
  await socket.ended;
  const faults: string[] = [];
  if (socket.fault !== undefined) faults.push(socket.fault);
  if (socket.afterClose > 0) faults.push(`${socket.afterClose} bytes too many`);
  const { closeCode } = socket;
  if (closeCode !== undefined && ![1002, 1007, 1009].includes(closeCode)) {
    faults.push(`${bytes.toString('hex', 0, 20)} closed with ${closeCode}`);
  }
  return faults;
}

/** A frame that is never finished, and an end of any kind. */
async function breakOff(port: number, random: Random): Promise<string[]> {
  const pipelined = random.chance(0.3);
  await using socket = pipelined
    ? await RawSocket.dial(
        port,
        Buffer.concat([Buffer.from(upgradeRequest()), unfinishedFrame(random)]),
      )
    : await RawSocket.open(port);
  if (!pipelined) socket.write(unfinishedFrame(random));
  const kind = random.below(3);
  if (kind === 0) {
    socket.reset();
  } else if (kind === 1) {
    socket.tcp.end();
    await socket.closed;
  }
  return [];
}

/** What a connection with permessage-deflate may be sent instead of deflate. */
function badlyCompressed(random: Random): Buffer {
  const rsv = 4;
  const kind = random.below(4);
  if (kind === 0) return clientFrame(random.bytes(random.below(300)), { rsv });
  if (kind === 1) {
    // 20 MB of zeros, which is twice what a message may have
    return clientFrame(BOMB, { rsv, opcode: Opcode.binary });
  }
  const text = deflateRawSync(damagedText(random), {
    finishFlush: constants.Z_SYNC_FLUSH,
  });
  const payload = text.subarray(0, -4);
  if (kind === 2) payload[random.below(payload.length)] = random.below(256);
  return clientFrame(
    kind === 3 ? payload.subarray(0, random.below(payload.length)) : payload,
    { rsv, fin: random.chance(0.9) },
  );
}

const BOMB = deflateRawSync(Buffer.alloc(20_000_000));

describe('A server that is sent 100,000 random and mutated frames', () => {
  it('stays up, writes few lines, and leaves a well-behaved connection unharmed', async () => {
    await using server = await ServerProcess.start();
    await using witness = await Witness.start(
      `ws://127.0.0.1:${server.port}/ws`,
    );
    const random = new Random(SEED);
    const jobs: (() => Promise<string[]>)[] = [];
    let left = FRAMES;
    for (let i = 0; i < BREAKING; i++) {
      const own = new Random(random.below(2 ** 32));
      const act = random.chance(0.5) ? breakProtocol : breakOff;
      jobs.push(() => act(server.port, own));
      left--;
    }
    while (left > 0) {
      const own = new Random(random.below(2 ** 32));
      const frames = Math.min(left, 1 + random.below(2 * PER_CONNECTION));
      const at = random.below(jobs.length + 1);
      jobs.splice(at, 0, () => talkNonsense(server.port, own, frames));
      left -= frames;
    }
    const faults: string[] = [];
    await Promise.all(
      Array.from({ length: SIDE_BY_SIDE }, async () => {
        for (let job = jobs.pop(); job !== undefined; job = jobs.pop()) {
          faults.push(...(await job()));
        }
      }),
    );
    expect(faults).toEqual([]);
    await witness.stop();

    const state = await server.until(({ clients }) => clients === 1);
    expect(state.counters['received']).toBeGreaterThan(FRAMES * 0.7);
    expect(state.unhandled).toEqual([]);
    expect(state.warnings).toEqual([]);
    expect(state.polluted).toBe(false);
    expect(state.lines).toBeGreaterThan(0);
    expect(state.lines).toBeLessThan(500);
    expect(witness.rounds).toBeGreaterThan(50);
  }, 60_000);

  it('stays up when they are badly compressed', async () => {
    await using server = await ServerProcess.start({
      websocket: { compression: true },
    });
    const url = `ws://127.0.0.1:${server.port}/ws`;
    await using witness = await Witness.start(url, { perMessageDeflate: true });
    const random = new Random(SEED);
    const before = await server.ask({ do: 'measure' });
    for (let i = 0; i < 500; i++) {
      await using socket = await RawSocket.open(
        server.port,
        '/ws',
        'Sec-WebSocket-Extensions: permessage-deflate',
      );
      expect(socket.head).toContain('permessage-deflate');
      // Compressed ones may come back, and are not read here.
      socket.onFrame = () => {};
      for (let n = 0; n < 4; n++) socket.write(badlyCompressed(random));
      socket.write(clientFrame('', { opcode: Opcode.close }));
      await socket.ended;
    }
    await witness.stop();
    const state = await server.until(({ clients }) => clients === 1);
    expect(state.peakRss - before.rss).toBeLessThan(150 * 1024 * 1024);
    expect(state.unhandled).toEqual([]);
    expect(state.warnings).toEqual([]);
    expect(state.lines).toBeLessThan(500);
    expect(witness.rounds).toBeGreaterThan(50);
  }, 60_000);
});
