import type { MaybePromise } from '../../protocol/maybe-promise.js';
import type { Directory } from './directory.js';
import type { Tokens } from './tokens.js';
import type { Topics } from './topics.js';

/**
 * How a broker is. `starting`: it has not started, or is about to. `ready`: it does
 * what it is asked. `unavailable`: it cannot now, and tries again by itself.
 * `closed`: for good.
 */
export type BrokerState = 'starting' | 'ready' | 'unavailable' | 'closed';

/**
 * What the nodes of one application share. Services keep the state of their
 * own clients and reach everything else through these three ports, so that a
 * cluster needs another broker, not other services.
 */
export interface Broker {
  /** This node's name, unique among those that share the broker's state. */
  readonly node: string;
  /**
   * Whether other processes can share what this broker has. Where it cannot be
   * shared and an application runs in several processes, Snorky warns.
   */
  readonly shared: boolean;
  readonly topics: Topics;
  readonly directory: Directory;
  readonly tokens: Tokens;
  /**
   * Whether it does what it is asked, for a readiness check: a node whose broker is
   * `unavailable` should get no new clients.
   */
  readonly state: BrokerState;
  /**
   * Connects. Called once, and awaited before anything of the application is made
   * that could use it; what it throws or rejects with stops the start. A broker
   * that has nothing to wait for has none.
   */
  start?(): MaybePromise<void>;
  /**
   * Gives up all leases, listeners and timers of this node. Settles when nothing of
   * it is left; calling it again does nothing more.
   */
  close(): Promise<void>;
}
