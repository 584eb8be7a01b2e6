import type { JsonValue } from '../protocol/json.js';
import type { MaybePromise } from '../protocol/maybe-promise.js';

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

/** Ends what it was returned for. Calling it again does nothing. */
export type Stop = () => void;

/** What a listener may wish to know beside what it listens to. */
export interface ListenerOptions {
  /**
   * Called where something may have been lost for good: after the last that the
   * listener had and before the next, once for each loss. What follows is whole
   * again. A position from before may be void: a replay from it says so.
   *
   * A network that was cut for longer than the broker remembers, or a server that
   * came back without what it knew. A broker in memory never loses anything.
   */
  readonly onGap?: () => void;
}

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

/**
 * What nodes tell each other by name: in logs, which remember, and by
 * announcements, which whoever listens hears now or never. A log and
 * announcements of one name have nothing to do with each other.
 */
export interface Topics {
  /**
   * The log of a name. Asking for it makes nothing: it is there.
   *
   * @param retention What the log keeps. It belongs to the log: let every node
   *   say the same. Where they differ, each entry is kept as its publisher says.
   */
  log(name: string, retention: Retention): TopicLog;
  /**
   * Tells a value to all nodes that listen, and keeps nothing of it. Settles after
   * the listeners on this node have had it, or have been told of a gap. Calls of
   * one node under one name arrive in the order in which they were made.
   */
  announce(name: string, value: JsonValue): MaybePromise<void>;
  /**
   * Hears what is announced under a name from the answer on, each once. A listener
   * that throws does not keep the others from theirs.
   */
  listen(
    name: string,
    listener: (value: JsonValue) => void,
    options?: ListenerOptions,
  ): MaybePromise<Stop>;
  /**
   * Compares two positions of one log: negative, 0 or positive as the left one is
   * before, at or after the right one. Undefined when that cannot be known: this
   * broker has not issued one of them, or the log was lost between the two and has
   * begun anew. Answers at once.
   */
  compare(left: Position, right: Position): number | undefined;
}

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

/** How a token is claimed. */
export interface TokenClaimOptions {
  /** Take it from its holder, if it has one. */
  readonly takeOver?: boolean;
  /**
   * Claim it for good: it is removed in the same step, so that nobody, and no
   * failure in between, can come after this claim.
   */
  readonly once?: boolean;
  /** For whom it is claimed. One that was put with a binding needs the same. */
  readonly binding?: string;
}

/** The answer to {@link Tokens.claim}. */
export type TokenClaim =
  | {
      readonly claimed: true;
      readonly value: JsonValue;
    }
  | {
      readonly claimed: false;
      /** `unknown`: there is no such token. `binding`: it is for another one. */
      readonly reason: 'unknown' | 'binding' | 'held';
    };

/**
 * Values with a time to live and at most one holder. What a call compares and
 * what it changes is one step: between the two nobody else can act.
 */
export interface Tokens {
  /**
   * Stores a value under a token that nobody holds.
   *
   * @param ttl Milliseconds until an unheld token is gone.
   * @param options.binding For whom it is: any other claim is refused.
   */
  put(
    token: string,
    value: JsonValue,
    ttl: number,
    options?: { readonly binding?: string },
  ): MaybePromise<void>;
  /**
   * Makes `holder` the token's holder; while it is held it does not expire.
   * Claiming what one holds already answers the value again. A claim that is
   * refused changes nothing: not the holder and not the time to live. The
   * binding is compared before the holder.
   */
  claim(
    token: string,
    holder: string,
    options?: TokenClaimOptions,
  ): MaybePromise<TokenClaim>;
  /**
   * Replaces the value of a token that `holder` holds. Answers false when it
   * does not.
   */
  update(
    token: string,
    holder: string,
    value: JsonValue,
  ): MaybePromise<boolean>;
  /**
   * Gives the token back, with a new time to live in milliseconds and, where
   * given, a new value. Answers false when `holder` does not hold it.
   */
  release(
    token: string,
    holder: string,
    ttl: number,
    value?: JsonValue,
  ): MaybePromise<boolean>;
  /**
   * Removes a token, held or not. Answers whether it did.
   *
   * @param options.heldBy Only if this one holds it.
   */
  remove(
    token: string,
    options?: { readonly heldBy?: string },
  ): MaybePromise<boolean>;
}

/**
 * How a broker is. `starting`: it has not started, or is about to. `ready`: it does
 * what it is asked. `unavailable`: it cannot now, and tries again by itself.
 * `closed`: for good.
 */
export type BrokerState = 'starting' | 'ready' | 'unavailable' | 'closed';

/**
 * What the nodes of one application share. Services keep the state of their
 * own clients and reach everything else through these three ports, so that a
 * cluster needs another broker, not other services.
 */
export interface Broker {
  /** This node's name, unique among those that share the broker's state. */
  readonly node: string;
  /**
   * Whether other processes can share what this broker has. Where it cannot be
   * shared and an application runs in several processes, Snorky warns.
   */
  readonly shared: boolean;
  readonly topics: Topics;
  readonly directory: Directory;
  readonly tokens: Tokens;
  /**
   * Whether it does what it is asked, for a readiness check: a node whose broker is
   * `unavailable` should get no new clients.
   */
  readonly state: BrokerState;
  /**
   * Connects. Called once, and awaited before anything of the application is made
   * that could use it; what it throws or rejects with stops the start. A broker
   * that has nothing to wait for has none.
   */
  start?(): MaybePromise<void>;
  /**
   * Gives up all leases, listeners and timers of this node. Settles when nothing of
   * it is left; calling it again does nothing more.
   */
  close(): Promise<void>;
}
