import { Server as HttpServer } from 'node:http';
import type { Http2SecureServer } from 'node:http2';
import { Server as HttpsServer } from 'node:https';
import { Server as TlsServer } from 'node:tls';
import { setupError } from '../setup/setup-errors.js';
import { UpgradeRouter, type UpgradeRoutes } from './upgrade-router.js';

/**
 * What WebSocket connections can come to: a server of `node:http`, of
 * `node:https`, or one of `node:http2` that `createSecureServer` has made with
 * `allowHTTP1`.
 */
export type UpgradableServer = HttpServer | HttpsServer | Http2SecureServer;

interface Attached {
  /** Who has attached it, and not let go of it. */
  readonly holders: Set<object>;
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

  /**
   * @returns Lets go of it, when everybody has who attached it.
   * @throws SnorkySetupError for what is no such server, or comes too late.
   */
  attach(given: UpgradableServer): () => void {
    const server = serverOf(given);
    if (this.closed) throw setupError('SNORKY_SERVER_LATE');
    const attached = this.servers.get(server) ?? this.add(server);
    const holder = {};
    attached.holders.add(holder);
    return () => {
      if (!attached.holders.delete(holder) || attached.holders.size > 0) return;
      // Meanwhile it may have been closed, and attached once more.
      if (this.servers.get(server) === attached) this.detach(server);
    };
  }

  /**
   * Puts the endpoints on all of them, and on those to come.
   *
   * @throws SnorkySetupError when a path is taken on one of them.
   */
  serve(routes: UpgradeRoutes): void {
    try {
      for (const [server, attached] of this.servers) {
        attached.takeDown = UpgradeRouter.add(server, routes);
      }
    } catch (error) {
      // The start fails: nothing is left on servers of somebody else's.
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

  /** Leaves them as they were found. */
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
 * Whether it is a server of http2 that takes HTTP/1.1, in which upgrades are. It
 * is one of TLS, and its class is not to be had; only with `allowHTTP1` does it
 * have the limits of HTTP/1.1.
 */
function speaksBoth(given: unknown): boolean {
  return (
    given instanceof TlsServer &&
    'updateSettings' in given &&
    'headersTimeout' in given
  );
}
