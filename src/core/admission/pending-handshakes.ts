import { UpgradeRefused } from './upgrade-refused.js';

/** What a peer is connected by: a socket, or a response. */
export interface Line {
  once(event: 'close', listener: () => void): unknown;
  off(event: 'close', listener: () => void): unknown;
}

/** What happens to a handshake in the end. */
export interface HandshakeOutcome<T> {
  accepted(answer: T): void;
  refused(error: unknown): void;
}

/**
 * Requests to connect that wait for a decision. Each is settled once: by the
 * decision, the time-out, the peer's leaving or shutdown, whichever is first.
 */
export class PendingHandshakes {
  /** Refuses a request that waits; one function for each. */
  private readonly waiting = new Set<(error: UpgradeRefused) => void>();

  /** @param timeout In milliseconds. */
  constructor(private readonly timeout: number) {}

  get size(): number {
    return this.waiting.size;
  }

  wait<T>(
    line: Line,
    decision: PromiseLike<T>,
    outcome: HandshakeOutcome<T>,
  ): void {
    const settle = (): boolean => {
      clearTimeout(timer);
      line.off('close', settle);
      return this.waiting.delete(refuse);
    };
    const refuse = (error: unknown): void => {
      if (settle()) outcome.refused(error);
    };
    const timer = setTimeout(() => {
      refuse(new UpgradeRefused(503, 'The handshake timed out'));
    }, this.timeout);
    this.waiting.add(refuse);
    line.once('close', settle);
    decision.then((answer) => {
      if (settle()) outcome.accepted(answer);
    }, refuse);
  }

  /** Refuses all requests that wait. */
  abandon(error: UpgradeRefused): void {
    for (const refuse of [...this.waiting]) refuse(error);
  }
}
