import type { ReplayLimits, Retention, TopicEntry } from '../../ports/log.js';
import { Queue } from './queue.js';

interface Kept {
  readonly entry: TopicEntry;
  readonly number: number;
  /** UTF-16 units of its JSON text. */
  readonly size: number;
  readonly at: number;
}

/** The entries of one answer of a replay, where its reader sets no limit. */
const ENTRIES = 1000;
const SIZE = 512 * 1024;

/** The entries of a log after some number, cut at a limit. */
export interface LogSlice {
  readonly entries: readonly TopicEntry[];
  readonly more: boolean;
}

/**
 * The retained past of one log. Every entry that is dropped raises the floor,
 * and nothing is read from below the floor: a reader gets every entry, or is
 * told that it cannot.
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
   * When to evict next if nothing is appended: when the oldest entry is too
   * old, but at most once a second. A busy log must not set an alarm for every
   * entry; its publications evict anyhow.
   */
  nextEviction(now: number): number {
    const oldest = this.#kept.at(0);
    if (oldest === undefined || this.#retention === undefined) return Infinity;
    const { age } = this.#retention;
    return Math.max(oldest.at + age, now + Math.min(age, 1000));
  }

  /** Appends an entry. `kept.at` is the time now; times must not fall. */
  append(kept: Kept, retention: Retention): void {
    // Evicts by the old retention first. An entry that was too old must not
    // come back because a longer retention arrives before the alarm rings.
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

  /** The entries after `number`, or `undefined` if some of them are lost. */
  after(number: number, limits: ReplayLimits): LogSlice | undefined {
    if (number < this.#floor) return undefined;
    const { entries: most = ENTRIES, size = SIZE } = limits;
    const start = this.#kept.firstIndex((kept) => kept.number > number);
    const entries: TopicEntry[] = [];
    let left = size;
    let kept;
    while (
      (kept = this.#kept.at(start + entries.length)) !== undefined &&
      // At least one, however large: a reader would never get past it.
      (entries.length === 0 || (entries.length < most && kept.size <= left))
    ) {
      entries.push(kept.entry);
      left -= kept.size;
    }
    return { entries, more: start + entries.length < this.#kept.length };
  }
}
