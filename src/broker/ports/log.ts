import type { JsonValue } from '../../protocol/json.js';
import type { MaybePromise } from '../../protocol/maybe-promise.js';
import type { ListenerOptions, Stop } from './listening.js';

/**
 * A place in an ordered log. It is opaque: only the broker that issued it can
 * read it. It is safe to keep it, to send it and to hand it back, even one that
 * came from a stranger or from before a restart.
 */
export type Position = JsonValue;

/**
 * What a log keeps of its past. Entries are dropped as soon as one of the
 * bounds is reached.
 */
export interface Retention {
  /** Entries kept at most. */
  readonly entries: number;
  /**
   * The length of the entries' JSON texts at most, all together. The broker
   * decides the unit: UTF-16 units in memory, bytes of UTF-8 on a network.
   */
  readonly size: number;
  /** Age of the oldest entry kept, in milliseconds. */
  readonly age: number;
}

/** One entry of a log, as its readers get it. */
export interface TopicEntry {
  readonly value: JsonValue;
  readonly position: Position;
}

/** How much one answer of a replay may hold. It holds at least one entry. */
export interface ReplayLimits {
  /** Entries at most. @default 1000 */
  readonly entries?: number;
  /** Their size at most, counted as {@link Retention.size}. @default 524_288 */
  readonly size?: number;
}

/** The entries of a log after a position. */
export type Replay =
  | {
      readonly covered: true;
      readonly entries: readonly TopicEntry[];
      /**
       * Where the replay ends: the position from which the next one goes on.
       */
      readonly position: Position;
      /**
       * Whether entries remain after `position`, because one of the limits cut
       * the answer. There may be fewer entries than asked for: the size is a
       * limit too.
       */
      readonly more: boolean;
    }
  | {
      /** The position is foreign, or older than what is remembered. */
      readonly covered: false;
    };

/**
 * An ordered log with a bounded memory. The calls that one node makes about one
 * log take effect in the order in which they were made.
 */
export interface TopicLog {
  /**
   * Appends an entry. Settles after the listeners on this node have had it, or
   * have been told of a gap, so that an answer sent afterwards never overtakes
   * what it announces.
   *
   * @returns The entry's position; a later one where the entry had to be sent
   *   again.
   */
  publish(value: JsonValue): MaybePromise<Position>;
  /**
   * Listens to the log. Each entry that is appended after the answer reaches
   * the listener once and in order; where one is lost, `onGap` is called. A
   * listener that throws does not keep the entry from the others.
   */
  subscribe(
    listener: (entry: TopicEntry) => void,
    options?: ListenerOptions,
  ): MaybePromise<Stop>;
  /** Where the log ends now. */
  position(): MaybePromise<Position>;
  /** The entries after `since`, the oldest first. */
  replay(since: Position, limits?: ReplayLimits): MaybePromise<Replay>;
}
