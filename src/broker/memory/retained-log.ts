import type { Retention, TopicEntry } from '../ports.js';
import { Queue } from './queue.js';

interface Kept {
  readonly entry: TopicEntry;
  readonly number: number;
  readonly bytes: number;
  readonly at: number;
}

/** What a log still has after some number, cut at a limit. */
export interface LogSlice {
  readonly entries: readonly TopicEntry[];
  readonly more: boolean;
}

/**
 * The retained past of one topic. Whatever is not kept raises the floor, and
 * nothing is read from below the floor: a reader gets all or is told.
 */
export class RetainedLog {
  readonly #kept = new Queue<Kept>();
  #bytes = 0;
  #floor: number;
  #retention: Retention | undefined;

  /** @param floor The number up to which entries may have been lost before. */
  constructor(floor: number) {
    this.#floor = floor;
  }

  /** Entries kept. */
  get length(): number {
    return this.#kept.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The highest number that can no longer be read. */
  get floor(): number {
    return this.#floor;
  }

  /**
   * When to evict again if nothing is appended: when the oldest entry is too
   * old, but not once per entry. A busy log would do nothing else, while its
   * publications evict anyhow.
   */
  nextEviction(now: number): number {
    const oldest = this.#kept.at(0);
    if (oldest === undefined || this.#retention === undefined) return Infinity;
    const { age } = this.#retention;
    return Math.max(oldest.at + age, now + Math.min(age, 1000));
  }

  /** Appends an entry. `kept.at` is the time now; times must not fall. */
  append(kept: Kept, retention: Retention): void {
    // By the old retention first: what was gone must not come back because a
    // longer one arrives before the timer.
    this.evict(kept.at);
    this.#retention = retention;
    this.#kept.push(kept);
    this.#bytes += kept.bytes;
    this.evict(kept.at);
  }

  /**
   * Passes over an entry that is not kept. The ones before it go: no replay may
   * cross the gap.
   */
  skip(number: number): void {
    this.#floor = number;
    if (this.#kept.length === 0) return;
    this.#kept.clear();
    this.#bytes = 0;
  }

  /** Drops what the retention no longer allows at this time. */
  evict(now: number): void {
    const retention = this.#retention;
    if (retention === undefined) return;
    let oldest;
    while (
      (oldest = this.#kept.at(0)) !== undefined &&
      (this.#kept.length > retention.entries ||
        this.#bytes > retention.bytes ||
        oldest.at + retention.age <= now)
    ) {
      this.#kept.shift();
      this.#bytes -= oldest.bytes;
      this.#floor = oldest.number;
    }
  }

  /** What came after `number`, or `undefined` if some of that is lost. */
  after(number: number, limit: number): LogSlice | undefined {
    if (number < this.#floor) return undefined;
    const start = this.#kept.firstIndex((kept) => kept.number > number);
    const entries: TopicEntry[] = [];
    let kept;
    while (
      entries.length < limit &&
      (kept = this.#kept.at(start + entries.length)) !== undefined
    ) {
      entries.push(kept.entry);
    }
    return { entries, more: start + entries.length < this.#kept.length };
  }
}
