import { BrokerUnavailable, BrokerUncertain } from '../broker-errors.js';
import type { ListenerFailures, ListenerSource } from '../listener-failures.js';
import type { ListenerOptions } from '../ports/listening.js';
import type { MaybePromise } from '../../protocol/maybe-promise.js';
import { Mailbox } from './mailbox.js';
import type { Delay } from './random-delays.js';

/** What goes wrong on the way. */
export interface Mishaps {
  /** Whether the next thing to be heard is lost. */
  loses(): boolean;
  /** Called before each publication of a log. */
  beforePublishing(): void;
  /**
   * Whether the next request fails, and whether it is carried out all the same.
   */
  fate(): 'done' | 'not done' | 'perhaps done';
}

/**
 * The way between a node and the shared broker. Requests about one name arrive
 * in the order in which they were made, as on one connection. Requests about
 * different names arrive in any order, and so do all answers.
 */
export class Network {
  readonly #delay: Delay;
  readonly #failures: ListenerFailures;
  readonly #lanes = new Map<string, Promise<unknown>>();
  /** The mailboxes that may lose something. */
  readonly #lossy = new Set<Mailbox<never[]>>();
  #closed = false;
  /** Gaps that listeners were told of. */
  gaps = 0;

  constructor(
    delay: Delay,
    failures: ListenerFailures,
    readonly mishaps: Mishaps,
  ) {
    this.#delay = delay;
    this.#failures = failures;
  }

  /**
   * @param lane What the request is about.
   * @param apply Called when the request has arrived.
   * @param settle What the answer has to wait for.
   */
  async request<T>(
    lane: string,
    apply: () => MaybePromise<T>,
    settle?: () => Promise<unknown>,
  ): Promise<T> {
    const fate = this.mishaps.fate();
    if (fate === 'not done') {
      await this.#delay();
      throw new BrokerUnavailable();
    }
    const answer = await this.connect(lane, apply);
    if (fate === 'perhaps done') throw new BrokerUncertain();
    await settle?.();
    return answer;
  }

  /**
   * A request that never fails, because a network repeats it until it succeeds:
   * to listen.
   */
  async connect<T>(lane: string, apply: () => MaybePromise<T>): Promise<T> {
    const answer = await this.#enter(lane, apply);
    await this.#delay();
    return answer;
  }

  /**
   * @param options Without them, nothing on its way to the listener is ever
   *   lost.
   */
  mailbox<A extends readonly unknown[]>(
    listener: (...args: A) => void,
    source: ListenerSource,
    options?: ListenerOptions,
  ): Mailbox<A> {
    const { mishaps } = this;
    const { onGap } = options ?? {};
    const mailbox = new Mailbox<A>(
      (...args: A) => {
        if (!this.#closed) listener(...args);
      },
      {
        delay: this.#delay,
        fail: (error) => this.#failures.report(error, source),
        loses: options === undefined ? () => false : () => mishaps.loses(),
        onGap: () => {
          if (this.#closed) return;
          this.gaps += 1;
          onGap?.();
        },
      },
    );
    if (options !== undefined) {
      this.#lossy.add(mailbox as unknown as Mailbox<never[]>);
    }
    return mailbox;
  }

  /** Drops what is on its way to a mailbox: nobody listens any more. */
  drop(mailbox: Mailbox<never[]>): void {
    mailbox.stop();
    this.#lossy.delete(mailbox);
  }

  /** Loses what is on its way to any listener, until each is told of it. */
  lose(): void {
    for (const mailbox of this.#lossy) mailbox.lose();
  }

  /**
   * Stops all mailboxes. Settles when the requests on their way have arrived.
   */
  async close(): Promise<void> {
    this.#closed = true;
    this.#lossy.clear();
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
