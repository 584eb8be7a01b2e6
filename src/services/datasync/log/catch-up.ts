import type {
  Position,
  Replay,
  TopicEntry,
} from '../../../broker/ports/log.js';
import { isPromiseLike } from '../../../core/promise-like.js';
import type { LogReader } from './log-reader.js';
import type { ReplaySchedule } from './replay-schedule.js';

/**
 * How many entries are read from the log at once; the broker chooses the size.
 */
const PAGE = { entries: 256 };

/** What a catch-up needs of its subscription. */
export interface CatchUpTarget {
  /**
   * Whether so much waits to be sent that the client should not get more now.
   */
  readonly congested: boolean;
  /** Calls back when the client has taken what was waiting. */
  whenDrained(act: () => void): void;
  /**
   * Sends an entry. Answers false if the catch-up must end; the target has
   * reported why.
   */
  send(entry: TopicEntry): boolean;
  /**
   * Everything up to this position was sent. Entries that are read from now on
   * are live, except those before this position: this node's reading of the log
   * may still lag behind.
   */
  caughtUp(position: Position): void;
  /** The log no longer reaches back to where the catch-up must begin. */
  uncovered(): void;
  failed(error: unknown): void;
}

/** What a catch-up works with. */
export interface CatchUpContext {
  readonly reader: Pick<LogReader, 'hasPassed' | 'replay'>;
  readonly schedule: ReplaySchedule;
}

const NO_ENTRIES: readonly TopicEntry[] = [];

/**
 * Sends a subscription what the log has after a position, piece by piece, until
 * nothing is left. The subscription is live then, with no entry missing and
 * none sent twice. Nothing is sent before it is known that the log reaches back
 * far enough.
 *
 * It reports once how it ended, unless it is stopped before.
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

  /** Ends it without a report: nobody needs it any more. */
  stop(): void {
    this.stopped = true;
    this.page = NO_ENTRIES;
  }

  /**
   * Reads pages and sends entries until the time is up. The schedule then calls
   * it again.
   */
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

  /** Sends one entry. Answers whether to go on at once. */
  private sendOne(): boolean {
    const { target } = this;
    // Checked before each entry: a few large ones would make a fast reader
    // slow.
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
    // While the answer was on its way, this node may have read later entries of
    // the log. They are in no page and will not be delivered again, so another
    // page is needed.
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
