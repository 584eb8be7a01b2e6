import type { Client } from '../../core/client.js';
import type { Subscription } from './subscription.js';

const NONE: ReadonlySet<Subscription> = new Set();

/** The subscriptions that clients of this node hold. */
export class HeldSubscriptions {
  private readonly byToken = new Map<string, Subscription>();
  private readonly byClient = new Map<Client, Set<Subscription>>();

  get size(): number {
    return this.byToken.size;
  }

  get(token: string): Subscription | undefined {
    return this.byToken.get(token);
  }

  of(client: Client): ReadonlySet<Subscription> {
    return this.byClient.get(client) ?? NONE;
  }

  add(subscription: Subscription): void {
    this.byToken.set(subscription.token, subscription);
    const mine = this.byClient.get(subscription.client);
    if (mine === undefined) {
      this.byClient.set(subscription.client, new Set([subscription]));
    } else {
      mine.add(subscription);
    }
  }

  /** Answers false when it is not, or no longer, held. */
  delete(subscription: Subscription): boolean {
    const { token, client } = subscription;
    if (this.byToken.get(token) !== subscription) return false;
    this.byToken.delete(token);
    const mine = this.byClient.get(client);
    if (mine?.delete(subscription) && mine.size === 0) {
      this.byClient.delete(client);
    }
    return true;
  }
}
