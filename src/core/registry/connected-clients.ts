import type { JsonValue } from '../../protocol/json.js';
import type { IdentityInput } from '../../protocol/snorky-types.js';
import type { Client, IdentityListener } from '../clients/client.js';
import { IdentityIndex } from '../clients/identity-index.js';
import type { Everywhere } from '../everywhere/everywhere.js';
import type { ConnectionEvent } from '../observation/registry-event.js';
import type { Service, ServiceHost } from '../service.js';
import { ClientHooks } from './client-hooks.js';

/** What the clients need of their registry. */
interface ConnectionHost extends Pick<
  ServiceHost,
  'counters' | 'failed' | 'laneOf' | 'observers'
> {
  readonly $everywhere: Pick<Everywhere, 'identified'>;
}

/**
 * The clients of a registry on this node. Tells services and observers of them.
 */
export class ConnectedClients {
  private readonly present = new Set<Client>();
  private readonly identities = new IdentityIndex<Client>();
  private readonly hooks: ClientHooks;

  constructor(
    services: ReadonlyMap<string, Service>,
    private readonly host: ConnectionHost,
  ) {
    this.hooks = new ClientHooks(services, host);
  }

  get all(): ReadonlySet<Client> {
    return this.present;
  }

  of(identity: IdentityInput): ReadonlySet<Client> {
    return this.identities.of(identity);
  }

  /** Adds a client. Its messages wait until all connect hooks have settled. */
  add(client: Client): void {
    const { counters } = this.host;
    this.present.add(client);
    counters.add('accepted');
    counters.add('connections');
    client.identityListener = this.identityChanged;
    this.identities.put(client, client.identity as JsonValue);
    this.tell('connected', client);
    const settled = this.hooks.connected(client);
    if (settled === undefined) return;
    const lane = this.host.laneOf(client);
    lane.hold();
    void settled.then(() => lane.release());
  }

  delete(client: Client): void {
    if (!this.present.delete(client)) return;
    this.host.counters.add('connections', undefined, -1);
    client.lane?.clear();
    clearTimeout(client.expiry);
    // The identity goes before the hooks run: a hook that counts the clients of
    // this identity counts right.
    client.identityListener = undefined;
    this.identities.delete(client);
    this.hooks.disconnected(client);
    this.tell('disconnected', client);
  }

  /**
   * Ends, before the setter returns, what services keep for the earlier
   * identity.
   */
  private readonly identityChanged: IdentityListener = (
    client,
    _before,
    after,
  ) => {
    this.identities.put(client, after);
    this.hooks.identityChanged(client);
    this.host.$everywhere.identified(client, after);
  };

  private tell(type: ConnectionEvent['type'], client: Client): void {
    const { observers } = this.host;
    if (!observers.hearsEvents) return;
    const identity = client.identity as JsonValue;
    const event = { type, at: Date.now(), client: client.id, identity };
    observers.event(Object.freeze(event));
  }
}
