import type { Position } from '../../../broker/ports/log.js';
import type { Authorization } from '../tokens/authorization.js';
import type { Retried } from './effects.js';

/** What is special about a claimed token. */
export type Fit =
  /** It had expired before. */
  | 'spent'
  /** Another version of the application has written its value. */
  | 'unreadable'
  /** It can take the place that the client asked for. */
  | 'place'
  /** The client has no such place, and the token did not take it earlier. */
  | 'none';

/** Requests to the broker, any of which may fail. */
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
  // From the client
  /** The client cancels the subscription. */
  | { readonly type: 'cancel' }
  /** The client's connection ends. */
  | { readonly type: 'disconnect' }
  /** The client's connection has got another identity. */
  | { readonly type: 'identityChanged' }
  /** The subscription continues under another token. */
  | { readonly type: 'replaced' }
  // From others
  /** A later claim on this node has the token. */
  | { readonly type: 'superseded'; readonly bySelf: boolean }
  /**
   * Another node reports that a connection has taken the token over. Or such a
   * report may have been lost.
   */
  | { readonly type: 'taken' }
  /** The application takes the subscription back. */
  | { readonly type: 'revoked' }
  /**
   * The subscription's rows have to be fetched again. (A replay finds this in
   * the log by itself, and ends with `uncovered`.)
   */
  | { readonly type: 'invalidated' }
  /** The broker has lost changes. */
  | { readonly type: 'gap' }
  /** The subscription has expired. */
  | { readonly type: 'expired' }
  // Answers to effects
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
  /** The log of revocations has none that concerns it. */
  | { readonly type: 'cleared' }
  /**
   * The new token has been recorded at its place. The old one was sent
   * everything up to this position.
   */
  | { readonly type: 'placed'; readonly position: Position }
  /** The subscription whose place it asked for has ended meanwhile. */
  | { readonly type: 'misplaced' }
  /** Everything that the log has was sent, up to this position. */
  | { readonly type: 'caughtUp'; readonly position: Position }
  /** A log no longer reaches back to where the reading has to begin. */
  | { readonly type: 'uncovered' }
  | { readonly type: 'registered' }
  /** This life holds the token, still or again. */
  | { readonly type: 'kept' }
  /** Somebody else holds the token, or the token is gone. */
  | { readonly type: 'lost' }
  /**
   * The token is gone, or another connection took it over unnoticed by this
   * node.
   */
  | { readonly type: 'forgotten' }
  | { readonly type: 'released' }
  /** @param was Whether the token was still this life's to remove. */
  | { readonly type: 'removed'; readonly was: boolean }
  | {
      readonly type: 'failed';
      readonly at: Question;
      readonly error: unknown;
    }
  /** It is time to try again. */
  | { readonly type: 'due'; readonly what: Retried };
