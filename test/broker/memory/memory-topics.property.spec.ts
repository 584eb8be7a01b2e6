import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { MemoryBroker } from '../../../src/broker/memory/memory-broker.js';
import { MemoryStore } from '../../../src/broker/memory/memory-store.js';
import type { MemoryLog } from '../../../src/broker/memory/memory-topics.js';
import type {
  Position,
  ReplayLimits,
  Retention,
} from '../../../src/broker/ports/log.js';

/** Everything that was ever published, and how each log was told to keep. */
class NaiveLogs {
  readonly published: {
    readonly topic: string;
    readonly value: number;
    readonly size: number;
    readonly at: number;
    kept: boolean;
  }[] = [];
  readonly #retentions = new Map<string, Retention>();

  publish(
    topic: string,
    value: number,
    at: number,
    retention: Retention,
  ): void {
    this.#evict(topic, at);
    const size = String(value).length;
    this.#retentions.set(topic, retention);
    this.published.push({ topic, value, size, at, kept: true });
    this.#evict(topic, at);
  }

  /** What a replay from after so many publications has to answer. */
  replay(topic: string, after: number, at: number): readonly number[] | 'lost' {
    this.#evict(topic, at);
    const missed = this.published
      .slice(after)
      .filter((entry) => entry.topic === topic);
    if (missed.some(({ kept }) => !kept)) return 'lost';
    return missed.map(({ value }) => value);
  }

  /** Everything is gone, as if it had never been there. */
  forget(): void {
    for (const entry of this.published) entry.kept = false;
    // It takes a place of its own.
    this.published.push({ topic: '', value: 0, size: 0, at: 0, kept: false });
  }

  holdsAny(topic: string, at: number): boolean {
    this.#evict(topic, at);
    return this.published.some((entry) => entry.topic === topic && entry.kept);
  }

  #evict(topic: string, at: number): void {
    const retention = this.#retentions.get(topic);
    if (!retention) return;
    // From the newest back: what does not fit goes, and all before it. A gap
    // in the newer entries makes the older ones unreadable anyway.
    let entries = 0;
    let size = 0;
    let full = false;
    for (const entry of this.published.toReversed()) {
      if (entry.topic !== topic) continue;
      entries += 1;
      size += entry.size;
      full ||=
        !entry.kept ||
        entries > retention.entries ||
        size > retention.size ||
        at - entry.at >= retention.age;
      if (full) entry.kept = false;
    }
  }
}

const topic = fc.constantFrom('t', 'u');
const retention = fc.record({
  entries: fc.integer({ min: 0, max: 6 }),
  size: fc.integer({ min: 0, max: 30 }),
  age: fc.constantFrom(0, 100, 5_000, Infinity),
});
const value = fc.integer({ min: 0, max: 10_000_000 });
const command = fc.oneof(
  fc.record({ do: fc.constant('publish' as const), topic, value, retention }),
  fc.record({ do: fc.constant('publish' as const), topic, value, retention }),
  fc.record({ do: fc.constant('forget' as const) }),
  fc.record({
    do: fc.constant('replay' as const),
    topic,
    from: fc.nat(),
    limit: fc.integer({ min: 1, max: 4 }),
    size: fc.integer({ min: 0, max: 20 }),
  }),
  fc.record({ do: fc.constant('listen' as const), topic }),
  fc.record({ do: fc.constant('stop' as const) }),
  fc.record({
    do: fc.constant('wait' as const),
    time: fc.constantFrom(1, 60, 1_000, 6_000),
  }),
);

const commands = fc.array(command, { maxLength: 80, size: 'max' });
const keepAll = { entries: 1000, size: 1_000_000, age: 60_000 };

/** Logs that somebody listens to are never forgotten. */
const listening = fc.subarray(['t', 'u']);
type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;

describe('The logs of memory topics', () => {
  it('replay what a naive log would, or say that it is lost', () => {
    jest.useFakeTimers();
    try {
      fc.assert(fc.property(listening, commands, check), { numRuns: 1_000 });
    } finally {
      jest.useRealTimers();
    }
  });

  function check(
    listening: readonly string[],
    commands: readonly Command[],
  ): void {
    const store = new MemoryStore();
    const broker = new MemoryBroker({ store });
    const { topics } = broker;
    const naive = new NaiveLogs();
    // The place after each number of publications, of all topics together.
    const log = (name: string): MemoryLog => topics.log(name, keepAll);
    const positions: Position[] = [log('t').position()];
    let forgotten = 0;
    const stops: (() => void)[] = [];
    let now = 0;
    for (const name of listening) log(name).subscribe(() => undefined);

    for (const step of commands) {
      if (step.do === 'publish') {
        const { topic: name, value: sent, retention: kept } = step;
        positions.push(topics.log(name, kept).publish(sent));
        naive.publish(name, sent, now, kept);
      } else if (step.do === 'forget') {
        store.forget();
        naive.forget();
        // All earlier positions are void. The logs begin anew at this one.
        forgotten = positions.length;
        positions.push(log('t').position());
      } else if (step.do === 'replay') {
        const after = step.from % positions.length;
        const limits = { entries: step.limit, size: step.size };
        expect(readAll(step.topic, positions[after] ?? null, limits)).toEqual(
          after < forgotten ? 'lost' : naive.replay(step.topic, after, now),
        );
      } else if (step.do === 'listen') {
        stops.push(log(step.topic).subscribe(() => undefined));
      } else if (step.do === 'stop') {
        stops.pop()?.();
      } else {
        now += step.time;
        jest.advanceTimersByTime(step.time);
      }
    }

    for (const stop of stops) stop();
    jest.advanceTimersByTime(10_000);
    now += 10_000;
    // What is left is what a retention without an age still holds.
    const left = ['t', 'u'].filter(
      (name) => listening.includes(name) || naive.holdsAny(name, now),
    );
    expect(store.usage()).toMatchObject({ topics: left.length, alarms: 0 });
    void broker.close();

    function readAll(
      name: string,
      since: Position,
      limits: Required<ReplayLimits>,
    ): readonly unknown[] | 'lost' {
      const values: unknown[] = [];
      for (;;) {
        const replay = log(name).replay(since, limits);
        if (!replay.covered) return 'lost';
        const { entries } = replay;
        expect(entries.length).toBeLessThanOrEqual(limits.entries);
        const size = entries
          .map((entry) => JSON.stringify(entry.value))
          .join('');
        if (entries.length > 1) {
          expect(size.length).toBeLessThanOrEqual(limits.size);
        }
        values.push(...replay.entries.map((entry) => entry.value));
        if (!replay.more) return values;
        since = replay.position;
      }
    }
  }
});
