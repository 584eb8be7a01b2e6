import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  refuseUpgrade,
  UpgradeRefused,
} from '../transports/websocket/refusal.js';
import type { WebSocketEndpoint } from '../transports/websocket/websocket-endpoint.js';
import { declineUpgrades, withoutUpgrade } from './declined-upgrades.js';
import { pathOf } from './gateway/upgrade-request.js';
import type { SnorkyWsAdapter } from './snorky-ws.adapter.js';

type UpgradeArgs = [request: IncomingMessage, socket: Duplex, head: Buffer];
type UpgradeListener = (this: Server, ...args: UpgradeArgs) => void;

/**
 * Sends each upgrade request of a server to whoever serves its path: an endpoint
 * of ours, the gateways of the application, or other libraries' listeners. The
 * adapters cannot share a server by themselves: each one ends every upgrade
 * whose path it does not know.
 */
export class UpgradeRouter {
  private readonly emit: Server['emit'];
  private readonly acceptAgain: () => void;

  constructor(
    private readonly server: Server,
    private readonly adapter: SnorkyWsAdapter,
    private readonly endpoints: ReadonlyMap<string, WebSocketEndpoint>,
  ) {
    this.emit = server.emit;
    server.emit = this.route as Server['emit'];
    // Node parses upgrades only while somebody listens for them.
    server.on('upgrade', present);
    this.acceptAgain = declineUpgrades(server, this.declines);
  }

  /** Leaves the server as it was found. */
  remove(): void {
    if (this.server.emit === this.route) this.server.emit = this.emit;
    this.server.off('upgrade', present);
    this.acceptAgain();
  }

  private readonly route = (event: string, ...args: unknown[]): boolean => {
    if (event !== 'upgrade') {
      return Reflect.apply(this.emit, this.server, [event, ...args]) as boolean;
    }
    this.upgrade(...(args as UpgradeArgs));
    return true;
  };

  /** Whether what a request offers is for nobody here. */
  private readonly declines = ({ headers }: IncomingMessage): boolean =>
    !/\bwebsocket\b/i.test(headers.upgrade ?? '') && this.isAlone();

  /** Whether nobody but Snorky and the adapter listens for upgrades. */
  private isAlone(): boolean {
    return this.server
      .listeners('upgrade')
      .every((listener) => listener === present || this.adapter.owns(listener));
  }

  private upgrade(...args: UpgradeArgs): void {
    const [request, socket, head] = args;
    const path = pathOf(request.url ?? '/');
    const endpoint = this.endpoints.get(path);
    if (this.declines(request)) {
      withoutUpgrade(this.server, ...args);
      return;
    }
    if (endpoint !== undefined) {
      endpoint.upgrade(request, socket, head);
      return;
    }
    const byAdapter = this.adapter.serves(path);
    const listeners = this.server
      .listeners('upgrade')
      .filter(
        (listener) =>
          listener !== present && this.adapter.owns(listener) === byAdapter,
      );
    if (listeners.length === 0) {
      socket.on('error', () => {});
      refuseUpgrade(socket, new UpgradeRefused(404, `Cannot GET ${path}`));
      return;
    }
    for (const listener of listeners) {
      (listener as UpgradeListener).apply(this.server, args);
    }
  }
}

function present(): void {}
