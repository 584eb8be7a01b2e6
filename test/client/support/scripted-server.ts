import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';

/** A call as it arrives. */
export interface ArrivedCall {
  readonly service: string;
  readonly message: {
    readonly command: string;
    readonly params: Record<string, unknown>;
    readonly callId: number;
  };
}

/** A queue that is awaited. */
class Arrivals<T> {
  private readonly arrived: T[] = [];
  private readonly waiting: ((value: T) => void)[] = [];

  push(value: T): void {
    const waiting = this.waiting.shift();
    if (waiting === undefined) this.arrived.push(value);
    else waiting(value);
  }

  next(): Promise<T> {
    const value = this.arrived.shift();
    if (value !== undefined) return Promise.resolve(value);
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  get unread(): readonly T[] {
    return this.arrived;
  }
}

/** The server's side of one connection. */
export class ScriptedConnection {
  readonly closed: Promise<{ code: number }>;
  private readonly arrivals = new Arrivals<ArrivedCall>();
  private readonly hellos = new Arrivals<ArrivedCall>();
  /** Services in the order in which messages came for them. */
  readonly order: string[] = [];

  constructor(
    readonly ws: WebSocket,
    private readonly request: IncomingMessage,
  ) {
    ws.on('message', (data: Buffer) => {
      const call = JSON.parse(data.toString()) as ArrivedCall;
      this.order.push(call.service);
      const isHello = call.service === 'snorky';
      (isHello ? this.hellos : this.arrivals).push(call);
    });
    this.closed = new Promise((resolve) => {
      ws.once('close', (code: number) => resolve({ code }));
    });
  }

  get url(): string {
    return this.request.url ?? '';
  }

  /** What the frames are written to. */
  get line(): Socket {
    return this.request.socket;
  }

  /** What the client said to the registry, which discards it unless told. */
  hello(): Promise<ArrivedCall> {
    return this.hellos.next();
  }

  /** The next message of the client for a service. */
  next(): Promise<ArrivedCall> {
    return this.arrivals.next();
  }

  get unread(): readonly ArrivedCall[] {
    return this.arrivals.unread;
  }

  sendText(text: string): void {
    this.ws.send(text);
  }

  send(service: string, message: unknown): void {
    this.sendText(JSON.stringify({ service, message }));
  }

  answer({ service, message }: ArrivedCall, data: unknown): void {
    this.send(service, { type: 'response', callId: message.callId, data });
  }

  refuse({ service, message }: ArrivedCall, error: unknown): void {
    const { callId } = message;
    this.send(service, { type: 'error', callId, message: error });
  }

  /** Drops the connection, without a close frame. */
  cut(): void {
    this.ws.terminate();
  }
}

/** A server that does what a test says, over real sockets. */
export class ScriptedServer implements AsyncDisposable {
  private readonly arrivals = new Arrivals<ScriptedConnection>();
  private readonly open = new Set<WebSocket>();
  /** How many connections there have been. */
  accepted = 0;

  private constructor(private readonly server: WebSocketServer) {
    server.on('connection', (ws, request) => {
      this.accepted++;
      this.open.add(ws);
      ws.once('close', () => this.open.delete(ws));
      ws.on('error', () => {});
      this.arrivals.push(new ScriptedConnection(ws, request));
    });
  }

  static async start(port = 0): Promise<ScriptedServer> {
    const server = new WebSocketServer({ port, host: '127.0.0.1' });
    await once(server, 'listening');
    return new ScriptedServer(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/`;
  }

  /** The next connection of a client. */
  connection(): Promise<ScriptedConnection> {
    return this.arrivals.next();
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.open.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const ws of this.open) ws.terminate();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
