import type { ListenerFailures, ListenerSource } from '../listener-failures.js';
import type { MaybePromise } from '../ports.js';
import { Mailbox } from './mailbox.js';
import type { Delay } from './random-delays.js';

/**
 * The way between a node and what it shares. Requests about one name arrive in
 * the order in which they were made, as on one connection; about different
 * names in any order; answers come in any order at all.
 */
export class Network {
  readonly #delay: Delay;
  readonly #failures: ListenerFailures;
  readonly #lanes = new Map<string, Promise<unknown>>();
  #closed = false;

  constructor(delay: Delay, failures: ListenerFailures) {
    this.#delay = delay;
    this.#failures = failures;
  }

  /**
   * @param lane What the request is about.
   * @param apply Done when the request has arrived.
   * @param settle What the answer has to wait for.
   */
  async request<T>(
    lane: string,
    apply: () => MaybePromise<T>,
    settle?: () => Promise<unknown>,
  ): Promise<T> {
    const answer = await this.#enter(lane, apply);
    await settle?.();
    await this.#delay();
    return answer;
  }

  mailbox<A extends readonly unknown[]>(
    listener: (...args: A) => void,
    source: ListenerSource,
  ): Mailbox<A> {
    return new Mailbox(
      this.#delay,
      (...args: A) => {
        if (!this.#closed) listener(...args);
      },
      (error) => this.#failures.report(error, source),
    );
  }

  /** Silences the mailboxes; settles when what is on its way has arrived. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#lanes.values());
  }

  #enter<T>(lane: string, apply: () => MaybePromise<T>): Promise<T> {
    // All delays run at once: a lane is no slower than its slowest request.
    const before = Promise.allSettled([this.#lanes.get(lane), this.#delay()]);
    const applied = before.then(apply);
    this.#lanes.set(lane, applied);
    const leave = (): void => {
      if (this.#lanes.get(lane) === applied) this.#lanes.delete(lane);
    };
    applied.then(leave, leave);
    return applied;
  }
}
