import { once } from 'node:events';
import {
  type AddressInfo,
  connect,
  createServer,
  type Server,
  type Socket,
} from 'node:net';

/** The line between clients and a server, which can be cut from outside. */
export class Line {
  private up = true;
  private readonly ends = new Map<Socket, Socket>();
  private readonly server: Server;

  private constructor(private readonly target: number) {
    this.server = createServer((near) => this.onConnection(near));
  }

  static async to(port: number): Promise<Line> {
    const line = new Line(port);
    line.server.listen(0, '127.0.0.1');
    await once(line.server, 'listening');
    return line;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /**
   * Cuts all connections, and every new one until `restore`.
   *
   * @param halfOpen Whether the server does not notice: its packets go nowhere.
   */
  cut({ halfOpen }: { readonly halfOpen: boolean }): void {
    this.up = false;
    for (const [near, far] of [...this.ends]) {
      near.unpipe(far);
      far.unpipe(near);
      near.resetAndDestroy();
      if (halfOpen) far.pause();
      else far.resetAndDestroy();
    }
  }

  restore(): void {
    this.up = true;
  }

  /** Ends everything, what is half open too. */
  close(): void {
    this.server.close();
    for (const [near, far] of this.ends) {
      near.destroy();
      far.destroy();
    }
  }

  private onConnection(near: Socket): void {
    near.on('error', () => {});
    if (!this.up) {
      near.resetAndDestroy();
      return;
    }
    const far = connect(this.target, '127.0.0.1');
    far.on('error', () => {});
    this.ends.set(near, far);
    far.on('close', () => {
      this.ends.delete(near);
      near.destroy();
    });
    near.on('close', () => {
      if (this.up) far.destroy();
    });
    near.pipe(far);
    far.pipe(near);
  }
}
