import type { Position, Retention } from '../../../broker/ports.js';
import { LogTally, type Mark } from './log-tally.js';
import type { Subscription } from './subscription.js';

/** With a longer delay a timer would ring at once, again and again. */
const LONGEST_DELAY = 2 ** 31 - 1;

/**
 * Tells quiet subscriptions how far the log has come, before a quarter of its
 * memory has passed since they last heard: who hears nothing of its own would
 * otherwise come back with a position that the log has forgotten.
 *
 * Those told least recently are first in the map, so that a look at its head
 * tells whether anybody is due.
 */
export class PositionBeacon {
  private readonly marks = new Map<Subscription, Mark>();
  private readonly tally = new LogTally();
  private last: Position | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly retention: Retention,
    private readonly tell: (
      subscription: Subscription,
      position: Position,
    ) => void,
  ) {}

  /** The subscription has just been told a position. */
  told(subscription: Subscription): void {
    this.marks.delete(subscription);
    this.marks.set(subscription, this.tally.mark());
    const delay = Math.min(this.retention.age / 8, LONGEST_DELAY);
    this.timer ??= setInterval(this.look, delay).unref();
  }

  forget(subscription: Subscription): void {
    this.marks.delete(subscription);
    if (this.marks.size === 0) this.stop();
  }

  /**
   * The log has taken an entry, and who it concerns has been told.
   *
   * @param measure Its size; asked for only while anybody listens.
   */
  advance(position: Position, measure: () => number): void {
    this.last = position;
    if (this.marks.size === 0) {
      this.tally.add();
      return;
    }
    this.tally.add(measure);
    this.look();
  }

  /** What the log has come to is of no use any more. */
  gap(): void {
    this.last = undefined;
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private readonly look = (): void => {
    const { last, retention, tally } = this;
    if (last === undefined) return;
    const now = performance.now();
    for (const [subscription, mark] of this.marks) {
      const due =
        tally.entriesSince(mark) >= retention.entries / 4 ||
        tally.unitsSince(mark) >= retention.size / 4 ||
        now - mark.time >= retention.age / 4 - retention.age / 8;
      if (!due) return;
      // While the log rests there is nothing to tell.
      if (tally.entriesSince(mark) > 0) this.tell(subscription, last);
      this.told(subscription);
    }
  };
}
