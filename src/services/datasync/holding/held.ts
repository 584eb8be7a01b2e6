import type { Client } from '../../../core/clients/client.js';
import type { Holding } from './holding.js';

const NONE: ReadonlySet<Holding> = new Set();

/**
 * The tokens that clients of this node hold or claim. One token may have
 * several claims for a moment; the latest one comes first.
 */
export class HeldSubscriptions {
  private readonly byToken = new Map<string, Holding>();
  private readonly byClient = new Map<Client, Set<Holding>>();

  /** @param changed Called with 1 or -1 when there is a token more or less. */
  constructor(private readonly changed: (by: 1 | -1) => void) {}

  /** The latest claim of a token. Its `older` is the claim before. */
  get(token: string): Holding | undefined {
    return this.byToken.get(token);
  }

  /** All claims, the latest one of each token first. */
  *[Symbol.iterator](): IterableIterator<Holding> {
    for (const latest of this.byToken.values()) {
      let holding: Holding | undefined = latest;
      while (holding !== undefined) {
        yield holding;
        holding = holding.older;
      }
    }
  }

  of(client: Client): ReadonlySet<Holding> {
    return this.byClient.get(client) ?? NONE;
  }

  /** The claim of one client on a token. */
  find(token: string, client: Client): Holding | undefined {
    let holding = this.byToken.get(token);
    while (holding !== undefined && holding.client !== client) {
      holding = holding.older;
    }
    return holding;
  }

  add(holding: Holding): void {
    holding.older = this.byToken.get(holding.token);
    this.byToken.set(holding.token, holding);
    if (holding.older === undefined) this.changed(1);
    const mine = this.byClient.get(holding.client);
    if (mine === undefined) {
      this.byClient.set(holding.client, new Set([holding]));
    } else {
      mine.add(holding);
    }
  }

  delete(holding: Holding): void {
    const { token, client } = holding;
    const mine = this.byClient.get(client);
    if (mine?.delete(holding) !== true) return;
    if (mine.size === 0) this.byClient.delete(client);
    const latest = this.byToken.get(token);
    if (latest === holding) {
      if (holding.older !== undefined) this.byToken.set(token, holding.older);
      else if (this.byToken.delete(token)) this.changed(-1);
    } else {
      let newer = latest;
      while (newer !== undefined && newer.older !== holding) {
        newer = newer.older;
      }
      if (newer !== undefined) newer.older = holding.older;
    }
    holding.older = undefined;
  }
}
