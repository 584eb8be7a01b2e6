import { WebSocket } from 'ws';
import { Inbox } from './inbox.js';

/** How a connection ended. 1006 stands for an end without a close frame. */
export interface Ending {
  readonly code: number;
  readonly reason: string;
}

export interface ConnectOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly subprotocols?: readonly string[];
  /** Whether the server is expected to select one of them. */
  readonly selects?: boolean;
  readonly milliseconds: number;
}

/** A connection that keeps what it receives until somebody asks for it. */
export class WireClient {
  readonly messages = new Inbox<string>();
  readonly pings = new Inbox<Buffer>();
  readonly endings = new Inbox<Ending>();
  /** The subprotocol that the server selected. */
  subprotocol: string | undefined;
  readonly #socket: WebSocket;
  readonly #pongs = new Inbox<Buffer>();

  private constructor(url: string, options: ConnectOptions) {
    const { headers = {}, subprotocols = [], selects = false } = options;
    // `ws` takes a server that selects none of its offers for a broken one, so
    // an offer that must be ignored is made behind its back.
    const hidden =
      !selects && subprotocols.length > 0
        ? { 'Sec-WebSocket-Protocol': subprotocols.join(', ') }
        : {};
    this.#socket = new WebSocket(url, selects ? [...subprotocols] : [], {
      headers: { ...hidden, ...headers },
      handshakeTimeout: options.milliseconds,
      maxPayload: 0,
    });
    this.#socket.on('upgrade', ({ headers: answer }) => {
      this.subprotocol = answer['sec-websocket-protocol'];
    });
    this.#socket.on('message', (data, isBinary) => {
      // The server never sends binary frames; if it does, no text will match.
      const text = (data as Buffer).toString();
      this.messages.put(isBinary ? `binary frame: ${text}` : text);
    });
    this.#socket.on('ping', (payload) => this.pings.put(payload));
    this.#socket.on('pong', (payload) => this.#pongs.put(payload));
    this.#socket.on('close', (code, reason) => {
      this.endings.put({ code, reason: reason.toString() });
    });
    // What follows an error is 'close', with 1006.
    this.#socket.on('error', () => {});
  }

  /** Opens a connection, or rejects with the server's refusal. */
  static connect(url: string, options: ConnectOptions): Promise<WireClient> {
    const client = new WireClient(url, options);
    return new Promise((resolve, reject) => {
      client.#socket.once('open', () => resolve(client));
      client.#socket.once('error', reject);
    });
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  sendText(text: string): void {
    this.#socket.send(text);
  }

  sendBinary(data: Buffer): void {
    this.#socket.send(data, { binary: true });
  }

  /** Sends one message in as many frames as there are parts. */
  sendFragments(parts: readonly string[]): void {
    for (const [index, part] of parts.entries()) {
      this.#socket.send(part, { fin: index === parts.length - 1 });
    }
  }

  /**
   * Waits until what the server has sent so far is here. The second round trip
   * covers servers that hold messages back for a turn, but not control frames.
   */
  async settle(milliseconds: number): Promise<void> {
    for (let round = 0; round < 2 && this.isOpen; round++) {
      this.#socket.ping();
      await this.#pongs.take(milliseconds);
    }
  }

  /** The closing handshake; answers how it went. */
  async close(milliseconds: number): Promise<Ending | undefined> {
    if (this.#socket.readyState === WebSocket.CLOSED) return undefined;
    this.#socket.close(1000);
    const ending = await this.endings.take(milliseconds);
    this.#socket.terminate();
    return ending;
  }
}
