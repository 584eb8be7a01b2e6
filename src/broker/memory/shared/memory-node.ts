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
  /** Wrapped, so that one function can be registered twice. */
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

  /** Keeps a stop for the node's end until it is called. */
  owning(stop: Stop): Stop {
    const owned = (): void => {
      this.stops.delete(owned);
      stop();
    };
    this.stops.add(owned);
    return owned;
  }

  /** Calls listeners so that none can harm the next. */
  call<L>(
    listeners: ReadonlySet<{ readonly listener: L }>,
    source: ListenerSource,
    how: (listener: L) => void,
  ): void {
    // One that is added meanwhile was too late for this.
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

  /** A closed node would never give up what it starts now. */
  assertOpen(): void {
    if (this.closed)
      throw new Error(`The broker of node "${this.name}" is closed`);
  }

  /** An entry made without a lease would stay for ever. */
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
