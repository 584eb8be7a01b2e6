/** What a lane tells the client whose messages it keeps. */
export interface LaneOwner {
  requestOpened(size: number): void;
  requestClosed(size: number): void;
}

/**
 * Keeps a client's messages in order. Later messages wait here while the lane
 * is held: while the client is still connecting, or while guards and
 * interceptors run before a command. Without it, commands with different
 * numbers of enhancers would answer in the wrong order.
 *
 * The transport bounds what waits: it stops reading when a client has too much
 * pending.
 *
 * @internal
 */
export class Lane {
  private held = false;
  private draining = false;
  /**
   * Kept as texts: parsed messages can take many times their length in memory.
   */
  private readonly waiting: string[] = [];

  constructor(
    private readonly owner: LaneOwner,
    private readonly process: (text: string) => void,
  ) {}

  /** Whether a message must wait. */
  get busy(): boolean {
    return this.held || this.draining;
  }

  hold(): void {
    this.held = true;
  }

  push(text: string): void {
    this.waiting.push(text);
    this.owner.requestOpened(text.length);
  }

  /** Lets the next messages go, until one of them holds the lane again. */
  release(): void {
    this.held = false;
    // A message that holds and releases at once would otherwise start this loop
    // again inside itself, once for each waiting message.
    if (this.draining) return;
    this.draining = true;
    let next = 0;
    try {
      while (!this.held && next < this.waiting.length) {
        const text = this.waiting[next++] as string;
        this.owner.requestClosed(text.length);
        this.process(text);
      }
    } finally {
      this.waiting.splice(0, next);
      this.draining = false;
    }
  }

  /** Drops what waits: the client has gone. */
  clear(): void {
    this.waiting.length = 0;
  }
}
