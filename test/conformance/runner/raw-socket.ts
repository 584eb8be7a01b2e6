import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A frame as it came from the server. */
export interface RawFrame {
  readonly fin: boolean;
  readonly opcode: number;
  readonly masked: boolean;
  readonly payload: Buffer;
}

/** A WebSocket without a library: sends any bytes, shows each frame. */
export class RawSocket {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #ended = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
    });
    socket.on('close', () => (this.#ended = true));
    socket.on('error', () => {});
  }

  /** Connects to `ws://host:port` and goes through the opening handshake. */
  static async open(url: string, path = '/ws'): Promise<RawSocket> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port) });
    await once(socket, 'connect');
    const raw = new RawSocket(socket);
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: Upgrade\r\n` +
        'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    const end = await raw.#until(() => {
      const at = raw.#received.indexOf('\r\n\r\n');
      return at < 0 ? undefined : at + 4;
    });
    if (end === undefined) throw new Error('the handshake was not answered');
    raw.#received = raw.#received.subarray(end);
    return raw;
  }

  /** Sends one frame, by default whole and masked. */
  send(
    opcode: number,
    payload: string | Buffer,
    options: { readonly fin?: boolean; readonly masked?: boolean } = {},
  ): void {
    const { fin = true, masked = true } = options;
    const data = Buffer.from(payload as string);
    if (data.length > 125) throw new Error('only short frames are supported');
    const mask = Buffer.from(masked ? [1, 2, 3, 4] : []);
    const body = data.map((byte, i) => byte ^ (mask[i % 4] ?? 0));
    const head = [(fin ? 0x80 : 0) | opcode, (masked ? 0x80 : 0) | data.length];
    this.#socket.write(Buffer.concat([Buffer.from(head), mask, body]));
  }

  /** The next frame; `undefined` when none comes before the end or in time. */
  async frame(): Promise<RawFrame | undefined> {
    const size = await this.#until(() => this.#frameSize());
    if (size === undefined) return undefined;
    const [first = 0, second = 0] = this.#received;
    const length = second & 0x7f;
    const payload = this.#received.subarray(size - length, size);
    this.#received = this.#received.subarray(size);
    return {
      fin: (first & 0x80) !== 0,
      opcode: first & 0x0f,
      masked: (second & 0x80) !== 0,
      payload,
    };
  }

  /** Whether the server ends the TCP connection in time. */
  async ends(): Promise<boolean> {
    return (await this.#until(() => (this.#ended ? true : undefined))) ?? false;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #frameSize(): number | undefined {
    if (this.#received.length < 2) return undefined;
    const size = 2 + ((this.#received[1] ?? 0) & 0x7f);
    return this.#received.length < size ? undefined : size;
  }

  async #until<T>(look: () => T | undefined): Promise<T | undefined> {
    for (let waited = 0; waited < 2_000; waited += 5) {
      const found = look();
      if (found !== undefined || this.#ended) return found;
      await sleep(5);
    }
    return undefined;
  }
}
