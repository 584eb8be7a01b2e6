import type { IncomingEnvelope } from '../protocol/envelope.js';

/** What a lane tells the client whose messages it keeps. */
export interface LaneOwner {
  requestOpened(): void;
  requestClosed(): void;
}

/**
 * Keeps a client's messages in order. While it is held - the client is still
 * connecting, or guards and interceptors run before a command - later messages
 * wait here; without it, commands with different numbers of enhancers would
 * answer in reverse.
 *
 * What waits is bounded by the transport, which stops reading when a client has
 * too much pending.
 *
 * @internal
 */
export class Lane {
  private held = false;
  private draining = false;
  private readonly waiting: IncomingEnvelope[] = [];

  constructor(
    private readonly owner: LaneOwner,
    private readonly process: (envelope: IncomingEnvelope) => void,
  ) {}

  /** Whether a message must wait. */
  get busy(): boolean {
    return this.held || this.draining;
  }

  hold(): void {
    this.held = true;
  }

  push(envelope: IncomingEnvelope): void {
    this.waiting.push(envelope);
    this.owner.requestOpened();
  }

  /** Lets the next messages go, until one of them holds the lane again. */
  release(): void {
    this.held = false;
    // A message that holds and releases at once would otherwise start this loop
    // again inside itself, once per waiting message.
    if (this.draining) return;
    this.draining = true;
    let next = 0;
    try {
      while (!this.held && next < this.waiting.length) {
        const envelope = this.waiting[next++] as IncomingEnvelope;
        this.owner.requestClosed();
        this.process(envelope);
      }
    } finally {
      this.waiting.splice(0, next);
      this.draining = false;
    }
  }

  /** Forgets what waits: the client has gone. */
  clear(): void {
    this.waiting.length = 0;
  }
}
