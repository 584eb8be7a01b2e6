import type { Client } from '../../core/clients/client.js';
import { RpcService } from '../../core/rpc/rpc-service.js';

/** The optional hooks of a decorated class. */
export interface ServiceHooks {
  /** See `Service.onClientConnected`. */
  onClientConnected?(client: Client): void | Promise<void>;
  /** See `Service.onClientDisconnected`. */
  onClientDisconnected?(client: Client): void | Promise<void>;
}

/**
 * The service in a registry for a decorated class that is no `Service` itself.
 *
 * @internal
 */
export class ProviderService extends RpcService {
  /** @param hooks Absent for a class that has an instance for each call. */
  constructor(hooks?: ServiceHooks) {
    super();
    if (hooks?.onClientConnected !== undefined) {
      this.onClientConnected = (client) => hooks.onClientConnected?.(client);
    }
    if (hooks?.onClientDisconnected !== undefined) {
      this.onClientDisconnected = (client) =>
        hooks.onClientDisconnected?.(client);
    }
  }
}
