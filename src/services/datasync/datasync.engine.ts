import { RpcError } from '../../core/rpc/rpc-error.js';
import { WireError } from '../../protocol/errors.js';
import { isJsonObject, type JsonValue } from '../../protocol/json.js';
import {
  answerOf,
  checkDone,
  complete,
  type Dealer,
  type SubscriptionItem,
} from './dealers/dealer.js';
import type { Delta } from '../../protocol/delta.js';
import type { ItemRequest } from './tokens/authorization.js';
import {
  asDelete,
  asInsert,
  transition,
  type Update,
} from './delivery/transition.js';
import type { Routed, Routing } from './delivery/routing.js';
import type { Subscription } from './delivery/subscription.js';

/** Called when a dealer has thrown. The other dealers go on. */
export type DealerFailed = (dealer: Dealer<never>, error: unknown) => void;

type JsonDealer = Dealer<JsonValue>;

/**
 * Decides which subscription hears of which change, as pure state: deltas in,
 * deliveries out. All items of a subscription are matched with the old row and
 * with the new one, and the subscription hears of the change once. So a row
 * that moves from one of its items to another is an update.
 */
export class DataSyncEngine implements Routing {
  private readonly dealers = new Map<string, JsonDealer>();
  private readonly byModel = new Map<string, JsonDealer[]>();
  private routings = 0;

  constructor(private readonly dealerFailed: DealerFailed) {}

  /** Adds a dealer. Answers false when its name is taken. */
  addDealer(dealer: Dealer<never>): boolean {
    const known = dealer as unknown as JsonDealer;
    if (this.dealers.has(known.name)) return false;
    this.dealers.set(known.name, known);
    const same = this.byModel.get(known.model);
    if (same === undefined) this.byModel.set(known.model, [known]);
    else same.push(known);
    return true;
  }

  hasDealer(name: string): boolean {
    return this.dealers.has(name);
  }

  hasModel(model: string): boolean {
    return this.byModel.has(model);
  }

  /** Whether any of the items belongs to one of the models. */
  concerns(
    items: readonly ItemRequest[],
    models: ReadonlySet<string>,
  ): boolean {
    return items.some(({ dealer }) => {
      const known = this.dealers.get(dealer);
      return known !== undefined && models.has(known.model);
    });
  }

  /**
   * Checks the items of a subscription. Nothing is registered.
   *
   * @throws RpcError for the first item that cannot be subscribed to.
   */
  checkItems(items: JsonValue): ItemRequest[] {
    if (!Array.isArray(items)) throw new RpcError(WireError.itemsNotAList);
    return items.map((item: JsonValue) => {
      if (!isJsonObject(item)) throw new RpcError(WireError.itemNotAnObject);
      const { dealer, query } = item;
      if (dealer === undefined) throw new RpcError(WireError.missingDealer);
      if (typeof dealer !== 'string') {
        throw new RpcError(WireError.dealerNotAName);
      }
      const known = this.dealers.get(dealer);
      if (known === undefined) throw new RpcError(WireError.noSuchDealer);
      if (query === undefined) throw new RpcError(WireError.missingQuery);
      checkDone(known, 'checkQuery', known.checkQuery(query) as unknown);
      return { dealer, query };
    });
  }

  /**
   * Routes deltas to the subscription from now on.
   *
   * @throws What a dealer throws; nothing is registered then.
   */
  register(subscription: Subscription): void {
    const added: SubscriptionItem[] = [];
    try {
      for (const item of subscription.items) {
        const dealer = this.dealers.get(item.dealer);
        const done: unknown = dealer?.addSubscriptionItem(item);
        added.push(item);
        if (dealer) checkDone(dealer, 'addSubscriptionItem', done);
      }
    } catch (error) {
      this.removeItems(added);
      throw error;
    }
  }

  unregister(subscription: Subscription): void {
    this.removeItems(subscription.items);
  }

  route(delta: Delta): Routed[] {
    const routing = ++this.routings;
    const touched: Subscription[] = [];
    const before = delta.type === 'update' ? delta.oldData : undefined;
    const after = delta.type === 'update' ? delta.newData : delta.data;
    for (const dealer of this.byModel.get(delta.model) ?? []) {
      try {
        // Both rows are looked up before anything is marked: a dealer that
        // throws for one row is left out for both.
        const old =
          before === undefined
            ? []
            : complete(dealer.getSubscriptionItemsForModel(before));
        const now = complete(dealer.getSubscriptionItemsForModel(after));
        for (const item of now) {
          const subscription = item.subscription as Subscription;
          if (subscription.matchedAfter === routing) continue;
          if (subscription.matchedBefore !== routing)
            touched.push(subscription);
          subscription.matchedAfter = routing;
        }
        for (const item of old) {
          const subscription = item.subscription as Subscription;
          if (subscription.matchedBefore === routing) continue;
          if (subscription.matchedAfter !== routing) touched.push(subscription);
          subscription.matchedBefore = routing;
        }
      } catch (error) {
        this.dealerFailed(dealer, error);
      }
    }
    if (touched.length === 0) return [];
    if (delta.type !== 'update') return [{ delta, to: touched }];
    return this.transitions(delta, touched, routing);
  }

  replay(subscription: Subscription, delta: Delta): Delta | undefined {
    const { items } = subscription;
    if (delta.type !== 'update') {
      return this.matchesAny(items, delta.model, delta.data)
        ? delta
        : undefined;
    }
    let before = false;
    let after = false;
    for (const { dealer: name, query } of items) {
      const dealer = this.dealers.get(name);
      if (dealer?.model !== delta.model) continue;
      try {
        const old = answerOf(dealer, query, delta.oldData);
        const now = answerOf(dealer, query, delta.newData);
        before ||= old;
        after ||= now;
      } catch (error) {
        this.dealerFailed(dealer, error);
      }
      if (before && after) break;
    }
    return transition(delta, before, after);
  }

  private matchesAny(
    items: readonly SubscriptionItem[],
    model: string,
    row: JsonValue,
  ): boolean {
    for (const { dealer: name, query } of items) {
      const dealer = this.dealers.get(name);
      if (dealer?.model !== model) continue;
      try {
        if (answerOf(dealer, query, row)) return true;
      } catch (error) {
        this.dealerFailed(dealer, error);
      }
    }
    return false;
  }

  private transitions(
    delta: Update,
    touched: readonly Subscription[],
    routing: number,
  ): Routed[] {
    const entered: Subscription[] = [];
    const stayed: Subscription[] = [];
    const left: Subscription[] = [];
    for (const subscription of touched) {
      if (subscription.matchedAfter !== routing) left.push(subscription);
      else if (subscription.matchedBefore !== routing)
        entered.push(subscription);
      else stayed.push(subscription);
    }
    const routed: Routed[] = [];
    if (stayed.length > 0) routed.push({ delta, to: stayed });
    if (entered.length > 0) {
      routed.push({ delta: asInsert(delta), to: entered });
    }
    if (left.length > 0) routed.push({ delta: asDelete(delta), to: left });
    return routed;
  }

  private removeItems(items: readonly SubscriptionItem[]): void {
    for (const item of items) {
      const dealer = this.dealers.get(item.dealer);
      try {
        const done: unknown = dealer?.removeSubscriptionItem(item);
        if (dealer) checkDone(dealer, 'removeSubscriptionItem', done);
      } catch (error) {
        if (dealer !== undefined) this.dealerFailed(dealer, error);
      }
    }
  }
}
