import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A frame as it came from the server. */
export interface Frame {
  readonly fin: boolean;
  /** Set on messages that are compressed. */
  readonly rsv1: boolean;
  readonly opcode: number;
  readonly masked: boolean;
  readonly payload: Buffer;
}

/** The server's answer to an opening handshake. */
export interface HandshakeAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

export const Opcode = {
  continuation: 0,
  text: 1,
  binary: 2,
  close: 8,
  ping: 9,
  pong: 10,
} as const;

/** What a handshake may have besides, or instead of, the usual headers. */
export interface HandshakeOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent in the same chunk, before the answer is there. */
  readonly early?: Buffer;
}

/** A WebSocket without a library: sends any bytes, and shows each frame. */
export class RawWebSocket implements AsyncDisposable {
  /** Settles when the TCP connection has ended. */
  readonly closed: Promise<unknown>;
  private received = Buffer.alloc(0);
  private wake: (() => void) | undefined;
  private ended = false;

  private constructor(readonly tcp: Socket) {
    tcp.on('error', () => {});
    tcp.on('data', (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk]);
      this.wake?.();
    });
    this.closed = once(tcp, 'close').then(() => {
      this.ended = true;
      this.wake?.();
    });
  }

  /** Sends an opening handshake, and waits for the head of its answer. */
  static async handshake(
    url: string,
    { headers = {}, early }: HandshakeOptions = {},
  ): Promise<{ readonly raw: RawWebSocket; readonly answer: HandshakeAnswer }> {
    const { hostname, port, pathname, search } = new URL(url);
    const tcp = connect({ host: hostname, port: Number(port) });
    await once(tcp, 'connect');
    const raw = new RawWebSocket(tcp);
    const all = {
      Host: `${hostname}:${port}`,
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
    };
    const lines = Object.entries(all).map(
      ([name, value]) => `${name}: ${value}`,
    );
    const head = `GET ${pathname}${search} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
    tcp.write(Buffer.concat([Buffer.from(head), early ?? Buffer.alloc(0)]));
    const text = await raw.takeHead();
    const [first = '', ...rest] = text.split('\r\n');
    return {
      raw,
      answer: {
        status: Number(first.split(' ')[1]),
        headers: Object.fromEntries(
          rest.map((line) => {
            const colon = line.indexOf(':');
            return [
              line.slice(0, colon).toLowerCase(),
              line.slice(colon + 1).trim(),
            ];
          }),
        ),
      },
    };
  }

  /** The same for a handshake that is accepted. */
  static async open(
    url: string,
    options: HandshakeOptions = {},
  ): Promise<RawWebSocket> {
    const { raw, answer } = await RawWebSocket.handshake(url, options);
    if (answer.status === 101) return raw;
    raw.tcp.destroy();
    throw new Error(`The handshake was answered with ${answer.status}`);
  }

  /** Sends one frame, by default whole and masked. */
  send(
    opcode: number,
    payload: string | Buffer = '',
    options: FrameOptions = {},
  ): void {
    this.tcp.write(encodeFrame(opcode, payload, options));
  }

  /** Sends a message of a service in a text frame. */
  sendMessage(service: string, message: unknown): void {
    this.send(Opcode.text, JSON.stringify({ service, message }));
  }

  /** The next frame. Rejects when the connection ends before. */
  async frame(): Promise<Frame> {
    for (;;) {
      const frame = this.takeFrame();
      if (frame !== undefined) return frame;
      if (this.ended) throw new Error('The connection ended without a frame');
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  /** The message in the next frame that is no ping or pong. */
  async message(): Promise<unknown> {
    const { opcode, payload } = await this.frame();
    if (opcode === Opcode.ping || opcode === Opcode.pong) return this.message();
    return (JSON.parse(payload.toString()) as { message: unknown }).message;
  }

  /** The code and reason in the next frame, which must be a close frame. */
  async close(): Promise<{ code: number; reason: string }> {
    const { opcode, payload } = await this.frame();
    if (opcode !== Opcode.close) throw new Error(`No close frame: ${opcode}`);
    return {
      code: payload.length < 2 ? 1005 : payload.readUInt16BE(0),
      reason: payload.subarray(2).toString(),
    };
  }

  /** Reads until the connection ends, and gives what had not been taken. */
  async rest(): Promise<Buffer> {
    await this.closed;
    return this.received;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.tcp.destroy();
    await this.closed;
  }

  private async takeHead(): Promise<string> {
    for (;;) {
      const end = this.received.indexOf('\r\n\r\n');
      if (end >= 0) {
        const head = this.received.subarray(0, end).toString('latin1');
        this.received = this.received.subarray(end + 4);
        return head;
      }
      if (this.ended) throw new Error('The handshake was not answered');
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  private takeFrame(): Frame | undefined {
    const data = this.received;
    if (data.length < 2) return undefined;
    const [first = 0, second = 0] = data;
    let length = second & 0x7f;
    let offset = 2;
    if (length === 126) {
      if (data.length < 4) return undefined;
      length = data.readUInt16BE(2);
      offset = 4;
    } else if (length === 127) {
      if (data.length < 10) return undefined;
      length = Number(data.readBigUInt64BE(2));
      offset = 10;
    }
    if (data.length < offset + length) return undefined;
    this.received = data.subarray(offset + length);
    return {
      fin: (first & 0x80) !== 0,
      rsv1: (first & 0x40) !== 0,
      opcode: first & 0x0f,
      masked: (second & 0x80) !== 0,
      payload: data.subarray(offset, offset + length),
    };
  }
}

/** How a frame is made. */
export interface FrameOptions {
  readonly fin?: boolean;
  readonly masked?: boolean;
  readonly rsv1?: boolean;
}

/** One frame as a client sends it. */
export function encodeFrame(
  opcode: number,
  payload: string | Buffer = '',
  { fin = true, masked = true, rsv1 = false }: FrameOptions = {},
): Buffer {
  const data = typeof payload === 'string' ? Buffer.from(payload) : payload;
  const flags = (fin ? 0x80 : 0) | (rsv1 ? 0x40 : 0) | opcode;
  const mask = masked ? 0x80 : 0;
  let head: Buffer;
  if (data.length < 126) {
    head = Buffer.from([flags, mask | data.length]);
  } else if (data.length < 65_536) {
    head = Buffer.from([flags, mask | 126, 0, 0]);
    head.writeUInt16BE(data.length, 2);
  } else {
    head = Buffer.from([flags, mask | 127, 0, 0, 0, 0, 0, 0, 0, 0]);
    head.writeBigUInt64BE(BigInt(data.length), 2);
  }
  if (!masked) return Buffer.concat([head, data]);
  const key = randomBytes(4);
  const body = Buffer.allocUnsafe(data.length);
  for (let i = 0; i < data.length; i++) {
    body[i] = (data[i] as number) ^ (key[i & 3] as number);
  }
  return Buffer.concat([head, key, body]);
}
