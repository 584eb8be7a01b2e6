import { Server as HttpServer } from 'node:http';
import type { Http2SecureServer } from 'node:http2';
import type { Server as HttpsServer } from 'node:https';
import { Server as TlsServer } from 'node:tls';
import { setupError } from './setup-errors.js';
import { UpgradeRouter, type UpgradeRoutes } from './upgrade-router.js';

/**
 * What WebSocket connections can come to: a server of `node:http`, of
 * `node:https`, or one of `node:http2` that `createSecureServer` has made with
 * `allowHTTP1`.
 */
export type UpgradableServer = HttpServer | HttpsServer | Http2SecureServer;

interface Attached {
  /** Absent before there are endpoints. */
  takeDown?: () => void;
  readonly onClose: () => void;
}

/** The servers besides its own that an application's endpoints are on. */
export class AttachedServers {
  private readonly servers = new Map<HttpServer, Attached>();
  private routes: UpgradeRoutes | undefined;
  private closed = false;

  get size(): number {
    return this.servers.size;
  }

  /** @throws SnorkySetupError for what is no such server, or comes too late. */
  attach(given: UpgradableServer): void {
    const server = serverOf(given);
    if (this.closed) throw setupError('SNORKY_SERVER_LATE');
    if (this.servers.has(server)) return;
    const attached: Attached = { onClose: () => this.detach(server) };
    if (this.routes !== undefined) {
      attached.takeDown = UpgradeRouter.add(server, this.routes);
    }
    this.servers.set(server, attached);
    server.once('close', attached.onClose);
  }

  detach(given: UpgradableServer): void {
    const server = given as HttpServer;
    const attached = this.servers.get(server);
    if (attached === undefined) return;
    this.servers.delete(server);
    server.off('close', attached.onClose);
    attached.takeDown?.();
  }

  /**
   * Puts the endpoints on all of them, and on those to come.
   *
   * @throws SnorkySetupError when a path is taken on one of them.
   */
  serve(routes: UpgradeRoutes): void {
    this.routes = routes;
    for (const [server, attached] of this.servers) {
      attached.takeDown = UpgradeRouter.add(server, routes);
    }
  }

  /** Leaves them as they were found. */
  close(): void {
    this.closed = true;
    for (const server of [...this.servers.keys()]) this.detach(server);
  }
}

function serverOf(given: unknown): HttpServer {
  // A server of http2 is one of TLS, and has no class of its own to be seen.
  if (given instanceof HttpServer || given instanceof TlsServer) {
    return given as HttpServer;
  }
  const what =
    typeof given === 'object' && given !== null
      ? `an object of ${given.constructor?.name ?? 'no class'}`
      : `a ${typeof given}`;
  throw setupError('SNORKY_SERVER_INVALID', what);
}
