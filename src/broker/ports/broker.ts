import type { MaybePromise } from '../../protocol/maybe-promise.js';
import type { Directory } from './directory.js';
import type { Tokens } from './tokens.js';
import type { Topics } from './topics.js';

/**
 * The state of a broker. `starting`: it has not started, or is starting.
 * `ready`: it does what it is asked. `unavailable`: it cannot do so now, and
 * tries again by itself. `closed`: it never will again.
 */
export type BrokerState = 'starting' | 'ready' | 'unavailable' | 'closed';

/**
 * What the nodes of one application share. Services keep the state of their own
 * clients, and reach everything else through the three ports. So a cluster
 * needs another broker, not other services.
 */
export interface Broker {
  /** This node's name, unique among those that share the broker's state. */
  readonly node: string;
  /**
   * Whether other processes can share what this broker holds. Snorky warns when
   * it cannot be shared and the application runs in several processes.
   */
  readonly shared: boolean;
  readonly topics: Topics;
  readonly directory: Directory;
  readonly tokens: Tokens;
  /**
   * Whether the broker does what it is asked, for a readiness check: a node
   * whose broker is `unavailable` should get no new clients.
   */
  readonly state: BrokerState;
  /**
   * Connects. It is called once, and awaited before any provider that could use
   * the broker is made. What it throws or rejects with stops the start. A
   * broker that has nothing to wait for leaves it out.
   */
  start?(): MaybePromise<void>;
  /**
   * Gives up all leases, listeners and timers of this node. Settles when they
   * are gone. Calling it again does nothing more.
   */
  close(): Promise<void>;
}
