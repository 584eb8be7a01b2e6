import type { Position, Retention } from '../../../broker/ports/log.js';
import { LONGEST_TIMER } from '../../../protocol/longest-timer.js';
import { LogTally } from '../log/log-tally.js';
import type { Subscription } from './subscription.js';
import { ToldOrder } from './told-order.js';

/**
 * Tells quiet subscriptions how far the log has come. Each hears of a position
 * before the log has used up a quarter of its bounds since the last one.
 * Otherwise a subscription without changes would come back with a position that
 * the log no longer reaches.
 *
 * Only the subscription that was told least recently is checked.
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

  /**
   * Tells a subscription positions from now on. Its client knows the present
   * one.
   */
  follow(subscription: Subscription): void {
    this.order.add(subscription, this.tally.mark());
    // The end of the service may come before an answer of the broker.
    if (this.stopped) return;
    const delay = Math.min(this.retention.age / 8, LONGEST_TIMER);
    this.timer ??= setInterval(this.look, delay).unref();
  }

  /**
   * Notes that subscriptions have heard of an entry, and so of its position.
   * Those that are not followed are ignored.
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
   * Counts an entry that the log has taken. No subscription has heard of it
   * yet.
   *
   * @param measure The size of the entry; called only while there are
   *   subscriptions.
   */
  count(measure: () => number): void {
    if (this.order.first === undefined) this.tally.add();
    else this.tally.add(measure);
  }

  /** Notes that the subscriptions that an entry concerns have heard of it. */
  advance(position: Position): void {
    this.last = position;
    this.look();
  }

  /** Notes that the positions of the log are void from now on. */
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
      // The first one has just been told, so all have been told in this round.
      if (first === undefined || first.mark === now) return;
      const { subscription, mark } = first;
      const due =
        tally.entriesSince(mark) >= retention.entries / 4 ||
        tally.unitsSince(mark) >= retention.size / 4 ||
        now.time - mark.time >= retention.age / 4 - retention.age / 8;
      if (!due) return;
      // If the log has taken nothing, there is no new position to tell.
      if (tally.entriesSince(mark) > 0) this.tell(subscription, last);
      order.renew(subscription, now);
    }
  };
}
