import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { messageFrame, Opcode, upgradeRequest } from './raw-socket.js';

const HEAD_END = '\r\n\r\n';
const NUMBER = '"n":';
/** So much of a payload is looked at: all before the body of a publication. */
const LOOKED_AT = 128;
/** Shared by all: what is read is looked at before anything else is read. */
const READ = Buffer.allocUnsafe(1024 * 1024);

/**
 * A subscriber that checks, as `ChannelReader` does, that publications which
 * count in a member `n` come in order, once; but without a copy of them, so that
 * a hundred of these can read gigabytes in seconds.
 */
export class FloodReader implements AsyncDisposable {
  /** The number that must come next. */
  expected = 0;
  /** What came instead of it, if ever anything did. */
  wrong: string | undefined;
  readonly closed: Promise<void>;

  private readonly tcp: Socket;
  /** The header of a frame, and the beginning of its payload. */
  private readonly start = Buffer.alloc(10 + LOOKED_AT);
  private has = 0;
  private needs = 2;
  /** Bytes of the payload that need not be looked at. */
  private skips = 0;
  private handshake: string | undefined = '';
  private awaited = Infinity;
  private reached: () => void = () => {};
  private readonly answered: Promise<void>;
  private answer!: () => void;

  private constructor(port: number) {
    this.answered = new Promise((resolve) => (this.answer = resolve));
    this.tcp = connect({
      port,
      host: '127.0.0.1',
      onread: {
        buffer: READ,
        callback: (length) => {
          this.take(length);
          return true;
        },
      },
    });
    this.tcp.on('error', () => {});
    this.closed = once(this.tcp, 'close').then(() => undefined);
  }

  /** Connects and subscribes. */
  static async subscribe(port: number, channel: string): Promise<FloodReader> {
    const reader = new FloodReader(port);
    await once(reader.tcp, 'connect');
    const command = { command: 'subscribe', params: { channel }, callId: 1 };
    reader.tcp.write(upgradeRequest());
    reader.tcp.write(messageFrame('pubsub', command));
    await Promise.race([
      reader.answered,
      reader.closed.then(() => {
        throw new Error('Closed before an answer');
      }),
    ]);
    return reader;
  }

  /** Settles when all before `n` have come, or the connection has ended. */
  async until(n: number): Promise<void> {
    if (this.expected >= n) return;
    const reached = new Promise<void>((resolve) => (this.reached = resolve));
    this.awaited = n;
    await Promise.race([reached, this.closed]);
    this.awaited = Infinity;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.tcp.destroy();
    await this.closed;
  }

  private take(length: number): void {
    let at = 0;
    if (this.handshake !== undefined) {
      const before = this.handshake.length;
      this.handshake += READ.toString('latin1', 0, length);
      const end = this.handshake.indexOf(HEAD_END);
      if (end === -1) return;
      at = end + HEAD_END.length - before;
      this.handshake = undefined;
    }
    while (at < length) {
      if (this.skips > 0) {
        const skipped = Math.min(this.skips, length - at);
        this.skips -= skipped;
        at += skipped;
        continue;
      }
      const taken = Math.min(this.needs - this.has, length - at);
      READ.copy(this.start, this.has, at, at + taken);
      this.has += taken;
      at += taken;
      if (this.has === this.needs) this.look();
    }
  }

  /** Looks at what there is of a frame, and finds out what else is needed. */
  private look(): void {
    const { start } = this;
    const short = start[1] as number;
    const header = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (this.has < header) {
      this.needs = header;
      return;
    }
    const length =
      short < 126
        ? short
        : short === 126
          ? start.readUInt16BE(2)
          : Number(start.readBigUInt64BE(2));
    this.needs = header + Math.min(length, LOOKED_AT);
    if (this.has < this.needs) return;
    this.frame(
      start[0] as number,
      start.toString('latin1', header, this.needs),
    );
    this.skips = header + length - this.needs;
    this.has = 0;
    this.needs = 2;
  }

  private frame(first: number, payload: string): void {
    const opcode = first & 0x0f;
    if (opcode === Opcode.ping) return;
    const at = payload.indexOf(NUMBER);
    if (at === -1 && payload.includes('"callId":1')) {
      this.answer();
      return;
    }
    const n = Number.parseInt(payload.slice(at + NUMBER.length), 10);
    if (first !== 0x81 || at === -1 || n !== this.expected) {
      this.wrong ??= `${first}: ${payload}, not ${this.expected}`;
    }
    this.expected = n + 1;
    if (this.expected >= this.awaited) this.reached();
  }
}
