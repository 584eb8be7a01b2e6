import { once } from 'node:events';
import {
  type AddressInfo,
  connect,
  createServer,
  type Server,
  type Socket,
} from 'node:net';

/** One direction of a connection, and when it last carried data. */
interface Way {
  readonly from: Socket;
  readonly to: Socket;
  last: number;
}

/**
 * A proxy that cuts a connection if one of its directions was silent for too
 * long.
 */
export class StrictProxy {
  /** Connections that were cut. */
  cut = 0;
  /** The longest silence of any direction, in milliseconds. */
  longest = 0;
  private readonly ways = new Set<Way>();
  private readonly server: Server;
  private readonly watch: NodeJS.Timeout;

  private constructor(
    private readonly target: number,
    private readonly patience: number,
  ) {
    this.server = createServer((near) => this.onConnection(near));
    this.watch = setInterval(() => this.look(), 250);
  }

  /** @param patience Milliseconds of silence before it cuts. */
  static async to(port: number, patience: number): Promise<StrictProxy> {
    const proxy = new StrictProxy(port, patience);
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  close(): void {
    clearInterval(this.watch);
    this.server.close();
    for (const { from } of this.ways) from.destroy();
  }

  private onConnection(near: Socket): void {
    const far = connect(this.target, '127.0.0.1');
    this.carry(near, far);
    this.carry(far, near);
  }

  private carry(from: Socket, to: Socket): void {
    const way = { from, to, last: performance.now() };
    this.ways.add(way);
    from.on('error', () => {});
    from.on('close', () => {
      this.ways.delete(way);
      to.destroy();
    });
    from.on('data', (bytes: Buffer) => {
      this.note(way);
      way.last = performance.now();
      to.write(bytes);
    });
  }

  private look(): void {
    for (const way of this.ways) {
      if (this.note(way) < this.patience) continue;
      this.ways.delete(way);
      this.cut++;
      way.from.destroy();
      way.to.destroy();
    }
  }

  private note({ last }: Way): number {
    const silence = performance.now() - last;
    this.longest = Math.max(this.longest, silence);
    return silence;
  }
}
