import type { INestApplicationContext, WebSocketAdapter } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import type { Server } from 'node:http';
import { adapterOfThisCopy } from '../setup/package-copies.js';

/** What an application and an adapter have in common. */
interface HttpServerHost {
  getHttpServer(): Server;
}

const adapters = new WeakMap<object, SnorkyWsAdapter>();

/**
 * The WebSocket adapter of an application with Snorky's endpoints. It wraps the
 * adapter of the application's own gateways, which work as before. By default
 * that is the adapter over `ws`.
 *
 * @example
 * app.useWebSocketAdapter(new SnorkyWsAdapter(app));
 * app.useWebSocketAdapter(new SnorkyWsAdapter(app, new IoAdapter(app)));
 */
export class SnorkyWsAdapter implements WebSocketAdapter {
  private readonly server: Server;
  private readonly inner: WebSocketAdapter;
  /** The inner adapter's listeners for upgrades, and the paths they serve. */
  private readonly listeners = new Set<unknown>();
  private readonly paths: string[] = [];

  constructor(
    app: INestApplicationContext,
    inner: WebSocketAdapter = new WsAdapter(app),
  ) {
    this.inner = inner;
    this.server = (app as unknown as HttpServerHost).getHttpServer();
    // Found by the server: asking the application for a provider that it does
    // not have would end the process.
    adapters.set(this.server, this);
    adapterOfThisCopy(this.server);
  }

  /** @internal The adapter of the application that serves with `server`. */
  static of(server: object): SnorkyWsAdapter | undefined {
    return adapters.get(server);
  }

  /** @internal Whether a listener for upgrades belongs to the inner adapter. */
  owns(listener: unknown): boolean {
    return this.listeners.has(listener);
  }

  /** @internal Whether a gateway of the inner adapter serves the path. */
  serves(path: string): boolean {
    return this.paths.some((known) =>
      known.endsWith('/*')
        ? `${path}/`.startsWith(known.slice(0, -1))
        : known === path,
    );
  }

  create(port: number, options?: object): unknown {
    const before = new Set<unknown>(this.server.listeners('upgrade'));
    const server: unknown = this.inner.create(port, options);
    for (const listener of this.server.listeners('upgrade')) {
      if (!before.has(listener)) this.listeners.add(listener);
    }
    if (port === 0) this.paths.push(...pathsOf(server));
    return server;
  }

  bindClientConnect(
    ...args: Parameters<WebSocketAdapter['bindClientConnect']>
  ): unknown {
    return this.inner.bindClientConnect(...args);
  }

  bindClientDisconnect(
    ...args: Parameters<Required<WebSocketAdapter>['bindClientDisconnect']>
  ): unknown {
    return this.inner.bindClientDisconnect?.(...args);
  }

  closeClient(client: unknown): unknown {
    return this.inner.closeClient?.(client);
  }

  bindMessageHandlers(
    ...args: Parameters<WebSocketAdapter['bindMessageHandlers']>
  ): unknown {
    return this.inner.bindMessageHandlers(...args);
  }

  close(server: unknown): unknown {
    return this.inner.close(server);
  }

  /** Called by Nest when the application closes. */
  dispose(): unknown {
    return (this.inner as LifecycleAdapter).dispose?.();
  }

  /** Set by Nest from the application's options. */
  set forceCloseConnections(force: boolean) {
    (this.inner as LifecycleAdapter).forceCloseConnections = force;
  }
}

/** What Nest uses of an adapter beyond the public interface. */
interface LifecycleAdapter extends WebSocketAdapter {
  forceCloseConnections?: boolean;
  dispose?(): unknown;
}

/** The paths of a gateway's server: exact for `ws`, a prefix for Socket.IO. */
function pathsOf(server: unknown): string[] {
  if (typeof server !== 'object' || server === null) return [];
  // A namespace of Socket.IO refers to its server.
  const parent = (server as { server?: unknown }).server;
  const owner =
    typeof parent === 'object' && parent !== null && 'path' in parent
      ? parent
      : server;
  const path: unknown = (owner as { path?: unknown }).path;
  if (typeof path === 'function') {
    const prefix: unknown = path.call(owner);
    return typeof prefix === 'string' ? [prefix.replace(/\/?$/, '/*')] : [];
  }
  if (typeof path === 'string') return [path];
  const options = (owner as { options?: { path?: unknown } }).options;
  return typeof options?.path === 'string' ? [options.path] : [];
}
