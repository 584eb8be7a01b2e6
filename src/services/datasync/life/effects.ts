import type { Position } from '../../../broker/ports/log.js';
import type { WireError } from '../../../protocol/errors.js';
import type { Authorization } from '../tokens/authorization.js';

/** Why an acquisition, or a cancellation, is refused. */
export type Refusal =
  { readonly wire: keyof typeof WireError } | { readonly cause: unknown };

/** What can be tried again. */
export type Retried = 'ask' | 'announce' | 'record' | 'release' | 'remove';

/** What is to be done, in order. */
export type Effect =
  // Of the broker. Each has an answer among the events.
  | { readonly do: 'claim' }
  | { readonly do: 'ask' }
  | { readonly do: 'announce' }
  | { readonly do: 'check'; readonly authorization: Authorization }
  | { readonly do: 'place' }
  /**
   * Record the identity of the connection that has the token. There is no
   * answer unless it fails.
   */
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
  /** The subscription whose place it took has ended. */
  | { readonly do: 'retire' }
  /** Take it out of every index: for this node's clients it is gone. */
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
  /** For a token of another identity, before the refusal. */
  | 'mismatch';
