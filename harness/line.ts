import { once } from 'node:events';
import {
  connect as connectTcp,
  createServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net';

export interface LineOptions {
  /**
   * Whether only WebSockets are cut and refused. Pages, and what they change by
   * REST, still get through. @default false
   */
  readonly webSocketsOnly?: boolean;
}

/** Both ends of one connection. */
type Pair = readonly [near: Socket, far: Socket];

/**
 * A line between clients and a server on this machine, on which things go
 * wrong.
 */
export class Line implements AsyncDisposable {
  /** Connections that are cut. */
  private readonly pairs = new Set<Pair>();
  /** Far ends that stay open when their near ends close. */
  private readonly halfOpen = new Set<Socket>();
  /** All sockets that have to close with the line. */
  private readonly sockets = new Set<Socket>();
  private up = true;

  private constructor(
    private readonly server: Server,
    private readonly webSocketsOnly: boolean,
  ) {}

  /** A line to a port. */
  static async to(
    target: number,
    { webSocketsOnly = false }: LineOptions = {},
  ): Promise<Line> {
    const server = createServer();
    const line = new Line(server, webSocketsOnly);
    server.on('connection', (near) => line.join(near, target));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return line;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get http(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /**
   * Cuts all connections, without a close frame to either side. Returns their
   * number.
   */
  cut(): number {
    const { size } = this.pairs;
    for (const [near] of this.pairs) near.destroy();
    return size;
  }

  /**
   * Cuts, and refuses connections until `repair()`.
   *
   * @param options.halfOpen Whether the server does not notice: its messages go
   *   nowhere.
   */
  break({ halfOpen = false } = {}): number {
    this.up = false;
    if (halfOpen) {
      for (const [near, far] of this.pairs) {
        near.unpipe(far);
        far.unpipe(near).pause();
        this.halfOpen.add(far);
      }
    }
    return this.cut();
  }

  repair(): void {
    this.up = true;
  }

  /** Passes nothing on any more, while both sides believe to be connected. */
  die(): void {
    for (const [near, far] of this.pairs) {
      near.unpipe(far).pause();
      far.unpipe(near).pause();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(near: Socket, target: number): void {
    if (!this.webSocketsOnly && !this.up) {
      near.destroy();
      return;
    }
    const far = connectTcp(target, '127.0.0.1');
    const pair: Pair = [near, far];
    const end = (): void => {
      this.pairs.delete(pair);
      near.destroy();
      if (!this.halfOpen.has(far)) far.destroy();
    };
    for (const socket of pair) {
      this.sockets.add(socket);
      socket.setNoDelay(true).on('error', end).on('close', end);
      socket.once('close', () => this.sockets.delete(socket));
    }
    if (!this.webSocketsOnly) {
      this.pairs.add(pair);
      this.pipe(pair);
      return;
    }
    // Browsers open a new connection for each WebSocket.
    near.once('data', (head: Buffer) => {
      if (head.includes('\r\nUpgrade: websocket')) {
        if (!this.up) {
          end();
          return;
        }
        this.pairs.add(pair);
      }
      far.write(head);
      this.pipe(pair);
    });
  }

  private pipe([near, far]: Pair): void {
    near.pipe(far);
    far.pipe(near);
  }
}
