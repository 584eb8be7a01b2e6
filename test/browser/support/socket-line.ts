import { once } from 'node:events';
import {
  connect as connectTcp,
  createServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net';

/**
 * The line between browsers and a server, on which WebSockets can be cut while
 * all else goes on: pages, and what they change by REST.
 */
export class SocketLine implements AsyncDisposable {
  private readonly all = new Set<Socket>();
  private readonly webSockets = new Set<Socket>();
  private up = true;

  private constructor(private readonly server: Server) {}

  /** A line to a port of this machine. */
  static async to(target: number): Promise<SocketLine> {
    const server = createServer();
    const line = new SocketLine(server);
    server.on('connection', (near) => line.join(near, target));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return line;
  }

  get http(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Ends all WebSockets, without a word to either side. Gives their number. */
  cut(): number {
    const { size } = this.webSockets;
    for (const socket of this.webSockets) socket.destroy();
    return size;
  }

  /** Cuts, and refuses WebSockets until `repair()`. */
  break(): number {
    this.up = false;
    return this.cut();
  }

  repair(): void {
    this.up = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.all) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(near: Socket, target: number): void {
    const far = connectTcp(target, '127.0.0.1');
    const end = (): void => {
      this.all.delete(near);
      this.webSockets.delete(near);
      near.destroy();
      far.destroy();
    };
    this.all.add(near);
    for (const socket of [near, far]) {
      socket.setNoDelay(true).on('error', end).on('close', end);
    }
    // Browsers open a connection of its own for each WebSocket.
    near.once('data', (head: Buffer) => {
      if (head.includes('\r\nUpgrade: websocket')) {
        if (!this.up) {
          end();
          return;
        }
        this.webSockets.add(near);
      }
      far.write(head);
      near.pipe(far);
      far.pipe(near);
    });
  }
}
