import type { Position } from '../../../broker/ports/log.js';
import type { JsonValue } from '../../../protocol/json.js';

/** What a subscription is to, before anybody has it. */
export interface ItemRequest<Query = JsonValue> {
  readonly dealer: string;
  readonly query: Query;
}

/** What is known under a token. */
export interface Authorization {
  readonly items: readonly ItemRequest[];
  /**
   * The end of the log when the token was given; for one that goes on at another
   * token's place, when that one was given.
   */
  readonly position: Position;
  /** The place in the log of revocations up to which none concerns it. */
  readonly revocations: Position;
  /**
   * For a bearer token: the key of the identity whose connection has it, or had
   * it last.
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

/**
 * How a token is acquired. `once`: as the original, acquired for good, gone with
 * its connection. `resumable`: its token has a holder, and whoever has it may come
 * back.
 */
export type Mode = 'once' | 'resumable';
