import type { Outbox } from '../../core/outbox.js';

/** The connection whose reading is stopped and started. */
export interface ReadGateHost {
  /** Requests and held-back messages without an answer. */
  readonly unanswered: number;
  readonly outbox: Outbox;
  readonly settings: {
    readonly maxUnanswered: number;
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
    const { host } = this;
    const handedOver = (): undefined => {
      if (host.outbox.bytes > host.settings.maxWaiting) {
        host.outbox.pull(handedOver);
      } else {
        this.tryOpen();
      }
    };
    host.outbox.pull(handedOver);
  }

  /** Reads again, if there is room for what may come. */
  tryOpen(): void {
    const { unanswered, outbox, settings } = this.host;
    if (
      unanswered < settings.maxUnanswered &&
      outbox.bytes <= settings.maxWaiting
    ) {
      this.open();
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
      const { unanswered, outbox } = this.host;
      if (unanswered < settings.maxUnanswered && outbox.bytes < waiting) {
        this.awaitProgress(outbox.bytes);
      } else {
        this.host.stalled();
      }
    }, settings.stallTimeout);
    this.timer.unref();
  }
}
