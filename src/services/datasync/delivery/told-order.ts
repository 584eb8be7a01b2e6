import type { Mark } from '../log/log-tally.js';

/**
 * When a subscription was last told a position, and its neighbours in the
 * order.
 */
export interface Told<S> {
  readonly subscription: S;
  mark: Mark;
  older: Told<S> | undefined;
  newer: Told<S> | undefined;
}

/** A member of an order. It keeps its own place. */
interface Listed<S> {
  told: Told<S> | undefined;
}

/**
 * Resumable subscriptions in the order in which they were last told a position.
 * Each delivery moves one to the end. A map keeps that order too, but it also
 * keeps deleted entries until it is rebuilt, again and again.
 */
export class ToldOrder<S extends Listed<S>> {
  private oldest: Told<S> | undefined;
  private newest: Told<S> | undefined;

  /** The place of the subscription that was told least recently. */
  get first(): Told<S> | undefined {
    return this.oldest;
  }

  add(subscription: S, mark: Mark): void {
    if (subscription.told !== undefined) return;
    const told: Told<S> = {
      subscription,
      mark,
      older: undefined,
      newer: undefined,
    };
    subscription.told = told;
    this.append(told);
  }

  /** Moves a subscription to the end, if it is in the order. */
  renew({ told }: S, mark: Mark): void {
    if (told === undefined) return;
    told.mark = mark;
    if (told === this.newest) return;
    this.remove(told);
    this.append(told);
  }

  delete(subscription: S): void {
    const { told } = subscription;
    if (told === undefined) return;
    subscription.told = undefined;
    this.remove(told);
  }

  private append(told: Told<S>): void {
    const { newest } = this;
    told.older = newest;
    told.newer = undefined;
    if (newest === undefined) this.oldest = told;
    else newest.newer = told;
    this.newest = told;
  }

  private remove({ older, newer }: Told<S>): void {
    if (older === undefined) this.oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.newest = older;
    else newer.older = older;
  }
}
