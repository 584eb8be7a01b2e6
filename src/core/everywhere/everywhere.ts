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

/** What is done to clients wherever they are: on all nodes that share a broker. */
export interface EveryNode {
  /**
   * Closes all connections of an identity, on all nodes. No closing gets lost, and
   * nobody escapes who was being let in at that moment. Live subscriptions with
   * tokens of the identity, and tokens that wait, are taken back as by
   * `DataSyncService.revoke()`.
   *
   * Take the right away first: who comes back is decided about anew.
   *
   * Settles when the connections of this node are closing; those of others follow.
   * If it rejects, it may have been done all the same, or in part: do it again.
   *
   * @param code 1000, or 4200-4999 for the application's own. Connectors come back
   *   after 1000, as after every code that they do not know; see `CloseCode`.
   * @param reason At most 123 bytes of UTF-8; longer ones are cut.
   * @example Logging a user out on all devices
   * await registry.everywhere.close(user.id, 4200, 'Logged out');
   * @throws TypeError for nobody (`null`), or a reason that is no text; RangeError
   *   for another code; NotJsonError for what no identity can be.
   */
  close(
    identity: IdentityInput,
    code?: number,
    reason?: string,
  ): MaybePromise<void>;
}

/** What it needs of the registry whose clients they are. */
export interface EverywhereHost {
  readonly name: string;
  readonly counters: Counters;
  readonly log: RateLimitedLog;
  clients(): Iterable<Client>;
  clientsOf(identity: IdentityInput): Iterable<Client>;
  /** What services have given to an identity is taken back, on all nodes. */
  takeBack(identity: JsonValue): MaybePromise<void>;
  failed(failure: Failure, error: unknown, line: () => string): void;
}

/**
 * What the log of closings remembers: for as long as a node may be cut off and
 * still come to know of each.
 */
export const CLOSINGS: Retention = {
  entries: 10_000,
  size: 4 * 1024 * 1024,
  age: 3_600_000,
};

/** Connections closed in a second at most where closings were lost. */
const CLOSES_PER_SECOND = 200;

/** What somebody is told who may have been closed while being decided about. */
export const TRY_AGAIN = 'Try again';

/** The version of the log's entries, see `versioned`. */
const VERSION = 1;

/**
 * Closes connections on all nodes, by a log that all of them read. Guards that
 * let a client in, and commands that log it in, may have looked before the
 * application took the right away. So a client whose identity was closed since
 * they began is not let in, or is closed.
 */
export class Everywhere implements EveryNode {
  private readonly recent = new RecentClosings();
  private readonly departures = new Departures(CLOSES_PER_SECOND);
  /** Undefined while there are no other nodes. */
  private log: TopicLog | undefined;

  constructor(private readonly host: EverywhereHost) {}

  /** Settles when this node hears of every closing. */
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
    // Closed first: without the connection, nobody is told why a subscription ends.
    return whenReady(this.append(entry), () =>
      afterPart(() => this.host.takeBack(who)),
    );
  }

  /** The mark for a client about whom the application begins to decide now. */
  mark(): number {
    return this.recent.mark();
  }

  /**
   * Whether an identity was closed since then, or may have been.
   *
   * @param mark From before anything was decided about somebody who has it.
   */
  mayHaveClosed(identity: JsonValue, mark: number): boolean {
    return (
      identity !== null && this.recent.mayHave(canonicalKey(identity), mark)
    );
  }

  /**
   * Somebody has an identity now, which a command gave it.
   *
   * @param client What it decides by may be from before its oldest request.
   */
  identified(client: Client, identity: JsonValue): void {
    if (!this.mayHaveClosed(identity, client.mark)) return;
    // As at the door: it comes back, and logs in again if it still may.
    client.close(CloseCode.normal, TRY_AGAIN);
  }

  private append(entry: JsonObject): MaybePromise<void> {
    if (this.log === undefined) this.apply(entry);
    else return whenReady(this.log.publish(entry), () => {});
  }

  private read({ value }: TopicEntry): void {
    const entry = ofVersion(VERSION, value);
    // What another version says may be a closing.
    if (entry === undefined || !this.apply(entry)) this.gap();
  }

  /** Answers whether it is an entry that this version understands. */
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
   * Nobody knows who was to be closed. All who have an identity come back, so many
   * in a second, and are decided about anew.
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
