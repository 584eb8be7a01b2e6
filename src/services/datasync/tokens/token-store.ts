import type { Broker } from '../../../broker/ports/broker.js';
import type { Stop } from '../../../broker/ports/listening.js';
import type { TokenClaim } from '../../../broker/ports/tokens.js';
import type { MaybePromise } from '../../../protocol/maybe-promise.js';
import { freezeJson } from '../../../core/json/frozen-json.js';
import { whenReady } from '../../../core/promise-like.js';
import type { JsonObject, JsonValue } from '../../../protocol/json.js';
import { ofVersion, versioned } from '../../../core/versioned.js';
import type { Authorization, Mode } from './authorization.js';
import { WaitingTokens } from './waiting-tokens.js';

/** The client that claims a token. */
export interface Claimant {
  readonly holder: string;
  readonly mode: Mode;
  /** The key of the client's identity; undefined if it has none. */
  readonly identity: string | undefined;
}

/**
 * The version of the values of tokens, and of announcements about them: see
 * `versioned`.
 */
const VERSION = 1;

/** Stands for a value that cannot be read. */
const NOTHING: Authorization = { items: [], position: null, revocations: null };

/** The answer to a claim. */
export type ClaimAnswer =
  | {
      readonly type: 'claimed';
      readonly authorization: Authorization;
      /**
       * `spent`: it had expired before. `unreadable`: another version of the
       * application has written its value.
       */
      readonly fit?: 'spent' | 'unreadable';
    }
  | {
      readonly type: 'refused';
      readonly reason: (TokenClaim & { readonly claimed: false })['reason'];
    };

/**
 * The tokens of one DataSync service, as all nodes see them. A token that is
 * acquired for good is removed. One that may be resumed gets a holder.
 */
export class TokenStore {
  readonly waiting: WaitingTokens;

  constructor(
    private readonly broker: Broker,
    /** Keeps the tokens of services apart. */
    private readonly scope: string,
    private readonly timeout: number,
    maxTokens: number,
  ) {
    this.waiting = new WaitingTokens(maxTokens, timeout);
  }

  put(token: string, authorization: Authorization): MaybePromise<void> {
    const { binding } = authorization;
    return this.broker.tokens.put(
      this.key(token),
      valueOf(authorization),
      this.timeUntil(authorization.expiresAt),
      binding === undefined ? undefined : { binding },
    );
  }

  /** Makes a claimant the holder of a token, if it is allowed to be. */
  claim(token: string, claimant: Claimant): MaybePromise<ClaimAnswer> {
    const { holder, mode, identity } = claimant;
    const claim = this.broker.tokens.claim(this.key(token), holder, {
      ...(mode === 'once' ? { once: true } : { takeOver: true }),
      ...(identity === undefined ? {} : { binding: identity }),
    });
    return whenReady(claim, (answer): ClaimAnswer => {
      if (!answer.claimed) return { type: 'refused', reason: answer.reason };
      this.waiting.forget(token);
      const authorization = authorizationOf(answer);
      if (authorization === undefined) {
        return {
          type: 'claimed',
          authorization: NOTHING,
          fit: 'unreadable',
        };
      }
      return this.timeUntil(authorization.expiresAt) === 0
        ? { type: 'claimed', authorization, fit: 'spent' }
        : { type: 'claimed', authorization };
    });
  }

  /**
   * Whether a holder is still the holder. Take-overs may be reported in another
   * order than they happened, so the broker is asked. Asking also claims a
   * token that is free.
   */
  isHeldBy(
    token: string,
    holder: string,
    binding: string | undefined,
  ): MaybePromise<'kept' | 'lost' | 'forgotten'> {
    const claim = this.broker.tokens.claim(
      this.key(token),
      holder,
      binding === undefined ? undefined : { binding },
    );
    return whenReady(claim, (answer) => {
      if (answer.claimed) return 'kept';
      return answer.reason === 'unknown' ? 'forgotten' : 'lost';
    });
  }

  /** Tells all nodes who has taken a token over. */
  announce(token: string, holder: string): MaybePromise<void> {
    const value = { v: VERSION, token, holder };
    return this.broker.topics.announce(this.topic, value);
  }

  /**
   * Calls back with tokens that somebody has taken over, here or on another
   * node.
   *
   * @param onGap Called when tokens may have been taken over unnoticed.
   */
  onTaken(
    listener: (token: string, holder: string) => void,
    onGap: () => void,
  ): MaybePromise<Stop> {
    return this.broker.topics.listen(
      this.topic,
      (value) => {
        const { token, holder } = ofVersion(VERSION, value) ?? {};
        if (typeof token === 'string' && typeof holder === 'string') {
          listener(token, holder);
        } else {
          // A node of another version has announced something about an unknown
          // token.
          onGap();
        }
      },
      { onGap },
    );
  }

  /**
   * Replaces the value of a token. Answers false if `holder` does not hold it.
   */
  update(
    token: string,
    holder: string,
    authorization: Authorization,
  ): MaybePromise<boolean> {
    const { tokens } = this.broker;
    return tokens.update(this.key(token), holder, valueOf(authorization));
  }

  /**
   * Ends a hold, so that the client can come back while the token waits or its
   * authorization lasts. Answers false if somebody else holds the token by now.
   *
   * @param record The new value of the token; the value stays if undefined.
   */
  release(
    token: string,
    holder: string,
    expiresAt: number | undefined,
    record: Authorization | undefined,
  ): MaybePromise<boolean> {
    const time = this.timeUntil(expiresAt);
    if (time === 0) return this.removeHeld(token, holder);
    // Counted before the broker has answered: the client may be faster.
    this.waiting.add(token);
    const { tokens } = this.broker;
    const value = record === undefined ? undefined : valueOf(record);
    return whenReady(
      tokens.release(this.key(token), holder, time, value),
      (released) => {
        if (!released) this.waiting.forget(token);
        return released;
      },
    );
  }

  /**
   * Removes a token that its holder gives up for good. Answers false if
   * somebody else holds it by now, and keeps it.
   */
  removeHeld(token: string, holder: string): MaybePromise<boolean> {
    const { tokens } = this.broker;
    return whenReady(
      tokens.remove(this.key(token), { heldBy: holder }),
      (removed) => {
        // The token may have been released meanwhile, and then waits.
        if (removed) this.waiting.forget(token);
        return removed;
      },
    );
  }

  /** Removes a token that nobody was given. */
  withdraw(token: string): MaybePromise<boolean> {
    return whenReady(this.broker.tokens.remove(this.key(token)), (removed) => {
      this.waiting.forget(token);
      return removed;
    });
  }

  /** Milliseconds that a token may wait; 0 once it has expired. */
  private timeUntil(expiresAt = Infinity): number {
    return Math.max(0, Math.min(this.timeout, expiresAt - Date.now()));
  }

  private get topic(): string {
    return `taken:${this.scope}`;
  }

  private key(token: string): string {
    return `${this.scope}:${token}`;
  }
}

/** The value in the form that the broker keeps. */
function valueOf(authorization: Authorization): JsonValue {
  return versioned(VERSION, authorization as unknown as JsonObject);
}

/** Reads a value; undefined if a node of another version has written it. */
function authorizationOf(
  claim: TokenClaim & { readonly claimed: true },
): Authorization | undefined {
  const value = ofVersion(VERSION, claim.value);
  if (value === undefined || !Array.isArray(value['items'])) return undefined;
  // Frozen: a query that changed while an index has it could not be removed
  // from the index.
  return freezeJson(value) as unknown as Authorization;
}
