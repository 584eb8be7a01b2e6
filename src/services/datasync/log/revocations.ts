import type {
  Position,
  TopicEntry,
  TopicLog,
} from '../../../broker/ports/log.js';
import type { Topics } from '../../../broker/ports/topics.js';
import type { MaybePromise } from '../../../protocol/maybe-promise.js';
import type { Revocation, RevocationTerms } from '../tokens/revocation.js';
import { readRevocationEntry, revocationEntry } from './log-entry.js';
import { LogReader } from './log-reader.js';

/** Hears of each entry of the log of revocations. */
export interface RevocationListener {
  /** @param at The position of the entry. */
  revoked(revocation: Revocation, at: Position): void;
  /** An entry has arrived that this version cannot read. */
  unreadable(): void;
  /**
   * Entries were lost: a subscription may be live that was to be taken back.
   */
  gap(): void;
  /** The log no longer reaches back to where a token was last checked. */
  uncovered(): void;
}

/**
 * The log of revocations. It is read as it grows, and again when a client comes
 * with a token.
 */
export class Revocations {
  readonly reader: LogReader;
  private last: Position | undefined;

  constructor(
    log: TopicLog,
    compare: Topics['compare'],
    private readonly listener: RevocationListener,
  ) {
    this.reader = new LogReader(
      log,
      compare,
      (entry) => this.read(entry),
      () => {
        this.last = undefined;
        listener.gap();
      },
    );
  }

  /** The position up to which all subscriptions of this node were checked. */
  get heard(): Position | undefined {
    return this.last;
  }

  append(terms: RevocationTerms): MaybePromise<Position> {
    return this.reader.append(revocationEntry(terms));
  }

  uncovered(): void {
    this.listener.uncovered();
  }

  private read(entry: TopicEntry): void {
    const { position } = entry;
    const revocation = readRevocationEntry(entry);
    if (revocation === undefined) this.listener.unreadable();
    else this.listener.revoked(revocation, position);
    // Set only when all subscriptions were checked: one that ends meanwhile
    // records the earlier position.
    this.last = position;
  }
}
