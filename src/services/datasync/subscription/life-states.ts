import type { JsonValue } from '../../../protocol/json.js';
import type { Position } from '../../../broker/ports.js';
import type { WireError } from '../../../protocol/errors.js';

/** What a subscription is to, before anybody has it. */
export interface ItemRequest<Query = JsonValue> {
  readonly dealer: string;
  readonly query: Query;
}

/** What is known under a token. */
export interface Authorization {
  readonly items: readonly ItemRequest[];
  /**
   * The end of the log when it was given; or when that was, at the place of which
   * it goes on.
   */
  readonly position: Position;
  /** Up to where in the log of revocations there is none of it. */
  readonly revocations: Position;
  /**
   * The key of the identity whose connection has it, or had it last, if it is
   * for whoever has it.
   */
  readonly heldBy?: string;
  /** The token at whose place it has gone on. */
  readonly replaced?: string;
  /** It means nothing before it has gone on at the place of another one. */
  readonly renewal?: true;
  /** The key of the identity that alone may have it. */
  readonly binding?: string;
  /** Milliseconds since 1970 at which it ends, wherever it is. */
  readonly expiresAt?: number;
}

/** What a client wishes. */
export interface Wish {
  /**
   * `once`: as the original, acquired for good, gone with its connection.
   * `resumable`: its token has a holder, and whoever has it may come back.
   */
  readonly mode: Mode;
  /** The last position that the client knows. */
  readonly since: Position | undefined;
  /** The token at whose place it is to go on, with `resumable`. */
  readonly replaces?: string;
}

export type Mode = 'once' | 'resumable';

/** What becomes of the token of a life that is over. */
export type Fate =
  /** It waits for its client to come back. */
  | 'released'
  /** It means nothing any more. */
  | 'removed'
  /** Somebody else has it. */
  | 'elsewhere';

/** What is special about a token that was claimed. */
export type Fit =
  /** Its time had come before. */
  | 'spent'
  /** Another version of the application has written what is known under it. */
  | 'unreadable'
  /** It can go on at the place that the client wishes for it. */
  | 'place'
  /** The client has no such place, and it has never been there. */
  | 'none';

/** Why an acquisition, or a cancellation, is refused. */
export type Refusal =
  { readonly wire: keyof typeof WireError } | { readonly cause: unknown };

/** What is said to the client once its token is removed. */
export type Debt =
  | { readonly to: 'acquisition'; readonly with: Effect }
  | { readonly to: 'cancellation' };

/**
 * Where a subscription is, to one client of this node that came with its token.
 * A state has what is known in it: what it has not cannot be asked of it.
 */
export type Life =
  /** The broker was asked for the token. */
  | {
      readonly state: 'claiming';
      readonly wish: Wish;
      /** Somebody else may have it by the time that the answer comes. */
      readonly doubted: boolean;
      /** The client is somebody else than the one it was claimed for. */
      readonly foreign: boolean;
    }
  /** The other nodes are being told who has it. */
  | {
      readonly state: 'announcing';
      readonly wish: Wish;
      readonly authorization: Authorization;
    }
  /** Whether the application has taken it back is being looked up. */
  | {
      readonly state: 'checking';
      readonly wish: Wish;
      readonly authorization: Authorization;
    }
  /** What the client missed is being sent. */
  | {
      readonly state: 'replaying';
      readonly wish: Wish;
      readonly authorization: Authorization;
    }
  /** That it goes on at the place of another one is being written down. */
  | {
      readonly state: 'placing';
      readonly wish: Wish;
      readonly authorization: Authorization;
    }
  /** All was sent; from here on its changes are to be routed to it. */
  | {
      readonly state: 'registering';
      readonly wish: Wish;
      readonly authorization: Authorization;
      readonly position: Position;
    }
  /** Changes are sent as they happen. */
  | {
      readonly state: 'live';
      readonly mode: Mode;
      readonly authorization: Authorization;
    }
  /** It ended before the broker answered the claim. */
  | {
      readonly state: 'leaving';
      readonly mode: Mode;
      readonly fate: Fate;
      readonly debt: Debt | undefined;
    }
  /** Its token is being removed, and somebody waits for that. */
  | { readonly state: 'removing'; readonly debt: Debt }
  /** Nothing is sent, and nobody waits. */
  | { readonly state: 'over'; readonly mode: Mode; readonly fate: Fate };

/** What the broker may be asked, and fail at. */
export type Question =
  | 'claim'
  | 'ask'
  | 'announce'
  | 'check'
  | 'place'
  | 'record'
  | 'replay'
  | 'register'
  | 'release'
  | 'remove';

