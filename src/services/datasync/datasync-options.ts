import type { Retention } from '../../broker/ports/log.js';
import type { ModelsOptions } from './models/model-options.js';
import { checkMembers } from './requests/option-members.js';

/** @internal */
export const DATASYNC_SETTINGS = Symbol('snorky:datasync-settings');
/** @internal */
export const DATASYNC_DEALERS = Symbol('snorky:datasync-dealers');
/** @internal */
export const DATASYNC_MODELS = Symbol('snorky:datasync-models');

/** What a DataSync service keeps and allows. */
export interface DataSyncOptions {
  /**
   * Which fields identify the rows of a model, and how rows leave the server.
   * @default nothing: rows leave by the rules of their own classes, and a
   * change that no page could apply is published as it came
   */
  readonly models?: ModelsOptions;
  /**
   * Milliseconds that a token waits for its client, both for the first time and
   * after a connection has ended.
   * @default 120_000
   */
  readonly tokenTimeout?: number;
  /**
   * How far back the log of deltas reaches. A client that is away for longer
   * has to fetch again. Entries are dropped as soon as one of the bounds is
   * reached.
   * @default 100,000 entries, 64 Mi UTF-16 units of JSON, twice `tokenTimeout`:
   * enough for the token time-out at 500 deltas of 500 bytes a second
   */
  readonly log?: Partial<Retention>;
  /**
   * How far back the log of revocations reaches. It is read when a client comes
   * with a token. A client has to fetch again if its token is older than the
   * log reaches. Entries are dropped as soon as one of the bounds is reached.
   * @default 100,000 entries, 16 Mi UTF-16 units of JSON, a day
   */
  readonly revocations?: Partial<Retention>;
  /**
   * How many tokens may wait for their clients at once, for the first time or
   * to come back. Each node counts its own tokens. A node with more authorizes
   * nothing.
   * @default 100_000
   */
  readonly maxTokens?: number;
  /** Items of one authorization at most. @default 1000 */
  readonly maxItems?: number;
  /** Subscriptions that one connection may hold. @default 1000 */
  readonly maxSubscriptions?: number;
  /**
   * How many clients are told per second to fetch again, when rows have changed
   * in a way that deltas cannot express. Fetches are spread over 30 seconds at
   * most, so the rate is higher when more than thirty times as many clients are
   * concerned. @default 500
   */
  readonly fetchesPerSecond?: number;
  /**
   * Connections closed per second at most, with 4003. A connection is closed
   * when its page shows something that is no longer true and the page cannot be
   * told so. @default 200
   */
  readonly closesPerSecond?: number;
}

const RETENTION = ['entries', 'size', 'age'];

/** The options with their defaults filled in. */
export interface DataSyncSettings {
  readonly tokenTimeout: number;
  readonly log: Retention;
  readonly revocations: Retention;
  readonly maxTokens: number;
  readonly maxItems: number;
  readonly maxSubscriptions: number;
  readonly fetchesPerSecond: number;
  readonly closesPerSecond: number;
}

/** @throws TypeError naming the option that makes no sense. */
export function dataSyncSettings(options: DataSyncOptions): DataSyncSettings {
  for (const name of ['log', 'revocations'] as const) {
    const given = options[name];
    // A misspelt bound would not bound anything.
    if (given !== undefined) {
      checkMembers(given, RETENTION, `The DataSync option "${name}"`);
    }
  }
  const tokenTimeout = options.tokenTimeout ?? 120_000;
  const settings = {
    tokenTimeout,
    log: {
      entries: options.log?.entries ?? 100_000,
      size: options.log?.size ?? 64 * 1024 * 1024,
      age: options.log?.age ?? 2 * tokenTimeout,
    },
    revocations: {
      entries: options.revocations?.entries ?? 100_000,
      size: options.revocations?.size ?? 16 * 1024 * 1024,
      age: options.revocations?.age ?? 86_400_000,
    },
    maxTokens: options.maxTokens ?? 100_000,
    maxItems: options.maxItems ?? 1000,
    maxSubscriptions: options.maxSubscriptions ?? 1000,
    fetchesPerSecond: options.fetchesPerSecond ?? 500,
    closesPerSecond: options.closesPerSecond ?? 200,
  };
  const { log, revocations, ...plain } = settings;
  const all = [
    ...Object.entries({ ...plain, ...log }),
    ...Object.entries(revocations).map(
      ([name, value]) => [`revocations.${name}`, value] as const,
    ),
  ];
  for (const [name, value] of all) {
    if (typeof value !== 'number' || !(value >= 1)) {
      throw new TypeError(
        `The DataSync option "${name}" must be a number from 1 up, not ` +
          `${String(value)}.`,
      );
    }
  }
  return settings;
}
