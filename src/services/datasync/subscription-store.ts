import type {
  Broker,
  MaybePromise,
  Position,
  Stop,
} from '../../broker/ports.js';
import { isPromiseLike, whenReady } from '../../core/promise-like.js';
import type { JsonValue } from '../../protocol/json.js';
import type { ItemRequest } from './subscription.js';

/** What is known under a token. */
export interface Authorization {
  readonly items: readonly ItemRequest[];
  /** The end of the log when it was given. */
  readonly position: Position;
}

/**
 * The tokens of one DataSync service, as all nodes see them. One that is
 * acquired for good is removed; one that may be resumed has a holder.
 */
export class SubscriptionStore {
  constructor(
    private readonly broker: Broker,
    /** Apart from other services' tokens. */
    private readonly scope: string,
    private readonly timeout: number,
  ) {}

  put(token: string, authorization: Authorization): MaybePromise<void> {
    return this.broker.tokens.put(
      this.key(token),
      authorization as unknown as JsonValue,
      this.timeout,
    );
  }

  /** Acquires a token for good: nobody can come with it again. */
  takeOnce(
    token: string,
    holder: string,
  ): MaybePromise<Authorization | undefined> {
    const { tokens } = this.broker;
    return whenReady(
      tokens.claim(this.key(token), holder, { once: true }),
      (claim) => (claim.claimed ? authorizationOf(claim.value) : undefined),
    );
  }

  /** Becomes the holder of a token, whoever was, and tells the other nodes. */
  takeOver(
    token: string,
    holder: string,
  ): MaybePromise<Authorization | undefined> {
    const { tokens, topics } = this.broker;
    return whenReady(
      tokens.claim(this.key(token), holder, { takeOver: true }),
      (claim) => {
        if (!claim.claimed) return undefined;
        const authorization = authorizationOf(claim.value);
        const told = topics.publish(this.topic, token);
        if (!isPromiseLike(told)) return authorization;
        return told.then(
          () => authorization,
          async (error: unknown) => {
            // Held by nobody who knows of it, it would never expire.
            await this.release(token, holder);
            throw error;
          },
        );
      },
    );
  }

  /** Calls back with tokens that somebody has taken over, here or elsewhere. */
  onTaken(listener: (token: string) => void): MaybePromise<Stop> {
    return this.broker.topics.subscribe(this.topic, ({ value }) => {
      if (typeof value === 'string') listener(value);
    });
  }

  /**
   * Whether a holder still is the holder. The order in which take-overs are told
   * need not be the order in which they happened, so the broker is asked.
   */
  isHeldBy(token: string, holder: string): MaybePromise<boolean> {
    return whenReady(
      this.broker.tokens.claim(this.key(token), holder),
      ({ claimed }) => claimed,
    );
  }

  /** Lets the client come back for as long as a token waits. */
  release(token: string, holder: string): MaybePromise<boolean> {
    return this.broker.tokens.release(this.key(token), holder, this.timeout);
  }

  /**
   * Removes a token that a holder gives up for good. Answers false when somebody
   * else holds it by now: then it is theirs.
   */
  removeHeld(token: string, holder: string): MaybePromise<boolean> {
    return this.broker.tokens.remove(this.key(token), { heldBy: holder });
  }

  /** Removes a token that nobody was given. */
  withdraw(token: string): MaybePromise<boolean> {
    return this.broker.tokens.remove(this.key(token));
  }

  private get topic(): string {
    return `taken:${this.scope}`;
  }

  private key(token: string): string {
    return `${this.scope}:${token}`;
  }
}

function authorizationOf(value: JsonValue): Authorization {
  return value as unknown as Authorization;
}
