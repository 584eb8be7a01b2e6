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

/** This node's reading of a log: every entry once and in order, or a gap. */
export class LogReader {
  private last: Position | undefined;
  private stopReading: Stop = () => {};

  /** @param onGap Called when entries may have been lost since the last one. */
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

  /**
   * Adds an entry. Settles when this node has read it, or has been told of a
   * gap.
   */
  append(value: TopicEntry['value']): MaybePromise<Position> {
    return this.log.publish(value);
  }

  /** The present end of the log, whether or not this node has read so far. */
  end(): MaybePromise<Position> {
    return this.log.position();
  }

  /** The entries after a position. */
  replay(since: Position, limits: ReplayLimits): MaybePromise<Replay> {
    return this.log.replay(since, limits);
  }

  /**
   * The position of the last entry that was read; undefined if there was none,
   * and after a gap.
   */
  get position(): Position | undefined {
    return this.last;
  }

  /**
   * Whether an entry after this position has been read already. If the two
   * cannot be compared, the log was lost in between: whoever waits for the
   * answer is told of that gap.
   */
  hasPassed(position: Position): boolean {
    if (this.last === undefined) return false;
    return (this.compare(this.last, position) ?? 0) > 0;
  }
}
