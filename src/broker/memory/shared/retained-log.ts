import type { ReplayLimits, Retention, TopicEntry } from '../../ports/log.js';
import { Queue } from './queue.js';

interface Kept {
  readonly entry: TopicEntry;
  readonly number: number;
  /** UTF-16 units of its JSON text. */
  readonly size: number;
  readonly at: number;
}

/** What one answer of a replay has, unless its reader says otherwise. */
const ENTRIES = 1000;
const SIZE = 512 * 1024;

/** What a log still has after some number, cut at a limit. */
export interface LogSlice {
  readonly entries: readonly TopicEntry[];
  readonly more: boolean;
}

/**
 * The retained past of one log. Whatever is not kept raises the floor, and
 * nothing is read from below the floor: a reader gets all or is told.
 */
export class RetainedLog {
  readonly #kept = new Queue<Kept>();
  #size = 0;
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

  /** UTF-16 units of their JSON texts. */
  get size(): number {
    return this.#size;
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
    this.#size += kept.size;
    this.evict(kept.at);
  }

  /** Drops everything: no replay may cross what was appended before `number`. */
  forget(number: number): void {
    this.#floor = number;
    this.#kept.clear();
    this.#size = 0;
  }

  /** Drops what the retention no longer allows at this time. */
  evict(now: number): void {
    const retention = this.#retention;
    if (retention === undefined) return;
    let oldest;
    while (
      (oldest = this.#kept.at(0)) !== undefined &&
      (this.#kept.length > retention.entries ||
        this.#size > retention.size ||
        oldest.at + retention.age <= now)
    ) {
      this.#kept.shift();
      this.#size -= oldest.size;
      this.#floor = oldest.number;
    }
  }

  /** What came after `number`, or `undefined` if some of that is lost. */
  after(number: number, limits: ReplayLimits): LogSlice | undefined {
    if (number < this.#floor) return undefined;
    const { entries: most = ENTRIES, size = SIZE } = limits;
    const start = this.#kept.firstIndex((kept) => kept.number > number);
    const entries: TopicEntry[] = [];
    let left = size;
    let kept;
    while (
      (kept = this.#kept.at(start + entries.length)) !== undefined &&
      // One at least, however large: a reader would never get past it.
      (entries.length === 0 || (entries.length < most && kept.size <= left))
    ) {
      entries.push(kept.entry);
      left -= kept.size;
    }
    return { entries, more: start + entries.length < this.#kept.length };
  }
}
