import type { MaybePromise } from '../../../protocol/maybe-promise.js';
import { isPromiseLike } from '../../../core/promise-like.js';

/**
 * The tokens of this node that wait for their client, for the first time or to
 * come back. All of them wait equally long, so they are in the order in which
 * they expire.
 *
 * If a client comes through another node, this node does not learn of it: the
 * token counts until it would have expired.
 */
export class WaitingTokens {
  private readonly ends = new Map<string, number>();

  /** @param timeout Milliseconds that a token may wait. */
  constructor(
    private readonly limit: number,
    private readonly timeout: number,
  ) {}

  /** Whether no more tokens may be given out. */
  get full(): boolean {
    this.expire();
    return this.ends.size >= this.limit;
  }

  /** Counts a token as waiting, unless `act` fails. */
  addIf<Answer>(
    token: string,
    act: () => MaybePromise<Answer>,
  ): MaybePromise<Answer> {
    // Added before `act`: many may be under way at once.
    this.add(token);
    const failed = (error: unknown): never => {
      this.forget(token);
      throw error;
    };
    try {
      const answer = act();
      return isPromiseLike(answer) ? answer.then(undefined, failed) : answer;
    } catch (error) {
      return failed(error);
    }
  }

  /** Counts a token as waiting, even beyond the limit: it exists already. */
  add(token: string): void {
    this.expire();
    this.ends.delete(token);
    this.ends.set(token, performance.now() + this.timeout);
  }

  /** A client has come with the token, or the token is gone. */
  forget(token: string): void {
    this.ends.delete(token);
  }

  private expire(): void {
    const now = performance.now();
    for (const [token, end] of this.ends) {
      if (end > now) return;
      this.ends.delete(token);
    }
  }
}
