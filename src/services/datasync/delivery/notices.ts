import type { Client } from '../../../core/clients/client.js';
import { encodeJson } from '../../../protocol/envelope.js';
import type { Departures } from '../../../core/clients/departures.js';
import type { Notice } from '../life/effects.js';

/** Causes that end many subscriptions at a time. */
type Ending = 'revoked' | 'refetch' | 'identity';

/**
 * The shortest and the longest time over which fetches are spread, in
 * milliseconds.
 */
const SHORTEST = 250;
const LONGEST = 30_000;

/**
 * Tells clients how their subscriptions ended, if they asked for that. If many
 * of them end at once, each client gets one message. A client that did not ask
 * is closed if its page would otherwise believe that it is still live.
 */
export class Notices {
  private readonly endings: Record<Ending, Map<Client, string[]>> = {
    revoked: new Map(),
    refetch: new Map(),
    identity: new Map(),
  };
  private pending = false;

  /**
   * @param fetchesPerSecond How many clients are told per second to fetch, as
   *   far as the longest spread allows.
   */
  constructor(
    private readonly send: (client: Client, text: string) => void,
    private readonly departures: Departures,
    private readonly fetchesPerSecond: number,
    private readonly random: () => number = Math.random,
  ) {}

  /**
   * Notes that a subscription has ended. The client is told by the next
   * `flush`, or at the end of the turn, together with its other endings.
   */
  tell(client: Client, what: Notice, token: string): void {
    if (!client.connected) return;
    switch (what) {
      case 'taken':
      case 'mismatch': {
        const feature = what === 'taken' ? 'taken' : 'identity';
        if (!client.has(feature)) return;
        const text = `{"type":"${what}","subscription":${encodeJson(token)}}`;
        this.send(client, text);
        break;
      }
      case 'revoked':
      case 'refetch':
      case 'identity':
        this.collect(client, what, token);
        break;
    }
  }

  /**
   * Notes that the client has another identity: it is told so even if no
   * subscription has ended.
   */
  identityChanged(client: Client): void {
    const { identity } = this.endings;
    if (client.has('identity') && !identity.has(client)) {
      identity.set(client, []);
    }
  }

  flush(): void {
    this.pending = false;
    const { revoked, refetch, identity } = this.endings;
    for (const [client, tokens] of revoked) {
      this.end(client, 'revoked', tokens, '');
    }
    for (const [client, tokens] of identity) {
      this.end(client, 'identity', tokens, '');
    }
    let fetches = 0;
    for (const tokens of refetch.values()) fetches += tokens.length;
    const spread = Math.min(
      Math.max((1000 * fetches) / this.fetchesPerSecond, SHORTEST),
      LONGEST,
    );
    for (const [client, tokens] of refetch) {
      const delay = Math.round(this.random() * spread);
      this.end(client, 'refetch', tokens, `,"delay":${delay}`);
    }
    for (const clients of [revoked, identity, refetch]) clients.clear();
  }

  private collect(client: Client, what: Ending, token: string): void {
    const tokens = this.endings[what].get(client);
    if (tokens === undefined) this.endings[what].set(client, [token]);
    else tokens.push(token);
    if (this.pending) return;
    this.pending = true;
    queueMicrotask(() => this.flush());
  }

  private end(
    client: Client,
    what: Ending,
    tokens: readonly string[],
    more: string,
  ): void {
    if (client.has(what)) {
      this.send(
        client,
        `{"type":"${what}","subscriptions":${encodeJson(tokens)}${more}}`,
      );
    } else {
      this.departures.add(client);
    }
  }
}
