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

/** Who claims a token. */
export interface Claimant {
  readonly holder: string;
  readonly mode: Mode;
  /** The key of its identity; undefined while that is unknown. */
  readonly identity: string | undefined;
}

/** The version of what is known under tokens, and said about them: see `versioned`. */
const VERSION = 1;

/** Stands for what cannot be read. */
const NOTHING: Authorization = { items: [], position: null, revocations: null };

/** What a claim comes to. */
export type ClaimAnswer =
  | {
      readonly type: 'claimed';
      readonly authorization: Authorization;
      /**
       * `spent`: its time had come before. `unreadable`: another version of the
       * application has written what is known under it.
       */
      readonly fit?: 'spent' | 'unreadable';
    }
  | {
      readonly type: 'refused';
      readonly reason: (TokenClaim & { readonly claimed: false })['reason'];
    };

/**
 * The tokens of one DataSync service, as all nodes see them. One that is
 * acquired for good is removed; one that may be resumed has a holder.
 */
export class SubscriptionStore {
  readonly waiting: WaitingTokens;

  constructor(
    private readonly broker: Broker,
    /** Apart from other services' tokens. */
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

  /** Makes a claimant the holder of a token, if it may be. */
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
   * Whether a holder still is the holder. The order in which take-overs are told
   * need not be the order in which they happened, so the broker is asked. To ask
   * is to claim what is free.
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
   * Calls back with tokens that somebody has taken over, here or elsewhere.
   *
   * @param onGap Called when some may have been taken over unnoticed.
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
          // A node of another version says something of some token.
          onGap();
        }
      },
      { onGap },
    );
  }

  /** Writes something else under a token; answers false unless it is held. */
  update(
    token: string,
    holder: string,
    authorization: Authorization,
  ): MaybePromise<boolean> {
    const { tokens } = this.broker;
    return tokens.update(this.key(token), holder, valueOf(authorization));
  }

  /**
   * Lets the client come back for as long as a token waits, or its authorization
   * lasts. Answers false when somebody else holds it by now.
   *
   * @param record What is known under it from now on; as before, if undefined.
   */
  release(
    token: string,
    holder: string,
    expiresAt: number | undefined,
    record: Authorization | undefined,
  ): MaybePromise<boolean> {
    const time = this.timeUntil(expiresAt);
    if (time === 0) return this.removeHeld(token, holder);
    // Before the answer: the client may be faster.
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
   * Removes a token that its holder gives up for good. Answers false when
   * somebody else holds it by now: then it is theirs.
   */
  removeHeld(token: string, holder: string): MaybePromise<boolean> {
    const { tokens } = this.broker;
    return whenReady(
      tokens.remove(this.key(token), { heldBy: holder }),
      (removed) => {
        // It waits if it was let go meanwhile.
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

  /** Milliseconds that a token may wait; none once its time has come. */
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

/** As the broker keeps it. */
function valueOf(authorization: Authorization): JsonValue {
  return versioned(VERSION, authorization as unknown as JsonObject);
}

/** Undefined where a node of another version has written it. */
function authorizationOf(
  claim: TokenClaim & { readonly claimed: true },
): Authorization | undefined {
  const value = ofVersion(VERSION, claim.value);
  if (value === undefined || !Array.isArray(value['items'])) return undefined;
  // A query that changed while an index has it could not be removed from it.
  return freezeJson(value) as unknown as Authorization;
}
