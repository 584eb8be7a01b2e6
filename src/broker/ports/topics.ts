import type { JsonValue } from '../../protocol/json.js';
import type { MaybePromise } from '../../protocol/maybe-promise.js';
import type { ListenerOptions, Stop } from './listening.js';
import type { Position, Retention, TopicLog } from './log.js';

/**
 * What nodes tell each other by name: through logs, which remember, and through
 * announcements, which reach only those who listen at that moment. A log and
 * the announcements of one name have nothing to do with each other.
 */
export interface Topics {
  /**
   * The log of a name. Every name has one: asking for it creates nothing.
   *
   * @param retention What the log keeps. It belongs to the log: let every node
   *   give the same. Where they differ, each entry is kept as its publisher
   *   says.
   */
  log(name: string, retention: Retention): TopicLog;
  /**
   * Tells a value to all nodes that listen, and keeps nothing of it. Settles
   * after the listeners on this node have had it, or have been told of a gap.
   * Announcements that one node makes under one name arrive in the order in
   * which they were made.
   */
  announce(name: string, value: JsonValue): MaybePromise<void>;
  /**
   * Listens to the announcements under a name: those made after the answer,
   * each once. A listener that throws does not keep an announcement from the
   * others.
   */
  listen(
    name: string,
    listener: (value: JsonValue) => void,
    options?: ListenerOptions,
  ): MaybePromise<Stop>;
  /**
   * Compares two positions of one log. The result is negative, 0 or positive as
   * the left one is before, at or after the right one. It is undefined when the
   * order cannot be known: this broker has not issued one of them, or the log
   * was lost between the two and has begun anew. Answers at once.
   */
  compare(left: Position, right: Position): number | undefined;
}
