import type { JsonValue } from '../../../protocol/json.js';
import type { ListenerOptions, Stop } from '../../ports/listening.js';
import type {
  Position,
  Replay,
  ReplayLimits,
  Retention,
  TopicEntry,
} from '../../ports/log.js';
import { now } from '../../alarm-clock.js';
import type { Alarm, AlarmClock } from '../../alarm-clock.js';
import { Feed } from './feed.js';
import { LostMarks } from './lost-marks.js';
import type { MemoryNode } from './memory-node.js';
import { RetainedLog } from './retained-log.js';
import type { Sequence } from './sequence.js';

interface Log {
  readonly past: RetainedLog;
  readonly feed: Feed<TopicEntry>;
  /** Rings when something kept may have become too old. */
  alarm: Alarm | undefined;
}

/**
 * The logs of a store. Only logs with listeners or retained entries are in
 * memory; for the others {@link LostMarks} is enough.
 */
export class SharedLogs {
  readonly #logs = new Map<string, Log>();
  readonly #lost = new LostMarks();
  readonly #sequence: Sequence;
  readonly #clock: AlarmClock;

  constructor(sequence: Sequence, clock: AlarmClock) {
    this.#sequence = sequence;
    this.#clock = clock;
  }

  /** Logs in memory. */
  get size(): number {
    return this.#logs.size;
  }

  publish(name: string, value: JsonValue, retention: Retention): Position {
    // Comes first because it throws for a value that is not JSON: nothing is
    // logged then.
    const size = JSON.stringify(value).length;
    const number = this.#sequence.next();
    const position = this.#sequence.position(number);
    const entry = { value, position };
    const log = this.#open(name);
    const at = now();
    log.past.append({ entry, number, size, at }, retention);
    // An alarm that is set already rings before this entry is too old, unless
    // the entry is to be kept for less time than those before it.
    if (log.past.length > 0) this.#watchAge(name, log, at + retention.age);
    log.feed.deliver(number, entry);
    return position;
  }

  subscribe(
    name: string,
    listener: (entry: TopicEntry) => void,
    { onGap }: ListenerOptions,
    node: MemoryNode,
  ): Stop {
    const source = { port: 'topics', name } as const;
    return this.#open(name).feed.subscribe({
      listener,
      onGap,
      from: this.#sequence.last,
      fail: (error) => node.failures.report(error, source),
    });
  }

  replay(name: string, since: Position, limits: ReplayLimits): Replay {
    const number = this.#sequence.read(since);
    if (number === undefined) return { covered: false };
    const log = this.#logs.get(name);
    if (!log) {
      if (number < this.#lost.of(name)) return { covered: false };
      return this.#replayed([], false, since);
    }
    if (log.past.length > 0) log.past.evict(now());
    const slice = log.past.after(number, limits);
    if (!slice) return { covered: false };
    return this.#replayed(slice.entries, slice.more, since);
  }

  /** Drops the entries of all logs, and tells their listeners. */
  forget(): void {
    // A copy: a listener may open another log.
    for (const [name, log] of [...this.#logs]) {
      const number = this.#sequence.next();
      log.past.forget(number);
      log.feed.lose(number);
      this.#forgetIfUnused(name, log);
    }
  }

  #replayed(
    entries: readonly TopicEntry[],
    more: boolean,
    since: Position,
  ): Replay {
    // At the end, readers of a quiet log get a new position too. They have
    // missed nothing when entries before it are evicted later.
    const position = more
      ? (entries.at(-1)?.position ?? since)
      : this.#sequence.end();
    return { covered: true, entries, position, more };
  }

  #open(name: string): Log {
    const known = this.#logs.get(name);
    if (known) return known;
    const log: Log = {
      past: new RetainedLog(this.#lost.of(name)),
      feed: new Feed(() => this.#forgetIfUnused(name, log)),
      alarm: undefined,
    };
    this.#logs.set(name, log);
    return log;
  }

  #forgetIfUnused(name: string, log: Log): void {
    if (!log.feed.idle || log.past.length > 0) return;
    // A listener may still hold the stop of an earlier log of this name: that
    // must not remove the present one.
    if (this.#logs.get(name) !== log) return;
    this.#logs.delete(name);
    this.#lost.mark(name, log.past.floor);
    if (log.alarm) this.#clock.cancel(log.alarm);
  }

  #watchAge(name: string, log: Log, at: number): void {
    if (log.alarm) {
      if (log.alarm.at <= at) return;
      this.#clock.cancel(log.alarm);
    }
    if (at === Infinity) return;
    log.alarm = this.#clock.set(at, () => {
      log.alarm = undefined;
      const time = now();
      log.past.evict(time);
      this.#forgetIfUnused(name, log);
      this.#watchAge(name, log, log.past.nextEviction(time));
    });
  }
}
