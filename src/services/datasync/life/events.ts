import type { Position } from '../../../broker/ports/log.js';
import type { Authorization } from '../tokens/authorization.js';
import type { Retried } from './effects.js';

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

/** What can happen to a subscription. */
export type LifeEvent =
  // Of the client
  /** It cancels the subscription. */
  | { readonly type: 'cancel' }
  /** Its connection ends. */
  | { readonly type: 'disconnect' }
  /** Its connection has another identity from now on. */
  | { readonly type: 'identityChanged' }
  /** It goes on under another token. */
  | { readonly type: 'replaced' }
  // Of others
  /** A later claim on this node has the token. */
  | { readonly type: 'superseded'; readonly bySelf: boolean }
  /**
   * Another node says that a connection has taken the token over, or a message
   * that would say so may have been lost.
   */
  | { readonly type: 'taken' }
  /** The application takes it back. */
  | { readonly type: 'revoked' }
  /**
   * Its rows have to be fetched again. A replay finds that in the log by itself,
   * and is `uncovered`.
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
   * There is no such token any more, or another connection has it without this
   * node having heard.
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
