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

/** A change of a set, in the order that all nodes see. */
export interface DirectoryEvent {
  readonly kind: 'join' | 'leave' | 'expire';
  readonly entry: DirectoryEntry;
  readonly position: Position;
}

/** The answer to {@link Directory.claim}. */
export type Claim =
  | { readonly claimed: true; readonly position: Position }
  | { readonly claimed: false; readonly holder: DirectoryEntry };

/** The members of a set, and the place in its log at which they were all. */
export interface Listing {
  readonly entries: readonly DirectoryEntry[];
  readonly position: Position;
}

/** The answer to {@link Directory.watch}. */
export type Watch =
  { readonly covered: true; readonly stop: Stop } | { readonly covered: false };

/**
 * Who is where: named sets of entries. Each entry is leased by the node that
 * made it and expires with it, so a node that dies leaves nobody behind.
 *
 * Announce presence from {@link Directory.watch} only: answers of `join` and
 * `leave` race against other nodes, the log does not.
 */
export interface Directory {
  /**
   * Adds an entry of this node, or replaces its value. A `join` event is logged
   * either way. An entry of another node under the same key is taken over.
   */
  join(set: string, key: string, value: JsonValue): MaybePromise<Position>;
  /** Like `join`, but only if the key is free. Of several claims one wins. */
  claim(set: string, key: string, value: JsonValue): MaybePromise<Claim>;
  /** Removes an entry of this node. Answers whether it had one. */
  leave(set: string, key: string): MaybePromise<boolean>;
  list(set: string): MaybePromise<Listing>;
  /**
   * Reads the set's log from a listing's position on: what came since first,
   * then live, each event once and in order. `covered: false` when the log's
   * memory no longer reaches `since`; list again then, and after a gap too.
   */
  watch(
    set: string,
    since: Position,
    listener: (event: DirectoryEvent) => void,
    options?: ListenerOptions,
  ): MaybePromise<Watch>;
  /**
   * Called when this node has lost its leases (it was cut off for longer than
   * they last): its entries are gone, and others may have claimed their keys.
   */
  onLost(listener: () => void): Stop;
}
