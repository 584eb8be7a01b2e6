import { describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { getDefaultHighWaterMark, setDefaultHighWaterMark } from 'node:stream';
import { getRegistryToken, ServiceRegistry, SnorkyModule } from 'snorky';
import {
  CHUNK,
  Outbox,
  type FrameSource,
  type OutboxSink,
} from '../../src/core/clients/outbox.js';
import { OutboxFlusher } from '../../src/core/clients/outbox-flusher.js';
import type { WebSocketClient } from '../../src/transports/websocket/websocket-client.js';
import { startApp } from '../support/servers/app.js';
import { Opcode, RawSocket } from '../support/sockets/raw-socket.js';
import { unchanging } from '../support/waiting/turns.js';

/** Both ends of a connection, with an outbox at one of them. */
class Line implements OutboxSink, AsyncDisposable {
  readonly outbox: Outbox;
  readonly failures: unknown[] = [];
  readonly far: Socket;
  slow = 0;
  private got = 0;

  private constructor(
    private readonly near: Socket,
    far: Socket,
    flusher: OutboxFlusher,
  ) {
    this.far = far;
    this.far.on('data', (chunk: Buffer) => (this.got += chunk.length));
    this.outbox = new Outbox(this, flusher, {
      limit: 1024 * 1024,
      burst: 8 * 1024 * 1024,
    });
    near.on('drain', () => this.outbox.drained());
  }

  static async open(flusher: OutboxFlusher): Promise<Line> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const far = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const [near] = (await once(server, 'connection')) as [Socket];
    server.close();
    return new Line(near, far, flusher);
  }

  /** Settles when so many bytes have arrived at the other end. */
  async arrived(bytes: number): Promise<void> {
    while (this.got < bytes) await once(this.far, 'data');
  }

  get buffered(): number {
    return this.near.writableLength;
  }

  get writable(): boolean {
    return this.near.writable;
  }

  write(frames: readonly Uint8Array[]): void {
    this.near.write(Buffer.concat(frames));
  }

  awaitDrain(): void {}

  tooSlow(): void {
    this.slow++;
  }

  failed(error: unknown): void {
    this.failures.push(error);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.near, 'close');
    this.far.destroy();
    this.near.destroy();
    await closed;
  }
}

const FRAME = Buffer.alloc(10_000, 'f');

/** Gives frames, then throws. */
function failingAfter(frames: number): FrameSource {
  let given = 0;
  return () => {
    if (given++ < frames) return FRAME;
    throw new Error('The source fails');
  };
}

/** Gives frames, then ends. */
function endingAfter(frames: number): FrameSource {
  let given = 0;
  return () => (given++ < frames ? FRAME : undefined);
}

describe('A source of frames that throws', () => {
  it.each([
    ['at once', 0],
    ['among the first', 3],
    ['when the socket has drained', 2000],
  ])('%s ends its own connection only', async (_when, frames) => {
    const flusher = new OutboxFlusher();
    await using before = await Line.open(flusher);
    await using broken = await Line.open(flusher);
    await using after = await Line.open(flusher);
    before.outbox.pull(endingAfter(frames + 100));
    broken.outbox.push(FRAME);
    broken.outbox.pull(failingAfter(frames));
    broken.outbox.push(FRAME);
    after.outbox.pull(endingAfter(frames + 100));
    after.outbox.push(FRAME);
    await Promise.all([
      before.arrived((frames + 100) * FRAME.length),
      after.arrived((frames + 101) * FRAME.length),
    ]);
    while (broken.failures.length === 0) await once(broken.far, 'data');
    expect(broken.failures).toEqual([new Error('The source fails')]);
    expect([...before.failures, ...after.failures]).toEqual([]);
    expect(before.slow + broken.slow + after.slow).toBe(0);
    // It takes nothing more, and does not ask the source again.
    broken.outbox.push(FRAME);
    broken.outbox.pull(failingAfter(0));
    await new Promise((resolve) => setImmediate(resolve));
    expect(broken.failures.length).toBe(1);
    expect(broken.outbox.bytes).toBe(0);
  });

  it('while something else is queued does not reach whoever queues it', async () => {
    const flusher = new OutboxFlusher();
    await using line = await Line.open(flusher);
    line.outbox.pull(failingAfter(0));
    // A whole chunk is handed over at once, the source before it.
    expect(() => line.outbox.push(Buffer.alloc(CHUNK))).not.toThrow();
    expect(line.failures.length).toBe(1);
  });
});

describe('A source of frames that closes its connection', () => {
  it('gives nothing more to it', async () => {
    const flusher = new OutboxFlusher();
    await using line = await Line.open(flusher);
    const written: number[] = [];
    line.write = (frames) => written.push(frames.length);
    let asked = 0;
    line.outbox.pull(() => {
      if (++asked === 2) line.outbox.close();
      return FRAME;
    });
    line.outbox.push(FRAME);
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked).toBe(2);
    // What was queued after the source is handed over by closing. Nothing is
    // written after that, and the source is not asked again.
    expect(written).toEqual([1]);
    expect(line.failures).toEqual([]);
  });
});

describe('Where streams buffer more than usual', () => {
  it('a client that begins to read late has everything', async () => {
    const usual = getDefaultHighWaterMark(false);
    setDefaultHighWaterMark(false, 8 * 1024 * 1024);
    try {
      await using app = await startApp({
        imports: [
          SnorkyModule.forRoot({
            registries: { frontend: { websocket: { path: '/ws' } } },
          }),
        ],
      });
      await using socket = await RawSocket.open(app.port);
      socket.tcp.pause();
      let got = 0;
      const all = new Promise<void>((resolve) => {
        socket.onFrame = (opcode) => {
          if (opcode === Opcode.text && ++got === 1500) resolve();
        };
      });
      const registry = app.app.get<ServiceRegistry>(
        getRegistryToken('frontend'),
      );
      const [client] = registry.clients();
      const message = 'x'.repeat(10_000);
      for (let n = 0; n < 1500; n++) client?.send({ service: 'a', message });
      // Everything that the sockets can take is on its way, and more is
      // waiting.
      const { outbox } = client as WebSocketClient;
      const left = await unchanging(
        () => outbox.bytes + (client as WebSocketClient).buffered,
      );
      expect(left).toBeGreaterThan(0);
      expect(got).toBe(0);
      socket.tcp.resume();
      await all;
      expect(got).toBe(1500);
    } finally {
      setDefaultHighWaterMark(false, usual);
    }
  });
});
