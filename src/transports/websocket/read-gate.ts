import type { Outbox } from '../../core/clients/outbox.js';

/** The connection that is read, or not read for a while. */
export interface ReadGateHost {
  /** Whether too many of its requests are unanswered. */
  readonly overloaded: boolean;
  readonly outbox: Outbox;
  readonly settings: {
    readonly maxWaiting: number;
    readonly stallTimeout: number;
  };
  stopReading(): void;
  readAgain(): void;
  /**
   * Called when no request was answered and no output taken for the whole
   * time-out.
   */
  stalled(): void;
}

/**
 * Stops reading a connection while too many of its requests are unanswered, or
 * while its peer does not read the answers. The outbox alone cannot bound
 * those: what one turn queues is exempt from its bound, and one turn can answer
 * many requests.
 *
 * Messages that were read from the socket before still arrive. The bounds can
 * be exceeded by that much.
 */
export class ReadGate {
  private timer: NodeJS.Timeout | undefined;
  private draining = false;

  constructor(private readonly host: ReadGateHost) {}

  get closed(): boolean {
    return this.timer !== undefined;
  }

  /** Stops reading until requests have been answered. */
  close(): void {
    if (this.closed) return;
    this.host.stopReading();
    this.awaitProgress(this.host.outbox.bytes);
  }

  /** Stops reading until what waits in the outbox has been handed over. */
  closeForOutput(): void {
    if (this.closed) return;
    this.close();
    this.tryOpen();
  }

  /** Reads again if there is room for what may come. */
  tryOpen(): void {
    const { host } = this;
    if (!this.closed || host.overloaded) return;
    if (host.outbox.bytes <= host.settings.maxWaiting) {
      this.open();
    } else if (!this.draining) {
      // Waits until everything that is queued now has been handed over.
      this.draining = true;
      host.outbox.pull(() => {
        this.draining = false;
        this.tryOpen();
        return undefined;
      });
    }
  }

  /** Reads again, however much is unanswered. */
  open(): void {
    if (!this.closed) return;
    this.dispose();
    this.host.readAgain();
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /**
   * Gives the connection up when its requests are not answered, or its answers
   * not read.
   */
  private awaitProgress(waiting: number): void {
    const { settings } = this.host;
    this.timer = setTimeout(() => {
      const { overloaded, outbox } = this.host;
      const read = outbox.bytes === 0 || outbox.bytes < waiting;
      if (!overloaded && read) this.awaitProgress(outbox.bytes);
      else this.host.stalled();
    }, settings.stallTimeout);
    this.timer.unref();
  }
}
