import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { WebSocketEndpoint } from '../transports/websocket/websocket-endpoint.js';
import { GatewayExplorer } from './gateway/gateway-explorer.js';
import { pathOf } from './gateway/upgrade-request.js';
import { hidesVisitor, platformVisitor } from './platform-visitor.js';
import { adapterOfAnotherCopy } from './package-copies.js';
import { ResolvedOptions } from './resolved-options.js';
import { RegistrySet } from './registry-set.js';
import { setupError } from './setup-errors.js';
import { SnorkyWsAdapter } from './snorky-ws.adapter.js';
import type { WebSocketLateOptions } from './snorky-options.js';
import { UpgradeRouter } from './upgrade-router.js';

/**
 * Puts the application's WebSocket endpoints on its server, and takes them down
 * again: new upgrades are refused, running commands finish, connections are
 * closed with 1001.
 */
@Injectable()
export class WebSocketHost
  implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown
{
  private readonly logger = new Logger('Snorky');
  private readonly endpoints = new Map<string, WebSocketEndpoint>();
  private router: UpgradeRouter | undefined;

  constructor(
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    @Inject(ResolvedOptions) private readonly options: ResolvedOptions,
    @Inject(RegistrySet) private readonly registries: RegistrySet,
    @Inject(GatewayExplorer) private readonly gateways: GatewayExplorer,
  ) {
    // Before the application's own middleware. A page at "/" may share its path
    // with an endpoint; elsewhere a plain request is a mistake and is told so.
    host.init$.subscribe(() => {
      this.host.httpAdapter?.use?.(this.answerPlainRequest);
    });
  }

  onModuleInit(): void {
    const server = this.server();
    if (this.options.endpoints.length === 0 || server === undefined) return;
    if (SnorkyWsAdapter.of(server) === undefined) {
      throw (
        adapterOfAnotherCopy(server) ?? setupError('SNORKY_ADAPTER_MISSING')
      );
    }
    // Only here: without a server, in a worker or a test, nobody can connect.
    this.gateways.checkOpen();
  }

  onApplicationBootstrap(): void {
    const server = this.server();
    const adapter = server && SnorkyWsAdapter.of(server);
    const visitorOf = platformVisitor(this.host);
    // Without a server (an application context, a microservice) nothing is
    // announced, and the endpoints are made only to have their options checked.
    const served = server === undefined ? [] : this.options.endpoints;
    if (served.length > 0 && hidesVisitor(this.host)) {
      this.logger.warn(
        'Addresses behind a proxy: this version of the HTTP platform does not ' +
          'show its setting. Connections see the address of the proxy.',
      );
    }
    for (const { registry, path, options } of this.options.endpoints) {
      // A gateway of the application's would never be reached.
      if (adapter?.serves(path)) throw setupError('SNORKY_PATH_TAKEN', path);
      const endpoint = this.options.check(registry, () => {
        const admit = this.gateways.admissionFor(registry, options);
        return new WebSocketEndpoint(
          this.registries.get(registry),
          options,
          admit,
          visitorOf,
        );
      });
      this.endpoints.set(path, endpoint);
    }
    for (const { registry, path, options } of served) {
      this.announce(registry, path, options);
    }
    if (server === undefined || adapter === undefined) return;
    if (this.endpoints.size === 0) return;
    this.router = new UpgradeRouter(server, adapter, this.endpoints);
  }

  async beforeApplicationShutdown(): Promise<void> {
    const { shutdownTimeout } = this.options;
    const endpoints = [...this.endpoints.values()];
    for (const endpoint of endpoints) endpoint.stopAccepting();
    await Promise.all(
      this.registries.all.map((registry) => registry.idle(shutdownTimeout)),
    );
    await Promise.all(
      endpoints.map((endpoint) => endpoint.close(shutdownTimeout)),
    );
    this.router?.remove();
  }

  /** Who forgot to list a gateway, or a service, sees it here. */
  private announce(
    name: string,
    path: string,
    options: WebSocketLateOptions,
  ): void {
    const services = this.registries.get(name).serviceNames().join(', ');
    const deciding = this.gateways.deciding(name, options).join(', ');
    const line =
      `Registry "${name}" on ${path}: ${services || 'no services'}; ` +
      (deciding === '' ? 'open to everybody' : `guarded by ${deciding}`);
    if (deciding !== '' || options.open === true || !inProduction()) {
      this.logger.log(line);
    } else {
      this.logger.warn(
        `${line}. Give the registry a gateway (@SnorkyGateway('${name}')), or ` +
          'say `open: true` if that is meant.',
      );
    }
  }

  private server(): Server | undefined {
    return this.host.httpAdapter?.getHttpServer() as Server | undefined;
  }

  private readonly answerPlainRequest = (
    request: IncomingMessage & { originalUrl?: string },
    response: ServerResponse & { raw?: ServerResponse },
    next: () => void,
  ): void => {
    const path = pathOf(request.originalUrl ?? request.url ?? '/');
    if (path === '/' || !this.endpoints.has(path)) {
      next();
      return;
    }
    const raw = response.raw ?? response;
    const isGet = request.method === 'GET';
    raw.writeHead(isGet ? 400 : 405, {
      'Content-Type': 'text/plain; charset=utf-8',
      ...(isGet ? {} : { Allow: 'GET' }),
    });
    raw.end('This path takes WebSocket connections only.\n');
  };
}

function inProduction(): boolean {
  // oxlint-disable-next-line node/no-process-env -- it says what is a mistake there only
  return process.env['NODE_ENV'] === 'production';
}
