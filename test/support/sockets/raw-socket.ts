import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export const Opcode = {
  continuation: 0,
  text: 1,
  binary: 2,
  close: 8,
  ping: 9,
  pong: 10,
} as const;

/** What of a frame may be wrong. */
export interface FrameOptions {
  readonly opcode?: number;
  readonly fin?: boolean;
  /** The three reserved bits, 0 to 7. */
  readonly rsv?: number;
  readonly masked?: boolean;
  /** What the header says; the payload is as it is. */
  readonly length?: number | bigint;
  /** How the length is written: 7, 16 or 64 bits. Default: the shortest. */
  readonly lengthBits?: 7 | 16 | 64;
}

/** A frame as clients send them, as wrong as is asked for. */
export function clientFrame(
  payload: string | Buffer,
  options: FrameOptions = {},
): Buffer {
  const body = typeof payload === 'string' ? Buffer.from(payload) : payload;
  const { opcode = Opcode.text, fin = true, rsv = 0, masked = true } = options;
  const length = BigInt(options.length ?? body.length);
  const bits =
    options.lengthBits ?? (length < 126n ? 7 : length < 65_536n ? 16 : 64);
  const mask = masked ? 0x80 : 0;
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  let header: Buffer;
  if (bits === 7) {
    header = Buffer.from([first, mask | Number(length & 0x7fn)]);
  } else if (bits === 16) {
    header = Buffer.from([first, mask | 126, 0, 0]);
    header.writeUInt16BE(Number(length & 0xffffn), 2);
  } else {
    header = Buffer.alloc(10);
    header[0] = first;
    header[1] = mask | 127;
    header.writeBigUInt64BE(BigInt.asUintN(64, length), 2);
  }
  if (!masked) return Buffer.concat([header, body]);
  // With a key of zeros the payload is its own masked form.
  return Buffer.concat([header, Buffer.alloc(4), body]);
}

/** The text frame of an envelope. */
export function messageFrame(service: string, message: unknown): Buffer {
  return clientFrame(JSON.stringify({ service, message }));
}

/** The upgrade request of a well-behaved client. */
export function upgradeRequest(path = '/ws', ...headers: string[]): string {
  return [
    `GET ${path} HTTP/1.1`,
    'Host: localhost',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    'Sec-WebSocket-Version: 13',
    ...headers,
    '\r\n',
  ].join('\r\n');
}

/** A frame that came from a server. The payload is only valid in the callback. */
export type OnFrame = (opcode: number, payload: Buffer) => void;

const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * A WebSocket connection without a WebSocket library: says what it is told to,
 * stops reading when it is told to, and parses what servers may send, strictly.
 */
export class RawSocket implements AsyncDisposable {
  /** The status line and headers of the answer to the upgrade. */
  head = '';
  onFrame: OnFrame = () => {};
  /** What was wrong with the server's bytes, if anything was. */
  fault: string | undefined;
  /** Whether the server has sent a close frame, and with which code. */
  closeCode: number | undefined;
  closeReason = '';
  /** Whether to answer a close frame, as clients must. */
  answersClose = false;
  /** Bytes that came after a close frame. */
  afterClose = 0;
  received = 0;
  readonly closed: Promise<void>;
  /** The server will say nothing more. */
  readonly ended: Promise<void>;

  private chunks: Buffer[] = [];
  private size = 0;
  private needed = 1;
  private readonly opened: Promise<void>;
  private hasHead!: () => void;

  private constructor(readonly tcp: Socket) {
    tcp.setNoDelay(true);
    tcp.on('error', () => {});
    this.closed = new Promise((resolve) => tcp.once('close', () => resolve()));
    this.ended = new Promise((resolve) => {
      for (const event of ['end', 'close']) tcp.once(event, () => resolve());
    });
    this.opened = new Promise((resolve, reject) => {
      this.hasHead = resolve;
      void this.closed.then(() => reject(new Error('Closed before an answer')));
    });
    this.opened.catch(() => {});
    tcp.on('data', (chunk: Buffer) => this.take(chunk));
  }

