import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { BackendHandler } from '../../transports/http/backend-handler.js';
import { platformVisitor } from './platform-visitor.js';
import { servesHttp } from './publication-reach.js';
import { RegistrySet } from '../registration/registry-set.js';
import {
  ResolvedOptions,
  type ResolvedBackend,
} from '../options/resolved-options.js';

interface Backend extends ResolvedBackend {
  readonly handler: BackendHandler;
  server?: Server;
}

/** Milliseconds that callers have to read their refusal. */
const FAREWELL = 500;

type MaybeWrapped<T> = T & { readonly raw?: T };

/**
 * Serves the application's HTTP backends, on ports of their own or in front of
 * everything on the application's server. So neither the application's prefix,
 * guards and interceptors nor its body parsers touch them.
 *
 * The handler is plain Node rather than a nested Nest application. The checks
 * that the protocol prescribes need no framework, and the behaviour is the same
 * on Express, on Fastify and alone.
 */
@Injectable()
export class BackendHost
  implements OnApplicationBootstrap, BeforeApplicationShutdown
{
  private readonly logger = new Logger('Snorky');
  private readonly backends: readonly Backend[];

  constructor(
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    @Inject(RegistrySet) registries: RegistrySet,
    @Inject(ResolvedOptions) private readonly options: ResolvedOptions,
  ) {
    this.backends = options.backends.map((backend) => ({
      ...backend,
      handler: options.check(
        backend.registry,
        () =>
          new BackendHandler(
            registries.get(backend.registry),
            backend.path,
            backend.options,
            // The application's setting for proxies does not apply to a port of
            // its own.
            backend.listen === undefined ? platformVisitor(host) : undefined,
          ),
      ),
    }));
    const mounted = this.backends.filter(({ listen }) => listen === undefined);
    if (mounted.length === 0) return;
    // This is the earliest moment at which the adapter takes middleware, and
    // the only one that comes before the application's own, on Express and on
    // Fastify.
    host.init$.subscribe(() => {
      host.httpAdapter?.use?.(
        (
          request: MaybeWrapped<IncomingMessage>,
          response: MaybeWrapped<ServerResponse>,
          next: () => void,
        ) => {
          const raw = request.raw ?? request;
          const backend = mounted.find(({ handler }) => handler.owns(raw));
          if (backend === undefined) next();
          else backend.handler.handle(raw, response.raw ?? response);
        },
      );
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    // An application context (a worker, a command) or a microservice opens no
    // port: its parent application has it, and may be running beside it.
    if (!servesHttp(this.host)) return;
    for (const backend of this.backends) {
      const { listen, handler, registry } = backend;
      if (listen === undefined) continue;
      const server = createServer(handler.handle);
      server.listen(listen.port, listen.host ?? '127.0.0.1');
      await once(server, 'listening');
      backend.server = server;
      const { address, port, family } = server.address() as AddressInfo;
      const host = family === 'IPv6' ? `[${address}]` : address;
      this.logger.log(
        `Backend of "${registry}" on http://${host}:${port}${backend.path}`,
      );
    }
  }

  /**
   * The address where the backend of a registry listens.
   *
   * @returns Undefined while it does not listen, and if it has no port of its
   *   own.
   */
  address(registry: string): AddressInfo | undefined {
    const backend = this.backends.find((one) => one.registry === registry);
    return (backend?.server?.address() as AddressInfo | null) ?? undefined;
  }

  async beforeApplicationShutdown(): Promise<void> {
    const { shutdownTimeout } = this.options;
    await Promise.all(
      this.backends.map(async ({ handler, server }) => {
        // An idle keep-alive connection would delay the closing of the server.
        handler.endKeepAlive();
        const closed = server && once(server, 'close');
        server?.close();
        server?.closeIdleConnections();
        await handler.idle(shutdownTimeout);
        // The application's server would wait for open requests until they time
        // out.
        handler.abandon();
        await handler.idle(FAREWELL);
        server?.closeAllConnections();
        await closed;
      }),
    );
  }
}
