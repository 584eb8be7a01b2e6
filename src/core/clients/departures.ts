import type { Client } from './client.js';

/** Milliseconds between two lots of connections that are closed. */
const LOT = 100;
/** Milliseconds that a connection may wait for the answers to its requests. */
const PATIENCE = 5000;

/**
 * Closes connections whose page shows something that is no longer true, and
 * that cannot be told so in another way. All of them come back at once and
 * fetch. So only a limited number is closed in a second.
 */
export class Departures {
  /** Each client, with the time until which it may wait for its answers. */
  private readonly leaving = new Map<Client, number>();
  private timer: NodeJS.Timeout | undefined;
  /** How many may be closed before the next lot. */
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
      // A command may be running that has changed the identity: its answer
      // comes first.
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

  /** A rate below one in a lot makes the time between two lots longer. */
  private get delay(): number {
    return Math.max(LOT, 1000 / this.perSecond);
  }

  private readonly next = (): void => {
    this.timer = undefined;
    this.allowance = this.lot;
    this.close();
  };
}
