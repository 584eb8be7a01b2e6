import { Server as HttpServer } from 'node:http';
import type { Http2SecureServer } from 'node:http2';
import { Server as HttpsServer } from 'node:https';
import { Server as TlsServer } from 'node:tls';
import { setupError } from '../setup/setup-errors.js';
import { UpgradeRouter, type UpgradeRoutes } from './upgrade-router.js';

/**
 * A server that can take WebSocket connections: one of `node:http`, of
 * `node:https`, or one of `node:http2` made by `createSecureServer` with
 * `allowHTTP1`.
 */
export type UpgradableServer = HttpServer | HttpsServer | Http2SecureServer;

interface Attached {
  /** Those who have attached the server and not let go of it. */
  readonly holders: Set<object>;
  /** Takes the endpoints off the server; absent before there are endpoints. */
  takeDown?: () => void;
  readonly onClose: () => void;
}

/** The servers, besides its own, that have an application's endpoints. */
export class AttachedServers {
  private readonly servers = new Map<HttpServer, Attached>();
  private routes: UpgradeRoutes | undefined;
  private closed = false;

  get size(): number {
    return this.servers.size;
  }

  /**
   * @returns Lets go of the server, once everybody who attached it has.
   * @throws SnorkySetupError for a value that is no such server, or when the
   *   application has closed.
   */
  attach(given: UpgradableServer): () => void {
    const server = serverOf(given);
    if (this.closed) throw setupError('SNORKY_SERVER_LATE');
    const attached = this.servers.get(server) ?? this.add(server);
    const holder = {};
    attached.holders.add(holder);
    return () => {
      if (!attached.holders.delete(holder) || attached.holders.size > 0) return;
      // The server may have been closed, and attached again, meanwhile.
      if (this.servers.get(server) === attached) this.detach(server);
    };
  }

  /**
   * Puts the endpoints on all attached servers, and on those attached later.
   *
   * @throws SnorkySetupError when a path is taken on one of them.
   */
  serve(routes: UpgradeRoutes): void {
    try {
      for (const [server, attached] of this.servers) {
        attached.takeDown = UpgradeRouter.add(server, routes);
      }
    } catch (error) {
      // The start fails: nothing may stay on servers that belong to others.
      this.takeDown();
      throw error;
    }
    this.routes = routes;
  }

  /** Takes the endpoints down; the servers stay attached. */
  takeDown(): void {
    this.routes = undefined;
    for (const attached of this.servers.values()) {
      attached.takeDown?.();
      delete attached.takeDown;
    }
  }

  /** Leaves all servers as they were found. */
  close(): void {
    this.closed = true;
    for (const server of [...this.servers.keys()]) this.detach(server);
  }

  private add(server: HttpServer): Attached {
    const attached: Attached = {
      holders: new Set(),
      onClose: () => this.detach(server),
    };
    if (this.routes !== undefined) {
      attached.takeDown = UpgradeRouter.add(server, this.routes);
    }
    this.servers.set(server, attached);
    server.once('close', attached.onClose);
    return attached;
  }

  private detach(server: HttpServer): void {
    const attached = this.servers.get(server);
    if (attached === undefined) return;
    this.servers.delete(server);
    server.off('close', attached.onClose);
    attached.takeDown?.();
  }
}

function serverOf(given: unknown): HttpServer {
  if (
    given instanceof HttpServer ||
    given instanceof HttpsServer ||
    speaksBoth(given)
  ) {
    return given as HttpServer;
  }
  const what =
    typeof given === 'object' && given !== null
      ? `an object of ${given.constructor?.name ?? 'no class'}`
      : `a ${typeof given}`;
  throw setupError('SNORKY_SERVER_INVALID', what);
}

/**
 * Whether a server of http2 also takes HTTP/1.1, which upgrades need. Its class
 * has no public name. It is a TLS server, and has the limits of HTTP/1.1 only
 * with `allowHTTP1`.
 */
function speaksBoth(given: unknown): boolean {
  return (
    given instanceof TlsServer &&
    'updateSettings' in given &&
    'headersTimeout' in given
  );
}
