import type { Position } from '../../../broker/ports/log.js';
import type { Authorization, Mode } from '../tokens/authorization.js';
import type { Effect } from './effects.js';

/** What a client wishes. */
export interface Wish {
  readonly mode: Mode;
  /** The last position that the client knows. */
  readonly since: Position | undefined;
  /** The token at whose place it is to go on, with `resumable`. */
  readonly replaces?: string;
}

/** What becomes of the token of a life that is over. */
export type Fate =
  /** It waits for its client to come back. */
  | 'released'
  /** It means nothing any more. */
  | 'removed'
  /** Somebody else has it. */
  | 'elsewhere';

/** What is said to the client once its token is removed. */
export type Debt =
  | { readonly to: 'acquisition'; readonly with: Effect }
  | { readonly to: 'cancellation' };

/**
 * The state of a subscription for one client of this node that came with its
 * token. Each state has only the members that are known in it.
 */
export type Life =
  /** The broker was asked for the token. */
  | {
      readonly state: 'claiming';
      readonly wish: Wish;
      /** Another connection may have it by the time that the answer comes. */
      readonly doubted: boolean;
      /** The client has another identity than when the token was claimed. */
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
