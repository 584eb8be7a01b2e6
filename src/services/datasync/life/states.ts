import type { Position } from '../../../broker/ports/log.js';
import type { Authorization, Mode } from '../tokens/authorization.js';
import type { Effect } from './effects.js';

/** What a client asks for. */
export interface Wish {
  readonly mode: Mode;
  /** The last position that the client knows. */
  readonly since: Position | undefined;
  /** The token whose place it is to take; only with `resumable`. */
  readonly replaces?: string;
}

/** What happens to the token when a life is over. */
export type Fate =
  /** The token waits for its client to come back. */
  | 'released'
  /** The token is removed. */
  | 'removed'
  /** Somebody else has the token. */
  | 'elsewhere';

/** What the client is told once the token is removed. */
export type Debt =
  | { readonly to: 'acquisition'; readonly with: Effect }
  | { readonly to: 'cancellation' };

/**
 * The state of a subscription: one life begins when a client of this node comes
 * with a token. Each state has only the members that are known in it.
 */
export type Life =
  /** The broker was asked for the token. */
  | {
      readonly state: 'claiming';
      readonly wish: Wish;
      /**
       * Whether another connection may have the token by the time of the
       * answer.
       */
      readonly doubted: boolean;
      /** Whether the client's identity has changed since the claim began. */
      readonly foreign: boolean;
    }
  /** The other nodes are being told who has the token. */
  | {
      readonly state: 'announcing';
      readonly wish: Wish;
      readonly authorization: Authorization;
    }
  /**
   * The log of revocations is being read, to find out whether the token was
   * revoked.
   */
  | {
      readonly state: 'checking';
      readonly wish: Wish;
      readonly authorization: Authorization;
    }
  /** The client is being sent what it has missed. */
  | {
      readonly state: 'replaying';
      readonly wish: Wish;
      readonly authorization: Authorization;
    }
  /** The token is being recorded at the place of another one. */
  | {
      readonly state: 'placing';
      readonly wish: Wish;
      readonly authorization: Authorization;
    }
  /** Everything missed was sent. Changes are now to be routed to it. */
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
  /** The life ended before the broker answered the claim. */
  | {
      readonly state: 'leaving';
      readonly mode: Mode;
      readonly fate: Fate;
      readonly debt: Debt | undefined;
    }
  /** The token is being removed, and somebody waits for that. */
  | { readonly state: 'removing'; readonly debt: Debt }
  /** Nothing is sent, and nobody waits. */
  | { readonly state: 'over'; readonly mode: Mode; readonly fate: Fate };
