import type { Position } from '../../../broker/ports/log.js';
import type { WireError } from '../../../protocol/errors.js';
import type { Authorization } from '../tokens/authorization.js';

/** Why an acquisition, or a cancellation, is refused. */
export type Refusal =
  { readonly wire: keyof typeof WireError } | { readonly cause: unknown };

/** What is tried again after the broker has failed at it. */
export type Retried = 'ask' | 'announce' | 'record' | 'release' | 'remove';

/** The things to be done, in order. */
export type Effect =
  // Requests to the broker. Each is answered by one of the events.
  | { readonly do: 'claim' }
  | { readonly do: 'ask' }
  | { readonly do: 'announce' }
  | { readonly do: 'check'; readonly authorization: Authorization }
  | { readonly do: 'place' }
  /**
   * Record under the token the identity of the connection that has it. It is
   * answered only if it fails.
   */
  | { readonly do: 'record' }
  | { readonly do: 'release' }
  | { readonly do: 'remove' }
  /** Try again later. */
  | { readonly do: 'later'; readonly what: Retried }
  // Done on this node
  /** Let it expire at this time, in milliseconds since 1970. */
  | { readonly do: 'expire'; readonly at: number }
  /** End earlier claims of this node: they have lost the token. */
  | { readonly do: 'supersede' }
  | {
      readonly do: 'replay';
      readonly authorization: Authorization;
      readonly since: Position | undefined;
    }
  | { readonly do: 'halt' }
  /**
   * Route changes to it from now on; everything before this position was sent.
   */
  | { readonly do: 'register'; readonly position: Position }
  | { readonly do: 'unregister' }
  /** End the subscription whose place it took. */
  | { readonly do: 'retire' }
  /**
   * Take it out of every index: clients of this node can no longer address it.
   */
  | { readonly do: 'forget' }
  // Sent to the client
  | { readonly do: 'answer'; readonly result: Result }
  | { readonly do: 'refuse'; readonly why: Refusal }
  | { readonly do: 'cancelled' }
  | { readonly do: 'notCancelled'; readonly why: Refusal }
  | { readonly do: 'tell'; readonly what: Notice };

/** The answer to an acquisition that is not refused. */
export type Result =
  | { readonly recovered: true; readonly position: Position }
  | { readonly recovered: false }
  /** The answer to an acquisition without `resume`. */
  | null;

/**
 * What the client of a live subscription is told when the subscription ends.
 */
export type Notice =
  | 'taken'
  | 'revoked'
  | 'refetch'
  /**
   * The identity of the connection has changed. All its endings are told
   * together.
   */
  | 'identity'
  /** The token is for another identity. Told before the refusal. */
  | 'mismatch';
