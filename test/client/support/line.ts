import { once } from 'node:events';
import {
  connect as connectTcp,
  createServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net';

/** The line between clients and a server: it can be cut, and go dead. */
export class Line implements AsyncDisposable {
  private readonly pairs = new Set<readonly [Socket, Socket]>();
  private state: 'up' | 'down' = 'up';

  private constructor(private readonly server: Server) {}

  /** A line to a port of this machine. */
  static async to(target: number): Promise<Line> {
    const server = createServer();
    const line = new Line(server);
    server.on('connection', (near) => line.join(near, target));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return line;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Ends all connections, without a word to either side. */
  cut(): void {
    for (const pair of this.pairs) for (const socket of pair) socket.destroy();
  }

  /** Cuts, and refuses connections until `repair()`. */
  break(): void {
    this.state = 'down';
    this.cut();
  }

  repair(): void {
    this.state = 'up';
  }

  /** Lets nothing through any more, while both sides believe to be connected. */
  die(): void {
    for (const [near, far] of this.pairs) {
      near.unpipe(far).pause();
      far.unpipe(near).pause();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(near: Socket, target: number): void {
    if (this.state === 'down') {
      near.destroy();
      return;
    }
    const far = connectTcp(target, '127.0.0.1');
    const pair = [near, far] as const;
    this.pairs.add(pair);
    const end = (): void => {
      this.pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on('error', end).on('close', end);
    }
    near.pipe(far);
    far.pipe(near);
  }
}
