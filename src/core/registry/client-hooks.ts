import type { Client } from '../clients/client.js';
import { asPromise, isPromiseLike } from '../promise-like.js';
import type { Service, ServiceHost } from '../service.js';

/**
 * Tells the services of a registry which clients come and go, in the order in
 * which the services were registered. A hook that fails is logged, and does not
 * keep the other services from theirs.
 */
export class ClientHooks {
  /** Clients whose connect hooks have not all settled. */
  private readonly connecting = new Map<
    Client,
    Map<Service, PromiseLike<unknown>>
  >();

  constructor(
    private readonly services: ReadonlyMap<string, Service>,
    private readonly host: Pick<ServiceHost, 'failed'>,
  ) {}

  /**
   * Settles when all connect hooks have; undefined where none of them waits.
   */
  connected(client: Client): Promise<void> | undefined {
    let pending: Map<Service, PromiseLike<unknown>> | undefined;
    for (const service of this.services.values()) {
      const settled = this.run(service, 'onClientConnected', client);
      if (settled !== undefined) (pending ??= new Map()).set(service, settled);
    }
    if (pending === undefined) return undefined;
    this.connecting.set(client, pending);
    return Promise.all(pending.values()).then(() => {
      this.connecting.delete(client);
    });
  }

  identityChanged(client: Client): void {
    for (const service of this.services.values()) {
      try {
        service.$onIdentityChanged?.(client);
      } catch (error) {
        const failure = { reason: 'identity', service: service.name };
        this.host.failed(failure, error, () => {
          return `Service "${service.name}" failed at a change of identity`;
        });
      }
    }
  }

  disconnected(client: Client): void {
    const connecting = this.connecting.get(client);
    this.connecting.delete(client);
    for (const service of this.services.values()) {
      // A service hears that a client has gone only after its connect hook has
      // finished.
      const start = connecting?.get(service);
      if (start === undefined) {
        this.run(service, 'onClientDisconnected', client);
      } else {
        void start.then(() => {
          this.run(service, 'onClientDisconnected', client);
        });
      }
    }
  }

  private run(
    service: Service,
    hook: 'onClientConnected' | 'onClientDisconnected',
    client: Client,
  ): PromiseLike<unknown> | undefined {
    try {
      const result = service[hook]?.(client);
      if (result === undefined || !isPromiseLike(result)) return undefined;
      return asPromise(result).then(undefined, (error: unknown) => {
        this.failed(service, hook, error);
      });
    } catch (error) {
      this.failed(service, hook, error);
      return undefined;
    }
  }

  private failed(service: Service, hook: string, error: unknown): void {
    const failure = { reason: hook, service: service.name };
    this.host.failed(failure, error, () => {
      return `${hook} of service "${service.name}" failed`;
    });
  }
}
