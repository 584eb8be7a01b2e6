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

/** The listener to the log of revocations. */
export interface RevocationListener {
  /** @param at Where the log says so. */
  revoked(revocation: Revocation, at: Position): void;
  /** An entry has come that this version cannot read. */
  unreadable(): void;
  /** Somebody who was to lose a subscription may have it still. */
  gap(): void;
  /** It no longer reaches back to where a subscription was last looked at. */
  uncovered(): void;
}

/** The log of revocations: read as it grows, and again when a client comes. */
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

  /** The place up to which every subscription of this node has heard of it. */
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
    // After all have been told: a token that is let go meanwhile was not.
    this.last = position;
  }
}
