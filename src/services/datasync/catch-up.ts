import type {
  MaybePromise,
  Position,
  Replay,
  TopicEntry,
} from '../../broker/ports.js';
import { isPromiseLike } from '../../core/promise-like.js';
import type { LogReader } from './log-reader.js';
import type { ReplaySchedule } from './replay-schedule.js';

/** Entries asked of the log at once. */
const PAGE = 256;
/** Milliseconds after which a step ends, with the entry that it is at. */
const STEP = 1;

/** What a catching-up needs of the subscription that it is for. */
export interface CatchUpTarget {
  /** Whether there is still somebody to send to. */
  readonly wanted: boolean;
  /** Whether more is waiting to be sent than the client should have to hold. */
  readonly congested: boolean;
  /** Calls back when the client has taken what was waiting. */
  whenDrained(act: () => void): void;
  send(entry: TopicEntry): void;
  /**
   * Everything up to here was sent; what is read from now on is live, except for
   * what a reading that lags behind the log has still to come to.
   */
  caughtUp(position: Position): void;
  /** The log no longer reaches back to where it must start. */
  uncovered(): void;
  failed(error: unknown): void;
}

/** What a catching-up works with. */
export interface CatchUpContext {
  readonly reader: LogReader;
  readonly schedule: ReplaySchedule;
  replay(since: Position, limit: number): MaybePromise<Replay>;
}

/**
 * Sends a subscription what the log has after a position, piece by piece, until
 * there is no more: then it is live, without a gap, without a second copy. Before anything is sent it is known that the log
 * reaches back far enough.
 */
export class CatchUp {
  private page: readonly TopicEntry[] = [];
  private next = 0;
  private more = true;

  constructor(
    private readonly context: CatchUpContext,
    private readonly target: CatchUpTarget,
    private since: Position,
  ) {}

  start(): void {
    // Reading a page takes time too, and two thousand may start in one turn.
    this.context.schedule.run(() => {
      this.ask();
      return false;
    });
  }

  private ask(): void {
    let page: MaybePromise<Replay>;
    try {
      page = this.context.replay(this.since, PAGE);
    } catch (error) {
      this.target.failed(error);
      return;
    }
    if (isPromiseLike(page)) {
      page.then(
        (answer) => this.take(answer),
        (error: unknown) => this.target.failed(error),
      );
    } else {
      this.take(page);
    }
  }

  private take(page: Replay): void {
    const { target } = this;
    if (!target.wanted) return;
    if (!page.covered) {
      target.uncovered();
      return;
    }
    this.page = page.entries;
    this.next = 0;
    this.more = page.more;
    this.since = page.position;
    if (this.page.length === 0) this.arrive();
    else this.context.schedule.run(this.step);
  }

  private readonly step = (): boolean => {
    const { target, page } = this;
    const end = performance.now() + STEP;
    try {
      while (this.next < page.length) {
        if (!target.wanted) return false;
        // Before each: a few large entries would make a fast reader slow.
        if (target.congested) {
          target.whenDrained(() => this.context.schedule.run(this.step));
          return false;
        }
        target.send(page[this.next++] as TopicEntry);
        if (performance.now() > end) break;
      }
    } catch (error) {
      target.failed(error);
      return false;
    }
    if (this.next < page.length) return true;
    this.page = [];
    this.arrive();
    return false;
  };

  /** At the end of a page: goes live, or asks for more. */
  private arrive(): void {
    // What was read while the answer was on its way is in no page and went by.
    if (this.more || this.context.reader.hasPassed(this.since)) {
      this.ask();
      return;
    }
    try {
      this.target.caughtUp(this.since);
    } catch (error) {
      // A dealer refused the items. Nobody is above us who could be told.
      this.target.failed(error);
    }
  }
}
