import type { MaybePromise } from '../../../protocol/maybe-promise.js';
import { isPromiseLike } from '../../../core/promise-like.js';

/**
 * Tokens of this node that wait for a client: for the first time, or to come
 * back. All wait equally long, so they are in the order in which they run out.
 *
 * This node does not learn of a client that comes through another one: its token
 * counts until it would have run out.
 */
export class WaitingTokens {
  private readonly ends = new Map<string, number>();

  /** @param timeout Milliseconds that a token may wait. */
  constructor(
    private readonly limit: number,
    private readonly timeout: number,
  ) {}

  /** Whether no more may be given out. */
  get full(): boolean {
    this.expire();
    return this.ends.size >= this.limit;
  }

  /** A token waits, from now on, if what is done for that succeeds. */
  addIf<Answer>(
    token: string,
    act: () => MaybePromise<Answer>,
  ): MaybePromise<Answer> {
    // Before: many may be under way at once.
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

  /** A token waits, from now on. Beyond the limit too, for it exists already. */
  add(token: string): void {
    this.expire();
    this.ends.delete(token);
    this.ends.set(token, performance.now() + this.timeout);
  }

  /** Somebody has come with it, or it is gone. */
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
