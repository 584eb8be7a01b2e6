import type {
  Retention,
  TopicEntry,
  TopicLog,
} from '../../broker/ports/log.js';
import { CloseCode } from '../../protocol/close-codes.js';
import {
  canonicalKey,
  type JsonObject,
  type JsonValue,
} from '../../protocol/json.js';
import type { MaybePromise } from '../../protocol/maybe-promise.js';
import type { IdentityInput } from '../../protocol/snorky-types.js';
import { RecentClosings } from './recent-closings.js';
import { afterPart } from '../after-part.js';
import type { Client } from '../clients/client.js';
import { checkClosing, cutReason } from '../clients/closing.js';
import { Departures } from '../clients/departures.js';
import type { Failure } from '../observation/failure.js';
import type { Counters } from '../observation/counters.js';
import { frozenJson } from '../json/frozen-json.js';
import type { RateLimitedLog } from '../log/log.js';
import { whenReady } from '../promise-like.js';
import { ofVersion } from '../versioned.js';

/** What can be done to clients on all nodes that share a broker. */
export interface EveryNode {
  /**
   * Closes all connections of an identity, on all nodes. No closing is lost,
   * and a client that is being let in at that moment does not escape it. Live
   * subscriptions with tokens of the identity, and tokens that wait, are taken
   * back as by `DataSyncService.revoke()`.
   *
   * Take the right away first: clients that come back are decided about anew.
   *
   * Settles when the connections of this node are closing; the other nodes
   * follow. If it rejects, all of it or a part may have been done: call it
   * again.
   *
   * @param code 1000, or 4200-4999 for the application's own. Connectors come
   *   back after 1000, as after every code that they do not know; see
   *   `CloseCode`.
   * @param reason At most 123 bytes of UTF-8; longer ones are cut.
   * @example Logging a user out on all devices
   * await registry.everywhere.close(user.id, 4200, 'Logged out');
   * @throws TypeError for nobody (`null`), or a reason that is no text;
   *   RangeError for another code; NotJsonError for a value that no identity
   *   can have.
   */
  close(
    identity: IdentityInput,
    code?: number,
    reason?: string,
  ): MaybePromise<void>;
}

/** What closing needs of the registry. */
export interface EverywhereHost {
  readonly name: string;
  readonly counters: Counters;
  readonly log: RateLimitedLog;
  clients(): Iterable<Client>;
  clientsOf(identity: IdentityInput): Iterable<Client>;
  /** Takes back, on all nodes, what services have given to an identity. */
  takeBack(identity: JsonValue): MaybePromise<void>;
  failed(failure: Failure, error: unknown, line: () => string): void;
}

/**
 * What the log of closings keeps. A node that was cut off for longer has lost
 * closings.
 */
export const CLOSINGS: Retention = {
  entries: 10_000,
  size: 4 * 1024 * 1024,
  age: 3_600_000,
};

/** Connections closed in a second at most, after closings were lost. */
const CLOSES_PER_SECOND = 200;

/**
 * The refusal of a client whose identity may have been closed while it was
 * being decided about.
 */
export const TRY_AGAIN = 'Try again';

/** The version of the log's entries, see `versioned`. */
const VERSION = 1;

/**
 * Closes connections on all nodes, by a log that all of them read. Guards that
 * let a client in, and commands that log it in, may have decided before the
 * application took the right away. So a client is not let in, or is closed,
 * when its identity was closed after that decision began.
 */
export class Everywhere implements EveryNode {
  private readonly recent = new RecentClosings();
  private readonly departures = new Departures(CLOSES_PER_SECOND);
  /** Undefined while there are no other nodes. */
  private log: TopicLog | undefined;

  constructor(private readonly host: EverywhereHost) {}

  /**
   * Reads the log from now on. Settles when this node hears of every closing.
   */
  join(log: TopicLog): MaybePromise<void> {
    const subscribed = log.subscribe((entry) => this.read(entry), {
      onGap: () => this.gap(),
    });
    return whenReady(subscribed, () => {
      this.log = log;
    });
  }

  close(
    identity: IdentityInput,
    code: number = CloseCode.normal,
    reason = '',
  ): MaybePromise<void> {
    checkClosing(code, reason);
    if (code !== CloseCode.normal && (code < 4200 || code > 4999)) {
      throw new RangeError(
        `${code} is no code of an application's: use 1000, or 4200 to 4999.`,
      );
    }
    const who = frozenJson(identity ?? null, 'identity');
    if (who === null) {
      throw new TypeError(
        'Nobody can be closed by the identity null: it is that of all who have none.',
      );
    }
    const entry = {
      v: VERSION,
      identity: who,
      code,
      reason: cutReason(reason),
    };
    // The connections come first: without a connection, no page hears why its
    // subscription ends.
    return whenReady(this.append(entry), () =>
      afterPart(() => this.host.takeBack(who)),
    );
  }

  /**
   * A mark, to be taken before the application begins to decide about a client.
   */
  mark(): number {
    return this.recent.mark();
  }

  /**
   * Whether an identity was closed after a mark, or may have been.
   *
   * @param mark Taken before anything was decided about a client with the
   *   identity.
   */
  mayHaveClosed(identity: JsonValue, mark: number): boolean {
    return (
      identity !== null && this.recent.mayHave(canonicalKey(identity), mark)
    );
  }

  /**
   * A command has given a client an identity.
   *
   * @param client Its oldest request may decide by what was true when it
   *   arrived.
   */
  identified(client: Client, identity: JsonValue): void {
    if (!this.mayHaveClosed(identity, client.mark)) return;
    // The client comes back, and logs in again if it still may.
    client.close(CloseCode.normal, TRY_AGAIN);
  }

  private append(entry: JsonObject): MaybePromise<void> {
    if (this.log === undefined) this.apply(entry);
    else return whenReady(this.log.publish(entry), () => {});
  }

  private read({ value }: TopicEntry): void {
    const entry = ofVersion(VERSION, value);
    // An entry of another version may be a closing, so it counts as a loss.
    if (entry === undefined || !this.apply(entry)) this.gap();
  }

  /**
   * Closes the clients that an entry names. Answers whether this version
   * understands the entry.
   */
  private apply({ identity, code, reason }: JsonObject): boolean {
    if ((identity ?? null) === null || typeof code !== 'number') return false;
    this.recent.add(canonicalKey(identity as JsonValue));
    for (const client of [...this.host.clientsOf(identity as IdentityInput)]) {
      try {
        client.close(code, typeof reason === 'string' ? reason : '');
      } catch (error) {
        this.host.failed(
          { reason: 'everywhere' },
          error,
          () => 'Could not close a client',
        );
      }
    }
    return true;
  }

  /**
   * Closings were lost, and nobody knows whose. All clients with an identity
   * are closed, a limited number in a second, and are decided about anew when
   * they come back.
   */
  private gap(): void {
    const { host } = this;
    this.recent.lose();
    const known = [...host.clients()].filter(
      ({ identity }) => identity !== null,
    );
    if (known.length === 0) return;
    for (const client of known) this.departures.add(client);
    host.counters.add('gaps');
    host.log.warn('gap:everywhere', () => {
      return `The broker lost who was to be disconnected from registry "${host.name}": all clients with an identity are, and come back.`;
    });
  }
}
