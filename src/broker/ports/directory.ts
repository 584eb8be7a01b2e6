import type { JsonValue } from '../../protocol/json.js';
import type { MaybePromise } from '../../protocol/maybe-promise.js';
import type { ListenerOptions, Stop } from './listening.js';
import type { Position } from './log.js';

/** One member of a directory's set. */
export interface DirectoryEntry {
  /** Unique within its set. */
  readonly key: string;
  readonly value: JsonValue;
  /** The node whose lease keeps the entry alive. */
  readonly node: string;
}

/** A change of a set. All nodes see the changes of a set in one order. */
export interface DirectoryEvent {
  readonly kind: 'join' | 'leave' | 'expire';
  readonly entry: DirectoryEntry;
  readonly position: Position;
}

/** The answer to {@link Directory.claim}. */
export type Claim =
  | { readonly claimed: true; readonly position: Position }
  | { readonly claimed: false; readonly holder: DirectoryEntry };

/**
 * The members of a set, and the position in its log at which it had exactly
 * these.
 */
export interface Listing {
  readonly entries: readonly DirectoryEntry[];
  readonly position: Position;
}

/** The answer to {@link Directory.watch}. */
export type Watch =
  { readonly covered: true; readonly stop: Stop } | { readonly covered: false };

/**
 * Who is where: named sets of entries. Each entry is leased by the node that
 * made it, and expires with the lease. So a node that dies leaves nobody
 * behind.
 *
 * Announce presence only from {@link Directory.watch}: the answers of `join`
 * and `leave` race against other nodes, the log does not.
 */
export interface Directory {
  /**
   * Adds an entry of this node, or replaces its value. A `join` event is logged
   * either way. An entry of another node under the same key is taken over.
   */
  join(set: string, key: string, value: JsonValue): MaybePromise<Position>;
  /** Like `join`, but only if the key is free. Of several claims one wins. */
  claim(set: string, key: string, value: JsonValue): MaybePromise<Claim>;
  /** Removes an entry of this node. Answers whether there was one. */
  leave(set: string, key: string): MaybePromise<boolean>;
  list(set: string): MaybePromise<Listing>;
  /**
   * Reads the set's log from the position of a listing: first the events since
   * then, then the live ones, each once and in order. The answer is
   * `covered: false` when the log no longer reaches back to `since`. List again
   * then, and after a gap.
   */
  watch(
    set: string,
    since: Position,
    listener: (event: DirectoryEvent) => void,
    options?: ListenerOptions,
  ): MaybePromise<Watch>;
  /**
   * Listens to the loss of this node's leases, after it was cut off for longer
   * than they last: its entries are gone, and other nodes may have claimed
   * their keys.
   */
  onLost(listener: () => void): Stop;
}
