/** What {@link Liveness} is given. Times in milliseconds. */
export interface LivenessOptions {
  /** How long it may be silent before it is asked; 0: it is never asked. */
  readonly heartbeat: number;
  /** How long it may then take to say anything. */
  readonly patience: number;
  /** Asks the server for a sign of life; false where that is not possible. */
  readonly ask: () => boolean;
  /** Nothing came. */
  readonly dead: () => void;
}

/**
 * Notices a connection that only looks open: after sleep, a change of networks,
 * a server that lost its power. A browser would wait for minutes, and a page
 * that only listens would never know.
 */
export class Liveness {
  private heardAt = 0;
  private beat: ReturnType<typeof setInterval> | undefined;
  private deadline: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: LivenessOptions) {}

  start(): void {
    this.heard();
    const { heartbeat } = this.options;
    if (heartbeat === 0) return;
    this.beat = setInterval(() => {
      if (Date.now() - this.heardAt >= heartbeat) this.check();
    }, heartbeat);
  }

  stop(): void {
    clearInterval(this.beat);
    clearTimeout(this.deadline);
    this.deadline = undefined;
  }

  /** Something arrived. On the way of every message, so it does nothing else. */
  heard(): void {
    this.heardAt = Date.now();
  }

  /**
   * Asks now, unless it was asked and still has time to answer.
   *
   * @param most Milliseconds that the answer may take, if that is less.
   */
  check(most = Infinity): void {
    const { heartbeat, patience, ask, dead } = this.options;
    if (heartbeat === 0 || this.deadline !== undefined || !ask()) return;
    const asked = Date.now();
    // The clock may stand still between the question and the answer.
    this.heardAt = asked - 1;
    this.deadline = setTimeout(
      () => {
        this.deadline = undefined;
        if (this.heardAt < asked) dead();
      },
      Math.min(patience, most),
    );
  }
}
