import { DelayedDirectory } from './delayed/delayed-directory.js';
import { DelayedTokens } from './delayed/delayed-tokens.js';
import { DelayedTopics } from './delayed/delayed-topics.js';
import { Network } from './delayed/network.js';
import { randomDelays, randomly } from './delayed/random-delays.js';
import { ListenerFailures } from './listener-failures.js';
import type { ListenerErrorHandler } from './listener-failures.js';
import type { Broker, BrokerState } from './ports/broker.js';

export interface DelayedBrokerOptions {
  /**
   * The start of everything random. A run with the same seed and the same calls
   * has the same delays and losses.
   *
   * @default 1
   */
  readonly seed?: number;
  /**
   * The longest delay of one way, in milliseconds.
   *
   * @default 5
   */
  readonly maxDelay?: number;
  /**
   * The probability, from 0 to 1, that an entry, an event or an announcement is
   * lost on its way to a listener. What comes right after it is lost too, and
   * the listener is told of a gap.
   *
   * @default 0
   */
  readonly losses?: number;
  /**
   * The probability, from 0 to 1, that the broker behind the network loses its
   * logs when an entry arrives there, so that they begin anew: see
   * {@link DelayedBroker.forget}.
   *
   * @default 0
   */
  readonly forgets?: number;
  /**
   * The probability, from 0 to 1, that a request to the broker fails. Half of
   * the failures come before it was done (`BrokerUnavailable`), half afterwards
   * (`BrokerUncertain`). Listening never fails.
   *
   * @default 0
   */
  readonly failures?: number;
  /** Called with what listeners throw; see `MemoryBrokerOptions.onError`. */
  readonly onError?: ListenerErrorHandler;
}

/** A broker that can be told to lose its logs. */
type Forgetful = Broker & { forget?(): void };

/**
 * Puts a network between an application and a broker, for tests: every answer
 * is a promise that settles after a random delay, and listeners are called
 * after a delay, in log order. It keeps what the ports promise, and nothing
 * beyond. Code that works only because the memory broker is quick and never
 * loses anything fails here.
 *
 * ```ts
 * const broker = new DelayedBroker(new MemoryBroker(), { seed: 7 });
 * ```
 */
export class DelayedBroker implements Broker {
  readonly node: string;
  readonly shared: boolean;
  readonly topics: DelayedTopics;
  readonly directory: DelayedDirectory;
  readonly tokens: DelayedTokens;
  private readonly inner: Forgetful;
  private readonly network: Network;
  private readonly listenerFailures: ListenerFailures;

  constructor(inner: Forgetful, options: DelayedBrokerOptions = {}) {
    const { seed = 1, maxDelay = 5 } = options;
    const { losses = 0, forgets = 0, failures = 0 } = options;
    const forgetsNow = randomly(seed + 2, forgets);
    const fails = randomly(seed + 3, failures);
    const isDone = randomly(seed + 4, 0.5);
    this.listenerFailures = new ListenerFailures(options.onError);
    this.network = new Network(
      randomDelays(seed, maxDelay),
      this.listenerFailures,
      {
        loses: randomly(seed + 1, losses),
        beforePublishing: () => {
          if (forgetsNow()) this.forget();
        },
        fate: () => {
          if (!fails()) return 'done';
          return isDone() ? 'perhaps done' : 'not done';
        },
      },
    );
    this.inner = inner;
    this.node = inner.node;
    this.shared = inner.shared;
    this.topics = new DelayedTopics(inner.topics, this.network);
    this.directory = new DelayedDirectory(inner.directory, this.network);
    this.tokens = new DelayedTokens(inner.tokens, this.network);
  }

  get state(): BrokerState {
    return this.inner.state;
  }

  /** Starts the inner broker, after a delay. */
  async start(): Promise<void> {
    await this.network.connect('start', async () => this.inner.start?.());
  }

  /** How often a listener was told of a gap. */
  get gaps(): number {
    return this.network.gaps;
  }

  /** How often a listener has thrown. */
  get failures(): number {
    return this.listenerFailures.count;
  }

  /**
   * Loses what the listeners of this node would hear next, as if the network
   * were cut for longer than the broker remembers. Each listener is told of a
   * gap after a delay.
   */
  lose(): void {
    this.network.lose();
  }

  /**
   * Makes the broker behind the network lose its logs, for all nodes: earlier
   * positions become void, and all listeners are told of a gap.
   *
   * @throws Error when that broker has no `forget()`.
   */
  forget(): void {
    const { inner } = this;
    if (inner.forget === undefined) {
      throw new Error('The inner broker has no forget(): use a MemoryBroker');
    }
    inner.forget();
  }

  /**
   * Calls no listener from now on. Requests under way are still carried out.
   */
  async close(): Promise<void> {
    await this.network.close();
    await this.inner.close();
  }
}
