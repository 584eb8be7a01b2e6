import { randomUUID } from 'node:crypto';
import { ListenerFailures } from '../listener-failures.js';
import type { ListenerErrorHandler } from '../listener-failures.js';
import type { Broker, BrokerState } from '../ports/broker.js';
import { MemoryDirectory } from './memory-directory.js';
import { MemoryNode } from './shared/memory-node.js';
import { MemoryStore } from './memory-store.js';
import { MemoryTokens } from './memory-tokens.js';
import { MemoryTopics } from './memory-topics.js';

export interface MemoryBrokerOptions {
  /**
   * The store that the broker shares with other brokers.
   *
   * @default a store of its own
   */
  readonly store?: MemoryStore;
  /**
   * The node's name, unique in its store.
   *
   * @default a random one
   */
  readonly node?: string;
  /**
   * Called with what listeners throw. The error goes nowhere else: the other
   * listeners still get the event, and {@link MemoryBroker.failures} counts it.
   */
  readonly onError?: ListenerErrorHandler;
}

/**
 * The broker of applications that run in one process. It answers at once, never
 * by a promise, so what one message causes is done before the next is handled.
 */
export class MemoryBroker implements Broker {
  readonly node: string;
  readonly shared: boolean = false;
  readonly topics: MemoryTopics;
  readonly directory: MemoryDirectory;
  readonly tokens: MemoryTokens;
  private readonly store: MemoryStore;
  private readonly own: MemoryNode;

  constructor(options: MemoryBrokerOptions = {}) {
    const store = options.store ?? new MemoryStore();
    const failures = new ListenerFailures(options.onError);
    const node = new MemoryNode(options.node ?? randomUUID(), failures);
    store.attach(node);
    this.node = node.name;
    this.topics = new MemoryTopics(node, store);
    this.directory = new MemoryDirectory(node, store.directory);
    this.tokens = new MemoryTokens(node, store.tokens);
    this.store = store;
    this.own = node;
  }

  get state(): BrokerState {
    const { closed, lease } = this.own;
    if (closed) return 'closed';
    return lease === 'kept' ? 'ready' : 'unavailable';
  }

  /** How often a listener of this node has thrown. */
  get failures(): number {
    return this.own.failures.count;
  }

  /** Calls {@link MemoryStore.forget} of its store. */
  forget(): void {
    this.store.forget();
  }

  /**
   * Ends the node's listeners, then removes its entries from the directory. The
   * store's logs stay, for the other nodes and for a later one. Afterwards
   * nothing new can be started; removing and reading still work. Everything is
   * done when the call returns.
   */
  async close(): Promise<void> {
    const node = this.own;
    if (node.closed) return;
    node.closed = true;
    for (const stop of node.stops) stop();
    node.onLost.clear();
    this.store.detach(node);
  }
}
