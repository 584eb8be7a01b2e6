import { DelayedDirectory } from './delayed/delayed-directory.js';
import { DelayedTokens } from './delayed/delayed-tokens.js';
import { DelayedTopics } from './delayed/delayed-topics.js';
import { Network } from './delayed/network.js';
import { randomDelays } from './delayed/random-delays.js';
import { ListenerFailures } from './listener-failures.js';
import type { ListenerErrorHandler } from './listener-failures.js';
import type { Broker } from './ports.js';

export interface DelayedBrokerOptions {
  /**
   * Where the random delays start. A run with the same seed and the same calls
   * has the same delays.
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
  /** Told what listeners throw; see `MemoryBrokerOptions.onError`. */
  readonly onError?: ListenerErrorHandler;
}

/**
 * Puts a network between an application and a broker, for tests: every answer
 * is a promise that settles after a random delay, and listeners are called
 * later than what they hear of, in log order. What the ports promise is kept,
 * and nothing that they do not promise: code that works only because the memory
 * broker is quick fails here.
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
  private readonly inner: Broker;
  private readonly network: Network;
  private readonly listenerFailures: ListenerFailures;

  constructor(inner: Broker, options: DelayedBrokerOptions = {}) {
    const delay = randomDelays(options.seed ?? 1, options.maxDelay ?? 5);
    this.listenerFailures = new ListenerFailures(options.onError);
    this.network = new Network(delay, this.listenerFailures);
    this.inner = inner;
    this.node = inner.node;
    this.shared = inner.shared;
    this.topics = new DelayedTopics(inner.topics, this.network);
    this.directory = new DelayedDirectory(inner.directory, this.network);
    this.tokens = new DelayedTokens(inner.tokens, this.network);
  }

  /** How often a listener has thrown. */
  get failures(): number {
    return this.listenerFailures.count;
  }

  /** Calls no listener from now on; what was asked before is still done. */
  async close(): Promise<void> {
    await this.network.close();
    await this.inner.close();
  }
}
