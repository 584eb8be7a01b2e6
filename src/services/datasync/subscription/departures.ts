import type { Client } from '../../../core/client.js';
import { CloseCode } from '../../../protocol/errors.js';

/** Milliseconds between two lots of closings. */
const LOT = 100;

/**
 * Closes connections whose page would show what is no longer so, and has no
 * other word for it. They come back at once, all of them, and fetch: so only so
 * many leave in a second.
 */
export class Departures {
  private readonly leaving = new Set<Client>();
  private timer: NodeJS.Timeout | undefined;
  /** How many may leave before the next lot. */
  private allowance: number;

  /** @param perSecond Connections closed in a second at most. */
  constructor(private readonly perSecond: number) {
    this.allowance = this.lot;
  }

  /** Connections that are still to be closed. */
  get size(): number {
    return this.leaving.size;
  }

  add(client: Client): void {
    this.leaving.add(client);
    this.close();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.leaving.clear();
  }

  private get lot(): number {
    return Math.max(1, Math.round((this.perSecond * LOT) / 1000));
  }

  private close(): void {
    for (const client of this.leaving) {
      if (this.allowance === 0) break;
      this.leaving.delete(client);
      if (!client.connected) continue;
      this.allowance--;
      client.close(CloseCode.changesLost, 'Changes were lost');
    }
    if (this.allowance < this.lot) {
      this.timer ??= setTimeout(this.next, this.delay).unref();
    }
  }

  /** With less than one in a lot, the lots are further apart. */
  private get delay(): number {
    return Math.max(LOT, 1000 / this.perSecond);
  }

  private readonly next = (): void => {
    this.timer = undefined;
    this.allowance = this.lot;
    this.close();
  };
}
