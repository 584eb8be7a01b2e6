import type { JsonValue } from '../../protocol/json.js';
import type { MaybePromise } from '../../protocol/maybe-promise.js';

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
