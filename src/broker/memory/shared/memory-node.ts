import { BrokerUnavailable } from '../../broker-errors.js';
import type {
  ListenerFailures,
  ListenerSource,
} from '../../listener-failures.js';
import type { Stop } from '../../ports/listening.js';

/** What a store knows of one node. */
export class MemoryNode {
  /** Ends every subscription and watch of the node. */
  readonly stops = new Set<Stop>();
  /**
   * Each in an object of its own, so that one function can be registered twice.
   */
  readonly onLost = new Set<{ readonly listener: () => void }>();
  /**
   * `cut off` as long as the leases still last, `lost` when they have run out.
   */
  lease: 'kept' | 'cut off' | 'lost' = 'kept';
  closed = false;

  constructor(
    readonly name: string,
    readonly failures: ListenerFailures,
  ) {}

  /** Calls `stop` when the node ends, unless it is called before. */
  owning(stop: Stop): Stop {
    const owned = (): void => {
      this.stops.delete(owned);
      stop();
    };
    this.stops.add(owned);
    return owned;
  }

  /**
   * Calls listeners; one that throws does not keep the others from their call.
   */
  call<L>(
    listeners: ReadonlySet<{ readonly listener: L }>,
    source: ListenerSource,
    how: (listener: L) => void,
  ): void {
    // A copy: a listener that is added meanwhile came too late for this event.
    const called = [...listeners];
    for (const entry of called) {
      if (!listeners.has(entry)) continue;
      try {
        how(entry.listener);
      } catch (error) {
        this.failures.report(error, source);
      }
    }
  }

  /**
   * @throws Error when the node is closed: nobody would end what it starts now.
   */
  assertOpen(): void {
    if (this.closed)
      throw new Error(`The broker of node "${this.name}" is closed`);
  }

  /**
   * @throws BrokerUnavailable when the node has lost its leases: an entry made
   *   now would never expire.
   */
  assertLease(): void {
    this.assertOpen();
    if (this.lease === 'lost') {
      const cause = new Error(
        `Node "${this.name}" is cut off and has lost its leases`,
      );
      throw new BrokerUnavailable({ cause });
    }
  }
}
