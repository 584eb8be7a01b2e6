import type { JsonValue } from '../../protocol/json.js';
import type { MaybePromise } from '../../protocol/maybe-promise.js';

/** How a token is claimed. */
export interface TokenClaimOptions {
  /** Whether to take it from its holder, if it has one. */
  readonly takeOver?: boolean;
  /**
   * Whether to claim it for good. It is removed in the same step, so that no
   * later claim can succeed, and no failure in between can leave it behind.
   */
  readonly once?: boolean;
  /**
   * Whom it is claimed for. A token that was put with a binding is given only
   * to a claim with the same binding.
   */
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
      /**
       * `unknown`: there is no such token. `binding`: it was put with another
       * binding. `held`: somebody else holds it, and `takeOver` was not set.
       */
      readonly reason: 'unknown' | 'binding' | 'held';
    };

/**
 * Values with a time to live and at most one holder. Each call compares and
 * changes in one step: nobody else can act in between.
 */
export interface Tokens {
  /**
   * Stores a value under a token, without a holder.
   *
   * @param ttl Milliseconds until the token is gone, unless somebody holds it.
   * @param options.binding Whom it is for: a claim with another binding is
   *   refused.
   */
  put(
    token: string,
    value: JsonValue,
    ttl: number,
    options?: { readonly binding?: string },
  ): MaybePromise<void>;
  /**
   * Makes `holder` the token's holder. A held token does not expire. A holder
   * that claims its token again gets the value again. A refused claim changes
   * neither the holder nor the time to live. The binding is compared before the
   * holder.
   */
  claim(
    token: string,
    holder: string,
    options?: TokenClaimOptions,
  ): MaybePromise<TokenClaim>;
  /**
   * Replaces the value of a token that `holder` holds. Answers false when it
   * does not hold it.
   */
  update(
    token: string,
    holder: string,
    value: JsonValue,
  ): MaybePromise<boolean>;
  /**
   * Ends the hold, with a new time to live in milliseconds and, where given, a
   * new value. Answers false when `holder` does not hold it.
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
   * @param options.heldBy Removes it only while this holder has it.
   */
  remove(
    token: string,
    options?: { readonly heldBy?: string },
  ): MaybePromise<boolean>;
}
