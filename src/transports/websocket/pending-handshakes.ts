import type { Duplex } from 'node:stream';

/** What becomes of a handshake that is waited for. */
export interface HandshakeOutcome<T> {
  accepted(answer: T): void;
  refused(error: unknown): void;
  timedOut(): void;
}

/**
 * Upgrade requests whose guards have not decided yet. Each is settled once: by
 * the decision, the time-out, the peer's leaving or shutdown, whichever is
 * first.
 */
export class PendingHandshakes {
  private readonly sockets = new Map<Duplex, () => boolean>();

  constructor(private readonly timeout: number) {}

  get size(): number {
    return this.sockets.size;
  }

  wait<T>(
    socket: Duplex,
    decision: PromiseLike<T>,
    outcome: HandshakeOutcome<T>,
  ): void {
    const settle = (): boolean => {
      clearTimeout(timer);
      socket.off('close', settle);
      return this.sockets.delete(socket);
    };
    const timer = setTimeout(() => {
      if (settle()) outcome.timedOut();
    }, this.timeout);
    this.sockets.set(socket, settle);
    socket.once('close', settle);
    decision.then(
      (answer) => {
        if (settle()) outcome.accepted(answer);
      },
      (error: unknown) => {
        if (settle()) outcome.refused(error);
      },
    );
  }

  /** Ends the waiting for all, and gives their sockets to be refused. */
  abandon(): Duplex[] {
    const sockets = [...this.sockets.keys()];
    for (const settle of [...this.sockets.values()]) settle();
    return sockets;
  }
}
