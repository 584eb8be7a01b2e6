import type { Client } from './client.js';

/** Milliseconds between two lots of closings. */
const LOT = 100;
/** Milliseconds that a connection may wait for answers to what it asked. */
const PATIENCE = 5000;

/**
 * Closes connections whose page would show what is no longer so, and has no
 * other word for it. They come back at once, all of them, and fetch: so only so
 * many leave in a second.
 */
export class Departures {
  /** Each with the moment until which it may wait for its answers. */
  private readonly leaving = new Map<Client, number>();
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
    const until = performance.now() + PATIENCE;
    if (!this.leaving.has(client)) this.leaving.set(client, until);
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
    for (const [client, until] of this.leaving) {
      if (this.allowance === 0) break;
      // The command that changed its identity is still to be answered.
      const isAsking = client.connected && client.pending > 0;
      if (isAsking && performance.now() < until) continue;
      this.leaving.delete(client);
      if (!client.connected) continue;
      this.allowance--;
      client.closeFor('changesLost');
    }
    if (this.allowance < this.lot || this.leaving.size > 0) {
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
