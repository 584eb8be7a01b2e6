import type { Outbox } from '../../core/clients/outbox.js';

/** The connection whose reading is stopped and started. */
export interface ReadGateHost {
  /** Whether too much of what it sent has no answer. */
  readonly overloaded: boolean;
  readonly outbox: Outbox;
  readonly settings: {
    readonly maxWaiting: number;
    readonly stallTimeout: number;
  };
  stopReading(): void;
  readAgain(): void;
  /** Nothing has moved for the whole time-out. */
  stalled(): void;
}

/**
 * Stops reading a connection while too much of it is unanswered, or while its
 * answers are not read: what a turn queues is exempt from the outbox's bound,
 * and one turn can answer many requests.
 *
 * What was read before still arrives; the bounds are exceeded by so much.
 */
export class ReadGate {
  private timer: NodeJS.Timeout | undefined;
  private draining = false;

  constructor(private readonly host: ReadGateHost) {}

  get closed(): boolean {
    return this.timer !== undefined;
  }

  /** Until requests have been answered. */
  close(): void {
    if (this.closed) return;
    this.host.stopReading();
    this.awaitProgress(this.host.outbox.bytes);
  }

  /** Until what waits has been handed over. */
  closeForOutput(): void {
    if (this.closed) return;
    this.close();
    this.tryOpen();
  }

  /** Reads again, once there is room for what may come. */
  tryOpen(): void {
    const { host } = this;
    if (!this.closed || host.overloaded) return;
    if (host.outbox.bytes <= host.settings.maxWaiting) {
      this.open();
    } else if (!this.draining) {
      // Asked for when all that waits now has been handed over.
      this.draining = true;
      host.outbox.pull(() => {
        this.draining = false;
        this.tryOpen();
        return undefined;
      });
    }
  }

  /** Reads again, whatever waits. */
  open(): void {
    if (!this.closed) return;
    this.dispose();
    this.host.readAgain();
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** Gives up on who neither gets answers nor reads them. */
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
