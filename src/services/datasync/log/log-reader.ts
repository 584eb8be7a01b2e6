import type { Stop } from '../../../broker/ports/listening.js';
import type {
  Position,
  Replay,
  ReplayLimits,
  TopicEntry,
  TopicLog,
} from '../../../broker/ports/log.js';
import type { Topics } from '../../../broker/ports/topics.js';
import type { MaybePromise } from '../../../protocol/maybe-promise.js';
import { whenReady } from '../../../core/promise-like.js';

/** This node's reading of a log: every entry, once, in order, or a gap. */
export class LogReader {
  private last: Position | undefined;
  private stopReading: Stop = () => {};

  /** @param onGap Told that entries may have been lost since the last one. */
  constructor(
    private readonly log: TopicLog,
    private readonly compare: Topics['compare'],
    private readonly read: (entry: TopicEntry) => void,
    private readonly onGap: () => void,
  ) {}

  start(): MaybePromise<void> {
    const subscribed = this.log.subscribe(
      (entry) => {
        this.last = entry.position;
        this.read(entry);
      },
      {
        onGap: () => {
          this.last = undefined;
          this.onGap();
        },
      },
    );
    return whenReady(subscribed, (stop) => {
      this.stopReading = stop;
    });
  }

  stop(): void {
    this.stopReading();
  }

  /** Adds an entry; settles when this node has read it, or is told of a gap. */
  append(value: TopicEntry['value']): MaybePromise<Position> {
    return this.log.publish(value);
  }

  /** Where the log ends now, read or not. */
  end(): MaybePromise<Position> {
    return this.log.position();
  }

  /** What it has after a place. */
  replay(since: Position, limits: ReplayLimits): MaybePromise<Replay> {
    return this.log.replay(since, limits);
  }

  /**
   * That of the last entry that was read; undefined while there was none, and
   * after a gap.
   */
  get position(): Position | undefined {
    return this.last;
  }

  /**
   * Whether an entry after this position has been read already. Where the two
   * cannot be compared, the log was lost in between: whoever waits for the answer
   * has been told of that gap, or will be.
   */
  hasPassed(position: Position): boolean {
    if (this.last === undefined) return false;
    return (this.compare(this.last, position) ?? 0) > 0;
  }
}
