import type { JsonValue } from '../../protocol/json.js';
import type { MaybePromise } from '../../protocol/maybe-promise.js';
import type { ListenerOptions, Stop } from './listening.js';

/**
 * A place in an ordered log. Opaque: only the broker that issued it can read
 * it, and it is always safe to keep it, to send it and to hand it back - also
 * when it came from a stranger or from before a restart.
 */
export type Position = JsonValue;

/** What a log keeps of its past. The first bound that is reached evicts. */
export interface Retention {
  /** Entries kept at most. */
  readonly entries: number;
  /**
   * How long the JSON texts of the entries may be, all together, as the broker
   * counts it: in UTF-16 units in memory, in bytes of UTF-8 on a network.
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

/** How much one answer of a replay may have. It has one entry at least. */
export interface ReplayLimits {
  /** Entries at most. @default 1000 */
  readonly entries?: number;
  /** Their size at most, counted as {@link Retention.size}. @default 524_288 */
  readonly size?: number;
}

/** What a log remembers after a position. */
export type Replay =
  | {
      readonly covered: true;
      readonly entries: readonly TopicEntry[];
      /** Where the replay ends: the place from which the next one goes on. */
      readonly position: Position;
      /**
       * Whether entries remain after `position` because a limit cut the answer,
       * whichever it was: with fewer entries than asked for, too.
       */
      readonly more: boolean;
    }
  | {
      /** The position is foreign, or older than what is remembered. */
      readonly covered: false;
    };

/**
 * An ordered log with a bounded memory. Calls of one node about one log take
 * effect in the order in which they were made.
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
   * Listens to the log. Each entry appended after the answer reaches the listener
   * once, in order, or it is told of a gap. A listener that throws does not keep
   * the others from theirs.
   */
  subscribe(
    listener: (entry: TopicEntry) => void,
    options?: ListenerOptions,
  ): MaybePromise<Stop>;
  /** Where the log ends now. */
  position(): MaybePromise<Position>;
  /** What came after `since`, oldest first. */
  replay(since: Position, limits?: ReplayLimits): MaybePromise<Replay>;
}
