import { isJsonObject, type JsonValue } from '../../protocol/json.js';
import type { RpcNotification } from '../../protocol/rpc.js';
import type { ReceivedDelta } from '../../protocol/snorky-types.js';
import type { CallOptions } from '../calls/call-options.js';
import { Followed } from './datasync-subscription.js';
import type { FollowEnd, FollowHandlers } from './follow-events.js';
import type { ConnectorError } from '../errors.js';
import { RPCService } from '../calls/rpc-service.js';
import type { Signal } from '../signal.js';

/**
 * The ways in which a server ends subscriptions, which are the names of the
 * features too.
 */
const ENDS: FollowEnd['type'][] = ['taken', 'revoked', 'refetch', 'identity'];

/** The token of a subscription. */
interface TokenParams {
  readonly token: string;
}

/**
 * The connector of the DataSync service. `liveCollection` needs only one call.
 * Use this connector if tokens come, or rows are kept, in another way.
 *
 * @example
 * snorky.services.datasync.deltaReceived.add((delta) => { ... });
 * await snorky.services.datasync.acquireSubscription({ token });
 */
export class DataSync extends RPCService {
  /** Dispatched with each change for any subscription of the connection. */
  declare readonly deltaReceived: Signal<[ReceivedDelta]>;
  /** @internal Subscriptions by each token that they may have. */
  declare $followed: Map<string, Followed>;
  /** @internal How often the identity of the connection has changed. */
  declare $identities: number;

  /**
   * Acquires a subscription as the original did: changes that were missed, and
   * those that follow, go to `deltaReceived`. The subscription ends with the
   * connection.
   */
  acquireSubscription(
    params: TokenParams,
    options?: CallOptions,
  ): Promise<JsonValue> {
    return this.rpcCall('acquireSubscription', params, options);
  }

  /** Ends a subscription that this connection has acquired. */
  cancelSubscription(
    params: TokenParams,
    options?: CallOptions,
  ): Promise<null> {
    return this.rpcCall('cancelSubscription', params, options);
  }

  /**
   * Follows a token through losses of the connection. Each change comes once
   * and in order, and none is left out, until the state is `gone`.
   *
   * @returns The subscription; `cancel()` ends it.
   */
  follow(token: string, handlers: FollowHandlers): Followed {
    const followed = new Followed(token, handlers, this);
    this.$followed.get(token)?.$ended({ type: 'taken' });
    this.$followed.set(token, followed);
    if (this.snorky.state === 'connected') followed.$acquire();
    return followed;
  }

  /** @internal */
  override $setUp(): void {
    super.$setUp();
    this.$followed = new Map();
    this.$identities = 0;
    (this as { deltaReceived: unknown }).deltaReceived = new this.snorky.Signal<
      [ReceivedDelta]
    >();
    this.notificationReceived.add(this.$notified, this);
    this.snorky.$features.ask(...ENDS, 'replaces');
  }

  /** @internal */
  override $connected(): void {
    for (const followed of this.$all()) {
      if (this.snorky.state === 'connected') followed.$acquire();
    }
  }

  /** @internal */
  override $lost(error: ConnectorError, final: boolean): void {
    super.$lost(error, final);
    for (const followed of this.$all()) followed.$lost(error);
  }

  /** @internal Stops telling a subscription of a token. */
  $forget(token: string, followed: Followed): void {
    if (this.$followed.get(token) === followed) this.$followed.delete(token);
  }

  /** @internal Its name lets a subclass have a method `onNotification`. */
  $notified(notification: RpcNotification): void {
    const { type, delta, deltas, subscription, position } = notification;
    const token = subscription as string;
    const tokens = notification['subscriptions'] ?? [token];
    if (type === 'delta' && isJsonObject(delta)) {
      for (const followed of this.$all()) {
        if (followed.$anonymous)
          followed.$deltas([delta as unknown as ReceivedDelta]);
      }
      this.deltaReceived.dispatch(delta as unknown as ReceivedDelta);
    } else if (type === 'deltas' && Array.isArray(deltas)) {
      const batch = deltas as readonly unknown[] as readonly ReceivedDelta[];
      // Collections come first, so that a listener to a change finds it
      // applied.
      this.$followed.get(token)?.$deltas(batch, position);
      for (const each of batch) this.deltaReceived.dispatch(each);
    } else if (type === 'position' && position !== undefined) {
      this.$followed.get(token)?.$moved(position);
    } else if (type === 'mismatch') {
      this.$followed.get(token)?.$mismatched(token);
    } else if ((ENDS as string[]).includes(type) && Array.isArray(tokens)) {
      const end = notification as unknown as FollowEnd;
      if (type === 'identity') this.$identities++;
      for (const each of tokens)
        this.$followed.get(each as string)?.$ended(end);
      for (const followed of this.$all()) {
        // Tokens that were for another identity may be for the present one.
        if (type === 'identity' && followed.state === 'mismatched') {
          followed.$acquire();
        }
      }
    } else {
      this.$strange('an unknown notification', notification);
    }
  }

  /**
   * All subscriptions, in a copy: a handler may end its subscription, and
   * follow others.
   */
  private $all(): Set<Followed> {
    return new Set(this.$followed.values());
  }
}
