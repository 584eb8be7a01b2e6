import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { UpgradeRefused } from '../../core/admission/upgrade-refused.js';
import { refuseUpgrade } from '../../transports/websocket/refuse-upgrade.js';
import type { WebSocketEndpoint } from '../../transports/websocket/websocket-endpoint.js';
import { declineUpgrades, withoutUpgrade } from './declined-upgrades.js';
import { pathOf } from '../../transports/request-target.js';
import { setupError } from '../setup/setup-errors.js';
import type { SnorkyWsAdapter } from './snorky-ws.adapter.js';

type UpgradeArgs = [request: IncomingMessage, socket: Duplex, head: Buffer];
type UpgradeListener = (this: Server, ...args: UpgradeArgs) => void;

/** What an application serves on a server. */
export interface UpgradeRoutes {
  readonly endpoints: ReadonlyMap<string, WebSocketEndpoint>;
  /**
   * The adapter whose gateways are on the same server, if it is the
   * application's own.
   */
  readonly adapter?: SnorkyWsAdapter | undefined;
}

const routers = new WeakMap<Server, UpgradeRouter>();

/**
 * Sends each upgrade request of a server to the one who serves its path: an
 * endpoint of Snorky, the gateways of the application, or listeners of other
 * libraries. The adapters cannot share a server by themselves: each ends every
 * upgrade to a path that it does not know.
 *
 * A server has one router, even if several applications share the server.
 */
export class UpgradeRouter {
  private readonly emit: Server['emit'];
  private readonly ownEmit: boolean;
  private readonly acceptAgain: () => void;
  private readonly routes = new Set<UpgradeRoutes>();

  private constructor(private readonly server: Server) {
    this.emit = server.emit;
    this.ownEmit = Object.hasOwn(server, 'emit');
    server.emit = this.route as Server['emit'];
    // Node parses upgrades only while there is a listener for them.
    server.on('upgrade', present);
    this.acceptAgain = declineUpgrades(server, this.declines);
    routers.set(server, this);
  }

  /**
   * Puts routes on a server.
   *
   * @returns A function that takes them off again. With the last routes, the
   *   server is left as it was found.
   * @throws SnorkySetupError when a path is taken there already.
   */
  static add(server: Server, routes: UpgradeRoutes): () => void {
    for (const path of routes.endpoints.keys()) {
      // The second owner of a path would never be reached.
      if (routes.adapter?.serves(path) || routers.get(server)?.serves(path)) {
        throw setupError('SNORKY_PATH_TAKEN', path);
      }
    }
    const router = routers.get(server) ?? new UpgradeRouter(server);
    router.routes.add(routes);
    return () => router.remove(routes);
  }

  private remove(routes: UpgradeRoutes): void {
    if (!this.routes.delete(routes) || this.routes.size > 0) return;
    routers.delete(this.server);
    // Somebody may have put another function over this one: it stays then, and
    // passes on.
    if (this.server.emit === this.route) {
      if (this.ownEmit) this.server.emit = this.emit;
      else Reflect.deleteProperty(this.server, 'emit');
    }
    this.server.off('upgrade', present);
    this.acceptAgain();
  }

  private readonly route = (event: string, ...args: unknown[]): boolean => {
    if (event !== 'upgrade' || this.routes.size === 0) {
      return Reflect.apply(this.emit, this.server, [event, ...args]) as boolean;
    }
    this.upgrade(...(args as UpgradeArgs));
    return true;
  };

  /** Whether no listener on this server takes what a request offers. */
  private readonly declines = ({ headers }: IncomingMessage): boolean =>
    !/\bwebsocket\b/i.test(headers.upgrade ?? '') && this.isAlone();

  private serves(path: string): boolean {
    return (
      this.endpointAt(path) !== undefined || this.adapterAt(path) !== undefined
    );
  }

  private endpointAt(path: string): WebSocketEndpoint | undefined {
    for (const { endpoints } of this.routes) {
      const endpoint = endpoints.get(path);
      if (endpoint !== undefined) return endpoint;
    }
    return undefined;
  }

  private adapterAt(path: string): SnorkyWsAdapter | undefined {
    for (const { adapter } of this.routes) {
      if (adapter?.serves(path)) return adapter;
    }
    return undefined;
  }

  /** The adapter to which a listener for upgrades belongs. */
  private ownerOf(listener: unknown): SnorkyWsAdapter | undefined {
    for (const { adapter } of this.routes) {
      if (adapter?.owns(listener)) return adapter;
    }
    return undefined;
  }

  /** Whether only Snorky and the adapters listen for upgrades. */
  private isAlone(): boolean {
    return this.server
      .listeners('upgrade')
      .every(
        (listener) =>
          listener === present || this.ownerOf(listener) !== undefined,
      );
  }

  private upgrade(...args: UpgradeArgs): void {
    const [request, socket, head] = args;
    const path = pathOf(request.url ?? '/');
    if (this.declines(request)) {
      withoutUpgrade(this.server, ...args);
      return;
    }
    const endpoint = this.endpointAt(path);
    if (endpoint !== undefined) {
      endpoint.upgrade(request, socket, head);
      return;
    }
    const adapter = this.adapterAt(path);
    const listeners = this.server
      .listeners('upgrade')
      .filter(
        (listener) =>
          listener !== present && this.ownerOf(listener) === adapter,
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
