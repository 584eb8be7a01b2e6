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
   * Where everything random starts. A run with the same seed and the same calls
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
   * How likely it is that an entry, an event or an announcement is lost on its way
   * to a listener, with those right after it; the listener is told of a gap. From
   * 0 to 1.
   *
   * @default 0
   */
  readonly losses?: number;
  /**
   * How likely it is that the broker behind the network has lost its logs when an
   * entry arrives there, so that they begin anew: see {@link DelayedBroker.forget}.
   * From 0 to 1.
   *
   * @default 0
   */
  readonly forgets?: number;
  /**
   * How likely it is that a question to the broker fails: as often before it was
   * done (`BrokerUnavailable`) as afterwards (`BrokerUncertain`). From 0 to 1. To
   * listen never fails.
   *
   * @default 0
   */
  readonly failures?: number;
  /** Told what listeners throw; see `MemoryBrokerOptions.onError`. */
  readonly onError?: ListenerErrorHandler;
}

/** A broker that can be told to lose its logs. */
type Forgetful = Broker & { forget?(): void };

/**
 * Puts a network between an application and a broker, for tests: every answer
 * is a promise that settles after a random delay, and listeners are called
 * later than what they hear of, in log order. What the ports promise is kept,
 * and nothing that they do not promise: code that works only because the memory
 * broker is quick, and never loses anything, fails here.
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

  /** The inner broker's, a little later. */
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
   * Loses what this node would hear next, of all it listens to, as a network does
   * that is cut for longer than the broker remembers. Each listener is told of a
   * gap a little later.
   */
  lose(): void {
    this.network.lose();
  }

  /**
   * Has the broker behind the network lose its logs, for all nodes: positions from
   * before are void, and all who listen are told of a gap.
   *
   * @throws Error when that broker cannot be told to.
   */
  forget(): void {
    const { inner } = this;
    if (inner.forget === undefined) {
      throw new Error('The inner broker has no forget(): use a MemoryBroker');
    }
    inner.forget();
  }

  /** Calls no listener from now on; what was asked before is still done. */
  async close(): Promise<void> {
    await this.network.close();
    await this.inner.close();
  }
}
