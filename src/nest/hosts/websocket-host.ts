import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import {
  shuttingDown,
  UpgradeRefused,
} from '../../core/admission/upgrade-refused.js';
import { WebSocketEndpoint } from '../../transports/websocket/websocket-endpoint.js';
import { AttachedServers, type UpgradableServer } from './attached-servers.js';
import { GatewayExplorer } from '../gateway/gateway-explorer.js';
import { pathOf } from '../../transports/request-target.js';
import { hidesVisitor, platformVisitor } from './platform-visitor.js';
import { adapterOfAnotherCopy } from '../setup/package-copies.js';
import {
  answerNoRoute,
  offersWebSocket,
  refusePlainly,
} from './plain-request.js';
import { ResolvedOptions } from '../options/resolved-options.js';
import { RegistrySet } from '../registration/registry-set.js';
import { setupError } from '../setup/setup-errors.js';
import { SnorkyWsAdapter } from './snorky-ws.adapter.js';
import type { WebSocketLateOptions } from '../options/snorky-options.js';
import { UpgradeRouter } from './upgrade-router.js';

/**
 * Puts the application's WebSocket endpoints on its server, and on further
 * servers that are attached. Takes them down at shutdown: new upgrades are
 * refused, running commands finish, connections are closed with 1001.
 */
@Injectable()
export class WebSocketHost
  implements
    OnModuleInit,
    OnApplicationBootstrap,
    BeforeApplicationShutdown,
    OnApplicationShutdown
{
  private readonly logger = new Logger('Snorky');
  private readonly endpoints = new Map<string, WebSocketEndpoint>();
  private readonly attached = new AttachedServers();
  private takeDown: (() => void) | undefined;
  private announced = false;
  private closing = false;

  constructor(
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    @Inject(ResolvedOptions) private readonly options: ResolvedOptions,
    @Inject(RegistrySet) private readonly registries: RegistrySet,
    @Inject(GatewayExplorer) private readonly gateways: GatewayExplorer,
  ) {
    // Comes before the application's own middleware.
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
    // Checked only here: without a server, in a worker or a test, nobody can
    // connect.
    this.gateways.checkOpen();
  }

  onApplicationBootstrap(): void {
    const server = this.server();
    const adapter = server && SnorkyWsAdapter.of(server);
    const visitorOf = platformVisitor(this.host);
    for (const { registry, path, options } of this.options.endpoints) {
      // A gateway of the application on this path would never be reached.
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
    if (this.endpoints.size === 0) return;
    // Without a server (an application context, a microservice) nothing is
    // announced. The endpoints are made only to check their options.
    if (server !== undefined || this.attached.size > 0) this.announceAll();
    this.attached.serve({ endpoints: this.endpoints });
    if (server === undefined || adapter === undefined) return;
    const routes = { endpoints: this.endpoints, adapter };
    try {
      this.takeDown = UpgradeRouter.add(server, routes);
    } catch (error) {
      this.attached.takeDown();
      throw error;
    }
  }

  /**
   * Puts the application's endpoints on one more server, for example the second
   * one of an application that is reached over http and https. It may be called
   * before or after the server listens, and before or after the application is
   * initialized. Registries, limits and counters are shared with the
   * application's own server.
   *
   * Only WebSocket connections are served there. Routes, and a backend without
   * a port of its own, are served where the application listens to the server's
   * requests.
   *
   * Closing the server is its owner's task. The endpoints leave it when it is
   * closed, or when the application is. Its connections are closed with the
   * application.
   *
   * @throws SnorkySetupError for a value that is no server, for a server on
   *   which a path is taken, and after the application has closed.
   * @returns A function that takes the endpoints off the server earlier, once
   *   everybody who attached it has called theirs. The connections stay.
   * @example
   * const secure = createServer(certificate, app.getHttpAdapter().getInstance());
   * app.get(WebSocketHost).attach(secure);
   * secure.listen(443);
   */
  attach(server: UpgradableServer): () => void {
    const own = this.server();
    if (server === own) return () => {};
    // Nobody could connect before, so it was not checked.
    if (own === undefined) this.gateways.checkOpen();
    const letGo = this.attached.attach(server);
    if (this.endpoints.size > 0) this.announceAll();
    return letGo;
  }

  async beforeApplicationShutdown(): Promise<void> {
    const { shutdownTimeout } = this.options;
    const endpoints = [...this.endpoints.values()];
    this.closing = true;
    for (const endpoint of endpoints) endpoint.stopAccepting();
    await Promise.all(
      this.registries.all.map((registry) => registry.idle(shutdownTimeout)),
    );
    await Promise.all(
      endpoints.map((endpoint) => endpoint.close(shutdownTimeout)),
    );
  }

  /**
   * Runs after the servers are closed: whoever comes until then is told why it
   * is refused.
   */
  onApplicationShutdown(): void {
    this.attached.close();
    this.takeDown?.();
  }

  private announceAll(): void {
    if (this.announced) return;
    this.announced = true;
    if (hidesVisitor(this.host)) {
      this.logger.warn(
        'Addresses behind a proxy: this version of the HTTP platform does not ' +
          'show its setting. Connections see the address of the proxy.',
      );
    }
    for (const { registry, path, options } of this.options.endpoints) {
      this.announce(registry, path, options);
    }
  }

  /** Shows a developer whether a gateway, or a service, has not been listed. */
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
    const { hosts, origins = deciding === '' ? '*' : 'same' } = options;
    if (origins === 'same' && hosts === undefined && inProduction()) {
      this.logger.warn(
        `Pages may connect to ${path} by any host that leads here, and a stranger's ` +
          "name can be made to. Say by which: `hosts: ['...']`.",
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
    const raw = response.raw ?? response;
    if (!this.endpoints.has(path)) next();
    else if (offersWebSocket(request)) this.refuseMisdirected(path, raw);
    // A page may have the same path as an endpoint.
    else if (path === '/') next();
    else answerNoRoute(request, raw);
  };

  /** Refuses an upgrade on a server that does not have the endpoint. */
  private refuseMisdirected(path: string, response: ServerResponse): void {
    const { registry = '' } =
      this.options.endpoints.find((one) => one.path === path) ?? {};
    const { counters, log } = this.registries.get(registry);
    counters.add('refused', { reason: this.closing ? 'shutdown' : '421' });
    if (this.closing) {
      refusePlainly(response, shuttingDown());
      return;
    }
    log.warn(
      'misdirected',
      () =>
        `Refused an upgrade of ${path}: it came to a server that the endpoint is not on. ` +
        'Put it there with app.get(WebSocketHost).attach(server)',
    );
    const why = 'This server takes no WebSocket connections';
    refusePlainly(response, new UpgradeRefused(421, why));
  }
}

function inProduction(): boolean {
  // oxlint-disable-next-line node/no-process-env -- it says what is a mistake there only
  return process.env['NODE_ENV'] === 'production';
}
