import type {
  MaybePromise,
  Position,
  Retention,
  Stop,
  TopicEntry,
  Topics,
} from '../../broker/ports.js';
import { whenReady } from '../../core/promise-like.js';

/** This node's reading of a log: every entry, once, in order. */
export class LogReader {
  private last: Position | undefined;
  private stopReading: Stop = () => {};

  constructor(
    private readonly topics: Topics,
    readonly topic: string,
    private readonly retention: Retention,
    private readonly read: (entry: TopicEntry) => void,
  ) {}

  start(): MaybePromise<void> {
    const subscribed = this.topics.subscribe(this.topic, (entry) => {
      this.last = entry.position;
      this.read(entry);
    });
    return whenReady(subscribed, (stop) => {
      this.stopReading = stop;
    });
  }

  stop(): void {
    this.stopReading();
  }

  /** Adds an entry; settles when this node has read it. */
  append(value: TopicEntry['value']): MaybePromise<Position> {
    return this.topics.publish(this.topic, value, this.retention);
  }

  /** That of the last entry that was read; undefined while there was none. */
  get position(): Position | undefined {
    return this.last;
  }

  /** Whether an entry after this position has been read already. */
  hasPassed(position: Position): boolean {
    if (this.last === undefined) return false;
    return (this.topics.compare(this.last, position) ?? 0) > 0;
  }
}
