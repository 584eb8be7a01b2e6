import type { JsonValue } from '../../protocol/json.js';
import type {
  Position,
  Replay,
  Retention,
  Stop,
  TopicEntry,
} from '../ports.js';
import { now } from '../alarm-clock.js';
import type { Alarm, AlarmClock } from '../alarm-clock.js';
import { Feed } from './feed.js';
import { LostMarks } from './lost-marks.js';
import type { MemoryNode } from './memory-node.js';
import { RetainedLog } from './retained-log.js';
import type { Sequence } from './sequence.js';

interface Topic {
  readonly log: RetainedLog;
  readonly feed: Feed<TopicEntry>;
  /** Rings when something kept may have become too old. */
  alarm: Alarm | undefined;
}

/**
 * The topics of a store. Only those that somebody listens to or that have a
 * retained entry exist; of the others {@link LostMarks} knows enough.
 */
export class SharedTopics {
  readonly #topics = new Map<string, Topic>();
  readonly #lost = new LostMarks();
  readonly #sequence: Sequence;
  readonly #clock: AlarmClock;

  constructor(sequence: Sequence, clock: AlarmClock) {
    this.#sequence = sequence;
    this.#clock = clock;
  }

  /** Topics in memory. */
  get size(): number {
    return this.#topics.size;
  }

  publish(name: string, value: JsonValue, retention?: Retention): Position {
    if (retention) return this.#publishRetained(name, value, retention);
    const number = this.#sequence.next();
    const position = this.#sequence.position(number);
    const topic = this.#topics.get(name);
    if (topic) {
      topic.log.skip(number);
      topic.feed.deliver(number, { value, position });
    } else {
      this.#lost.mark(name, number);
    }
    return position;
  }

  #publishRetained(
    name: string,
    value: JsonValue,
    retention: Retention,
  ): Position {
    // First, because it throws for what is not JSON: nothing is logged then.
    const bytes = JSON.stringify(value).length;
    const number = this.#sequence.next();
    const position = this.#sequence.position(number);
    const entry = { value, position };
    const topic = this.#open(name);
    const at = now();
    topic.log.append({ entry, number, bytes, at }, retention);
    // An alarm that is set rings before this entry is too old, unless this one
    // is to be kept for less long than those before it.
    if (topic.log.length > 0) this.#watchAge(name, topic, at + retention.age);
    topic.feed.deliver(number, entry);
    return position;
  }

  subscribe(
    name: string,
    listener: (entry: TopicEntry) => void,
    node: MemoryNode,
  ): Stop {
    const source = { port: 'topics', name } as const;
    return this.#open(name).feed.subscribe({
      listener,
      from: this.#sequence.last,
      fail: (error) => node.failures.report(error, source),
    });
  }

  replay(name: string, since: Position, limit: number): Replay {
    const number = this.#sequence.read(since);
    if (number === undefined) return { covered: false };
    const topic = this.#topics.get(name);
    if (!topic) {
      if (number < this.#lost.of(name)) return { covered: false };
      return this.#replayed([], false, since);
    }
    if (topic.log.length > 0) topic.log.evict(now());
    const slice = topic.log.after(number, limit);
    if (!slice) return { covered: false };
    return this.#replayed(slice.entries, slice.more, since);
  }

  #replayed(
    entries: readonly TopicEntry[],
    more: boolean,
    since: Position,
  ): Replay {
    // At the end a quiet topic's readers are moved on too: what is evicted
    // later, before this place, is nothing that they miss.
    const position = more
      ? (entries.at(-1)?.position ?? since)
      : this.#sequence.end();
    return { covered: true, entries, position, more };
  }

  #open(name: string): Topic {
    const known = this.#topics.get(name);
    if (known) return known;
    const topic: Topic = {
      log: new RetainedLog(this.#lost.of(name)),
      feed: new Feed(() => this.#forgetIfUnused(name, topic)),
      alarm: undefined,
    };
    this.#topics.set(name, topic);
    return topic;
  }

  #forgetIfUnused(name: string, topic: Topic): void {
    if (!topic.feed.idle || topic.log.length > 0) return;
    // An old record may outlive its name: a listener can still hold its stop.
    if (this.#topics.get(name) !== topic) return;
    this.#topics.delete(name);
    this.#lost.mark(name, topic.log.floor);
    if (topic.alarm) this.#clock.cancel(topic.alarm);
  }

  #watchAge(name: string, topic: Topic, at: number): void {
    if (topic.alarm) {
      if (topic.alarm.at <= at) return;
      this.#clock.cancel(topic.alarm);
    }
    if (at === Infinity) return;
    topic.alarm = this.#clock.set(at, () => {
      topic.alarm = undefined;
      const time = now();
      topic.log.evict(time);
      this.#forgetIfUnused(name, topic);
      this.#watchAge(name, topic, topic.log.nextEviction(time));
    });
  }
}
