import type {
  Position,
  Replay,
  TopicEntry,
} from '../../../broker/ports/log.js';
import { isPromiseLike } from '../../../core/promise-like.js';
import type { LogReader } from './log-reader.js';
import type { ReplaySchedule } from './replay-schedule.js';

/** What is asked of the log at once; the size is the broker's to choose. */
const PAGE = { entries: 256 };

/** What a catching-up needs of the subscription that it is for. */
export interface CatchUpTarget {
  /** Whether more is waiting to be sent than the client should have to hold. */
  readonly congested: boolean;
  /** Calls back when the client has taken what was waiting. */
  whenDrained(act: () => void): void;
  /** Answers false where it cannot go on; it has reported that itself then. */
  send(entry: TopicEntry): boolean;
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
  readonly reader: Pick<LogReader, 'hasPassed' | 'replay'>;
  readonly schedule: ReplaySchedule;
}

const NO_ENTRIES: readonly TopicEntry[] = [];

/**
 * Sends a subscription what the log has after a position, piece by piece, until
 * there is no more: then it is live, without a gap, without a second copy.
 * Before anything is sent it is known that the log reaches back far enough.
 *
 * It says once how it ended, unless it is stopped before.
 */
export class CatchUp {
  private page = NO_ENTRIES;
  private next = 0;
  private more = true;
  private stopped = false;

  constructor(
    private readonly context: CatchUpContext,
    private readonly target: CatchUpTarget,
    private since: Position,
  ) {}

  start(): void {
    this.context.schedule.run(this.step);
  }

  /** Nobody wants it any more. */
  stop(): void {
    this.stopped = true;
    this.page = NO_ENTRIES;
  }

  /** Pages and entries, until the time is up; the schedule calls it again. */
  private readonly step = (until: number): boolean => {
    const { schedule } = this.context;
    try {
      do {
        if (this.stopped) return false;
        const goesOn =
          this.next < this.page.length ? this.sendOne() : this.turnPage();
        if (!goesOn) return false;
      } while (schedule.now() < until);
    } catch (error) {
      this.end(() => this.target.failed(error));
      return false;
    }
    return true;
  };

  /** Answers whether to go on at once. */
  private sendOne(): boolean {
    const { target } = this;
    // Before each: a few large entries would make a fast reader slow.
    if (target.congested) {
      target.whenDrained(() => this.context.schedule.run(this.step));
      return false;
    }
    if (target.send(this.page[this.next++] as TopicEntry)) return true;
    this.stop();
    return false;
  }

  private turnPage(): boolean {
    const { reader } = this.context;
    // Entries that were read while an answer was on its way are in no page, and have
    // gone by.
    if (!this.more && !reader.hasPassed(this.since)) {
      this.end(() => this.target.caughtUp(this.since));
      return false;
    }
    const answer = reader.replay(this.since, PAGE);
    if (!isPromiseLike(answer)) return this.take(answer);
    answer.then(
      (page) => {
        if (!this.stopped && this.take(page)) {
          this.context.schedule.run(this.step);
        }
      },
      (error: unknown) => this.end(() => this.target.failed(error)),
    );
    return false;
  }

  private take(page: Replay): boolean {
    if (!page.covered) {
      this.end(() => this.target.uncovered());
      return false;
    }
    this.page = page.entries;
    this.next = 0;
    this.more = page.more;
    this.since = page.position;
    return true;
  }

  private end(tell: () => void): void {
    if (this.stopped) return;
    this.stop();
    tell();
  }
}
