/** A WebSocket client that does no more than the fallback load generator needs. */
import { connect, type Socket } from 'node:net';

const MASK = [0x37, 0xfa, 0x21, 0x3d] as const;

export interface Connection {
  socket: Socket;
  sent: number;
  received: number;
  /** A ring, one time for each request in flight. */
  sentAt: number[];
}

export interface Endpoint {
  port: number;
  path: string;
  /** `>text` sends, `<` waits for one message. */
  steps: string[];
  /** Each text after the set-up; `now` is taken once for each chunk. */
  receive(connection: Connection, text: Buffer, now: number): void;
  /** After the texts of one chunk. */
  readEnd(connection: Connection, now: number): void;
}

export function fail(text: string): never {
  console.error(`load: ${text}`);
  process.exit(1);
}

/** A masked frame, up to 64 KiB. */
export function frame(text: string, opcode = 1): Buffer {
  const size = Buffer.byteLength(text);
  const header =
    size < 126
      ? [0x80 | opcode, 0x80 | size, ...MASK]
      : [0x80 | opcode, 0xfe, size >> 8, size & 255, ...MASK];
  const bytes = Buffer.from(text).map((byte, i) => byte ^ (MASK[i & 3] ?? 0));
  return Buffer.concat([Buffer.from(header), bytes]);
}

/** Calls `each` for the whole frames in `bytes` from `at` on; answers where the rest begins. */
function parse(
  bytes: Buffer,
  at: number,
  each: (opcode: number, payload: Buffer) => void,
): number {
  for (;;) {
    const length = (bytes[at + 1] ?? 0) & 127;
    const header = length < 126 ? 2 : length === 126 ? 4 : 10;
    if (bytes.length - at < header) return at;
    let size = length;
    if (header === 4) size = bytes.readUInt16BE(at + 2);
    if (header === 10) size = Number(bytes.readBigUInt64BE(at + 2));
    const end = at + header + size;
    if (bytes.length < end) return at;
    each((bytes[at] ?? 0) & 15, bytes.subarray(at + header, end));
    at = end;
  }
}

/** Resolves when the set-up is through. */
export function open(endpoint: Endpoint): Promise<Connection> {
  const { port, path, steps } = endpoint;
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const connection = { socket, sent: 0, received: 0, sentAt: [] };
    let rest: Buffer = Buffer.alloc(0);
    let step = -1; // the handshake
    const advance = (): void => {
      for (step++; steps[step]?.startsWith('>') === true; step++)
        socket.write(frame(steps[step]?.slice(1) ?? ''));
      if (step >= steps.length) resolve(connection);
    };
    socket.setNoDelay();
    socket.on('error', (error) => fail(error.message));
    socket.on('close', () => fail('connection lost'));
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    );
    socket.on('data', (chunk: Buffer) => {
      const now = performance.now();
      const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
      let begin = 0;
      if (step < 0) {
        begin = bytes.indexOf('\r\n\r\n') + 4;
        if (!bytes.toString('latin1', 0, 13).startsWith('HTTP/1.1 101'))
          fail('handshake refused');
        advance();
      }
      const end = parse(bytes, begin, (opcode, text) => {
        if (opcode === 9) socket.write(frame(text.toString('latin1'), 10));
        else if (opcode !== 1) fail(`unexpected frame, opcode ${opcode}`);
        else if (text.length === 1 && text[0] === 0x32)
          socket.write(frame('3')); // Engine.IO's ping
        else if (step < steps.length) advance();
        else endpoint.receive(connection, text, now);
      });
      rest = Buffer.from(bytes.subarray(end));
      if (step >= steps.length) endpoint.readEnd(connection, now);
    });
  });
}
