import type { Position } from '../../../broker/ports/log.js';
import type { JsonValue } from '../../../protocol/json.js';

/** One item of a subscription, before any client has it. */
export interface ItemRequest<Query = JsonValue> {
  readonly dealer: string;
  readonly query: Query;
}

/** The bounds of an authorization. */
export interface AuthorizationTerms {
  /**
   * Present if it cannot be used before it has taken the place of another one.
   */
  readonly renewal?: true;
  /**
   * The key of the only identity that may have it; absent for a bearer token.
   */
  readonly binding?: string;
  /** When it ends, live or not, in milliseconds since 1970; absent if never. */
  readonly expiresAt?: number;
}

/** The value of a token: what is authorized, and what is known about it. */
export interface Authorization extends AuthorizationTerms {
  readonly items: readonly ItemRequest[];
  /**
   * The end of the log when the token was given. If it has taken another
   * token's place, the end of the log when that one was given.
   */
  readonly position: Position;
  /** The position in the log of revocations up to which none concerns it. */
  readonly revocations: Position;
  /**
   * For a bearer token: the key of the identity whose connection has it, or had
   * it last.
   */
  readonly heldBy?: string;
  /** The token whose place it has taken. */
  readonly replaced?: string;
}

/**
 * How a token is acquired. `once`: for good; the subscription ends with its
 * connection. `resumable`: the token gets a holder, and a client with the token
 * may come back.
 */
export type Mode = 'once' | 'resumable';