  /** Connects and sends bytes, which need not be an upgrade request. */
  static async dial(
    port: number,
    first: string | Buffer,
    allowHalfOpen = false,
  ): Promise<RawSocket> {
    const tcp = connect({ port, host: '127.0.0.1', allowHalfOpen });
    const socket = new RawSocket(tcp);
    await once(tcp, 'connect');
    tcp.write(first);
    return socket;
  }

  /** Connects and waits until the upgrade is accepted. */
  static async open(
    port: number,
    path = '/ws',
    ...headers: string[]
  ): Promise<RawSocket> {
    const request = upgradeRequest(path, ...headers);
    return RawSocket.accepted(await RawSocket.dial(port, request));
  }

  /** The same for a peer that does not end its side when the server has. */
  static async openStubborn(port: number): Promise<RawSocket> {
    return RawSocket.accepted(
      await RawSocket.dial(port, upgradeRequest(), true),
    );
  }

  private static async accepted(socket: RawSocket): Promise<RawSocket> {
    await socket.opened;
    if (!socket.head.startsWith('HTTP/1.1 101 ')) {
      throw new Error(`Refused: ${socket.head}`);
    }
    return socket;
  }

  /** Settles with the answer's head. */
  async answered(): Promise<string> {
    await this.opened;
    return this.head;
  }

  write(bytes: Buffer): void {
    if (this.tcp.writable) this.tcp.write(bytes);
  }

  send(service: string, message: unknown): void {
    this.write(messageFrame(service, message));
  }

  /** Cuts the connection with a reset. */
  reset(): void {
    this.tcp.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.tcp.destroy();
    await this.closed;
  }

  private take(chunk: Buffer): void {
    this.received += chunk.length;
    this.chunks.push(chunk);
    this.size += chunk.length;
    while (this.size >= this.needed) {
      const bytes =
        this.chunks.length === 1
          ? (this.chunks[0] as Buffer)
          : Buffer.concat(this.chunks);
      const used = this.head === '' ? this.readHead(bytes) : this.read(bytes);
      const rest = bytes.subarray(used);
      this.chunks = rest.length === 0 ? [] : [rest];
      this.size = rest.length;
      if (used === 0) break;
    }
  }

  private readHead(bytes: Buffer): number {
    const end = bytes.indexOf(HEAD_END);
    if (end === -1) {
      this.needed = bytes.length + 1;
      return 0;
    }
    this.head = bytes.toString('latin1', 0, end);
    this.needed = 2;
    this.hasHead();
    return end + HEAD_END.length;
  }

  /** Reads whole frames; answers how many bytes they were. */
  private read(bytes: Buffer): number {
    let offset = 0;
    for (;;) {
      const left = bytes.length - offset;
      if (this.closeCode !== undefined) {
        this.afterClose += left;
        this.needed = 1;
        return bytes.length;
      }
      this.needed = 2;
      if (left < 2) return offset;
      const first = bytes[offset] as number;
      let length = bytes[offset + 1] as number;
      let header = 2;
      if (length === 126) {
        header = 4;
        if (left < header) return this.wait(header, offset);
        length = bytes.readUInt16BE(offset + 2);
      } else if (length === 127) {
        header = 10;
        if (left < header) return this.wait(header, offset);
        length = Number(bytes.readBigUInt64BE(offset + 2));
      } else if (length > 127) {
        this.fault ??= 'a masked frame';
      }
      if (left < header + length) return this.wait(header + length, offset);
      const payload = bytes.subarray(offset + header, offset + header + length);
      this.frame(first, payload);
      offset += header + length;
    }
  }

  private wait(bytes: number, offset: number): number {
    this.needed = bytes;
    return offset;
  }

  private frame(first: number, payload: Buffer): void {
    const opcode = first & 0x0f;
    if ((first & 0xf0) !== 0x80) this.fault ??= `a first byte of ${first}`;
    if (opcode === Opcode.close) {
      this.closeCode = payload.length >= 2 ? payload.readUInt16BE() : 1005;
      this.closeReason = payload.toString('utf8', 2);
      if (this.answersClose) {
        const code = Buffer.from(payload.subarray(0, 2));
        this.write(clientFrame(code, { opcode: Opcode.close }));
      }
    } else if (![Opcode.text, Opcode.ping, Opcode.pong].includes(opcode as 1)) {
      this.fault ??= `an opcode of ${opcode}`;
    }
    this.onFrame(opcode, payload);
  }
}
