import { AlarmClock, now } from '../alarm-clock.js';
import type { Alarm } from '../alarm-clock.js';
import type { MemoryNode } from './shared/memory-node.js';
import { Sequence } from './shared/sequence.js';
import { SharedAnnouncements } from './shared/shared-announcements.js';
import { SharedDirectory } from './shared/shared-directory.js';
import { SharedLogs } from './shared/shared-logs.js';
import { SharedTokens } from './shared/shared-tokens.js';

export interface MemoryStoreOptions {
  /**
   * Milliseconds that the leases of a node last after it was cut off.
   *
   * @default 30_000
   */
  readonly lease?: number;
  /**
   * Events that the directory remembers, in all its sets together.
   *
   * @default 10_000
   */
  readonly directoryEvents?: number;
}

/** How much a store holds. */
export interface MemoryUsage {
  /**
   * Logs with listeners or retained entries, and names with listeners to
   * announcements.
   */
  readonly topics: number;
  /** Sets with members or watchers. */
  readonly sets: number;
  readonly tokens: number;
  /** Alarms that are set. */
  readonly alarms: number;
}

/**
 * What the nodes of memory brokers share. Give one store to several brokers to
 * see in one process what happens between nodes:
 *
 * ```ts
 * const store = new MemoryStore({ lease: 50 });
 * const a = new MemoryBroker({ store, node: 'a' });
 * const b = new MemoryBroker({ store, node: 'b' });
 * store.cutOff('a'); // after 50 ms b's watchers see the entries of a expire
 * store.restore('a'); // a's onLost listeners are called
 * ```
 *
 * Nodes of one process cannot die alone, so leases are kept without timers
 * until a node is cut off on purpose.
 */
export class MemoryStore {
  /** For brokers on this store; not part of the public face. @internal */
  readonly sequence: Sequence = new Sequence();
  /** @internal */
  readonly logs: SharedLogs;
  /** @internal */
  readonly announcements: SharedAnnouncements = new SharedAnnouncements();
  /** @internal */
  readonly directory: SharedDirectory;
  /** @internal */
  readonly tokens: SharedTokens;
  readonly #clock = new AlarmClock();
  readonly #nodes = new Map<string, MemoryNode>();
  readonly #leases = new Map<MemoryNode, Alarm>();
  readonly #lease: number;

  constructor(options: MemoryStoreOptions = {}) {
    this.#lease = options.lease ?? 30_000;
    this.logs = new SharedLogs(this.sequence, this.#clock);
    this.directory = new SharedDirectory(
      this.sequence,
      options.directoryEvents ?? 10_000,
    );
    this.tokens = new SharedTokens(this.#clock);
  }

  /**
   * Makes a node look dead: it no longer renews its leases. When they have run
   * out, its entries expire and it cannot make new ones.
   */
  cutOff(node: string): void {
    const found = this.#find(node);
    if (found.lease !== 'kept') return;
    found.lease = 'cut off';
    const alarm = this.#clock.set(now() + this.#lease, () => {
      this.#leases.delete(found);
      found.lease = 'lost';
      this.directory.removeNode(found, 'expire');
      this.tokens.releaseNode(found);
    });
    this.#leases.set(found, alarm);
  }

  /**
   * Ends what {@link cutOff} began. If the leases have run out by then, the
   * node's `onLost` listeners are called. Otherwise nobody notices.
   */
  restore(node: string): void {
    const found = this.#find(node);
    const wasLost = found.lease === 'lost';
    this.#endLease(found);
    found.lease = 'kept';
    if (!wasLost) return;
    const source = { port: 'directory', name: '' } as const;
    found.call(found.onLost, source, (listener) => listener());
  }

  /**
   * Loses all logs, those of the directory's sets too, like a server that comes
   * back without what it knew: earlier positions become void, and all listeners
   * are told of a gap. Members of sets and tokens stay. For tests: nothing else
   * makes a gap.
   */
  forget(): void {
    this.sequence.renew();
    this.logs.forget();
    this.announcements.lose();
    this.directory.forget();
  }

  /** How much the store holds now. */
  usage(): MemoryUsage {
    return {
      topics: this.logs.size + this.announcements.size,
      sets: this.directory.size,
      tokens: this.tokens.size,
      alarms: this.#clock.size,
    };
  }

  /** @internal */
  attach(node: MemoryNode): void {
    if (this.#nodes.has(node.name)) {
      throw new Error(
        `The store has a node "${node.name}" already: close its broker first, or choose another name`,
      );
    }
    this.#nodes.set(node.name, node);
    this.#clock.start();
  }

  /** @internal */
  detach(node: MemoryNode): void {
    this.#endLease(node);
    this.#nodes.delete(node.name);
    this.directory.removeNode(node, 'leave');
    this.tokens.releaseNode(node);
    // No node is left to hear an alarm, and the timer would stay behind.
    if (this.#nodes.size === 0) this.#clock.stop();
  }

  #endLease(node: MemoryNode): void {
    const alarm = this.#leases.get(node);
    if (alarm) this.#clock.cancel(alarm);
    this.#leases.delete(node);
  }

  #find(name: string): MemoryNode {
    const node = this.#nodes.get(name);
    if (!node) throw new Error(`The store has no node "${name}"`);
    return node;
  }
}