/** What can be tried again. */
export type Retried = 'ask' | 'announce' | 'record' | 'release' | 'remove';

/** What can happen to a subscription. */
export type LifeEvent =
  // Of the client
  /** It cancels the subscription. */
  | { readonly type: 'cancel' }
  /** Its connection ends. */
  | { readonly type: 'disconnect' }
  /** Its connection is somebody else's from now on. */
  | { readonly type: 'identityChanged' }
  /** It goes on under another token. */
  | { readonly type: 'replaced' }
  // Of others
  /** A later claim on this node has the token. */
  | { readonly type: 'superseded'; readonly bySelf: boolean }
  /**
   * Another node says that somebody has taken the token over; or that may have
   * been, and nobody can tell.
   */
  | { readonly type: 'taken' }
  /** The application takes it back. */
  | { readonly type: 'revoked' }
  /**
   * What it is to has to be fetched again. A replay meets that in the log by
   * itself, and is `uncovered`.
   */
  | { readonly type: 'invalidated' }
  /** The broker has lost changes. */
  | { readonly type: 'gap' }
  /** Its time has come. */
  | { readonly type: 'expired' }
  // Answers
  | {
      readonly type: 'claimed';
      readonly authorization: Authorization;
      readonly fit?: Fit;
    }
  | {
      readonly type: 'refused';
      readonly reason: 'unknown' | 'binding' | 'held';
    }
  | { readonly type: 'announced' }
  /** The application has not taken it back. */
  | { readonly type: 'cleared' }
  /** It is written down, and the other one has had all up to there. */
  | { readonly type: 'placed'; readonly position: Position }
  /** The other one has ended meanwhile. */
  | { readonly type: 'misplaced' }
  /** All that the log has was sent, up to there. */
  | { readonly type: 'caughtUp'; readonly position: Position }
  /** A log no longer has all that has to be sent, or looked at. */
  | { readonly type: 'uncovered' }
  | { readonly type: 'registered' }
  /** The token is held by this life: still, or again. */
  | { readonly type: 'kept' }
  /** The token is held by somebody else, or gone. */
  | { readonly type: 'lost' }
  /**
   * There is no such token any more, or somebody has it by a way of which nobody
   * was told.
   */
  | { readonly type: 'forgotten' }
  | { readonly type: 'released' }
  /** @param was Whether it was this life's to remove. */
  | { readonly type: 'removed'; readonly was: boolean }
  | {
      readonly type: 'failed';
      readonly at: Question;
      readonly error: unknown;
    }
  /** Time to try again. */
  | { readonly type: 'due'; readonly what: Retried };

/** What is to be done, in order. */
export type Effect =
  // Of the broker. Each has an answer among the events.
  | { readonly do: 'claim' }
  | { readonly do: 'ask' }
  | { readonly do: 'announce' }
  | { readonly do: 'check'; readonly authorization: Authorization }
  | { readonly do: 'place' }
  /** Write down whose connection has it. That has no answer unless it fails. */
  | { readonly do: 'record' }
  | { readonly do: 'release' }
  | { readonly do: 'remove' }
  /** Try again, later. */
  | { readonly do: 'later'; readonly what: Retried }
  // Of this node
  /** Have it end then: milliseconds since 1970. */
  | { readonly do: 'expire'; readonly at: number }
  /** Earlier claims of this node have lost the token. */
  | { readonly do: 'supersede' }
  | {
      readonly do: 'replay';
      readonly authorization: Authorization;
      readonly since: Position | undefined;
    }
  | { readonly do: 'halt' }
  /** From here on, with all before this position sent. */
  | { readonly do: 'register'; readonly position: Position }
  | { readonly do: 'unregister' }
  /** The one at whose place it is has ended by that. */
  | { readonly do: 'retire' }
  /** To this node's clients it is gone: it is in no index any more. */
  | { readonly do: 'forget' }
  // To the client
  | { readonly do: 'answer'; readonly result: Result }
  | { readonly do: 'refuse'; readonly why: Refusal }
  | { readonly do: 'cancelled' }
  | { readonly do: 'notCancelled'; readonly why: Refusal }
  | { readonly do: 'tell'; readonly what: Notice };

/** What an acquisition that is not refused comes to. */
export type Result =
  | { readonly recovered: true; readonly position: Position }
  | { readonly recovered: false }
  /** Without `resume`. */
  | null;

/** What the client of a live subscription is told when it ends. */
export type Notice =
  | 'taken'
  | 'revoked'
  | 'refetch'
  /** With all others of its connection. */
  | 'identity'
  /** That of a token for somebody else, before the refusal. */
  | 'mismatch';
