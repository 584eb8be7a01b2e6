import type { Position, Retention } from '../../../broker/ports/log.js';
import { LONGEST_TIMER } from '../../../protocol/longest-timer.js';
import { LogTally } from '../log/log-tally.js';
import type { Subscription } from './subscription.js';
import { ToldOrder } from './told-order.js';

/**
 * Tells quiet subscriptions how far the log has come, before a quarter of its
 * memory has passed since they last heard: a subscription without changes would
 * otherwise come back with a position that the log has forgotten.
 *
 * Only the one that was told least recently is looked at.
 */
export class PositionBeacon {
  private readonly order = new ToldOrder<Subscription>();
  private readonly tally = new LogTally();
  private last: Position | undefined;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly retention: Retention,
    private readonly tell: (
      subscription: Subscription,
      position: Position,
    ) => void,
  ) {}

  /** Tells a subscription positions from now on: its client knows one. */
  follow(subscription: Subscription): void {
    this.order.add(subscription, this.tally.mark());
    // An answer of the broker may come after the end.
    if (this.stopped) return;
    const delay = Math.min(this.retention.age / 8, LONGEST_TIMER);
    this.timer ??= setInterval(this.look, delay).unref();
  }

  /**
   * These subscriptions have heard of an entry, and with it of its position.
   * Those that are not in the order are ignored.
   */
  told(subscriptions: readonly Subscription[]): void {
    const mark = this.tally.mark();
    for (const subscription of subscriptions) {
      this.order.renew(subscription, mark);
    }
  }

  forget(subscription: Subscription): void {
    this.order.delete(subscription);
    if (this.order.first === undefined) this.rest();
  }

  /**
   * The log has taken an entry; no subscription has heard of it yet.
   *
   * @param measure Its size; asked for only while anybody listens.
   */
  count(measure: () => number): void {
    if (this.order.first === undefined) this.tally.add();
    else this.tally.add(measure);
  }

  /** The subscriptions that the entry concerns have heard of it. */
  advance(position: Position): void {
    this.last = position;
    this.look();
  }

  /** Positions of the log are void from now on. */
  gap(): void {
    this.last = undefined;
  }

  stop(): void {
    this.stopped = true;
    this.rest();
  }

  private rest(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private readonly look = (): void => {
    const { last, order, retention, tally } = this;
    if (last === undefined) return;
    const now = tally.mark();
    for (;;) {
      const { first } = order;
      // Once all have been told, the first one is the one that was told just now.
      if (first === undefined || first.mark === now) return;
      const { subscription, mark } = first;
      const due =
        tally.entriesSince(mark) >= retention.entries / 4 ||
        tally.unitsSince(mark) >= retention.size / 4 ||
        now.time - mark.time >= retention.age / 4 - retention.age / 8;
      if (!due) return;
      // While the log rests there is nothing to tell.
      if (tally.entriesSince(mark) > 0) this.tell(subscription, last);
      order.renew(subscription, now);
    }
  };
}
