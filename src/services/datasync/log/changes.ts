import type {
  Position,
  TopicEntry,
  TopicLog,
} from '../../../broker/ports/log.js';
import type { Topics } from '../../../broker/ports/topics.js';
import type { Delta } from '../../../protocol/delta.js';
import { encodeJson } from '../../../protocol/envelope.js';
import type { MaybePromise } from '../../../protocol/maybe-promise.js';
import type { Revocation, RevocationTerms } from '../tokens/revocation.js';
import {
  deltasEntry,
  invalidateEntry,
  readEntry,
  revokeEntry,
} from './log-entry.js';
import { LogReader } from './log-reader.js';

/**
 * The listener to the log of changes: it hears of each entry once, in order.
 */
export interface ChangeListener {
  /** An entry has come. @param measure Its size, made when it is asked for. */
  begins(measure: () => number): void;
  /** @param isOwn Whether this node is publishing it now. */
  deltas(deltas: readonly Delta[], position: Position, isOwn: boolean): void;
  invalidated(models: ReadonlySet<string>, position: Position): void;
  /** @param at Where the log of revocations says so. */
  revoked(revocation: Revocation, at: Position): void;
  /** An entry has come that this version cannot read. */
  unreadable(): void;
  /** All subscriptions that the entry concerns have heard of it. */
  ends(position: Position, measure: () => number): void;
  /**
   * Entries were lost: what subscriptions were told until now may lack something
   * for ever, so that nothing after it may be told to them.
   */
  gap(): void;
  /** It no longer reaches back to where a subscription was to go on. */
  uncovered(): void;
}

/** The log of changes: read now, and again for those who missed some. */
export class Changes {
  readonly reader: LogReader;
  /** What this node is publishing. */
  private publishing: readonly Delta[] | undefined;

  constructor(
    log: TopicLog,
    compare: Topics['compare'],
    private readonly listener: ChangeListener,
  ) {
    this.reader = new LogReader(
      log,
      compare,
      (entry) => this.read(entry),
      () => listener.gap(),
    );
  }

  publish(deltas: readonly Delta[]): MaybePromise<Position> {
    this.publishing = deltas;
    try {
      return this.reader.append(deltasEntry(deltas));
    } finally {
      this.publishing = undefined;
    }
  }

  invalidate(models: readonly string[]): MaybePromise<Position> {
    return this.reader.append(invalidateEntry(models));
  }

  /** @param at Where the log of revocations says so. */
  revoke(terms: RevocationTerms, at: Position): MaybePromise<Position> {
    return this.reader.append(revokeEntry(terms, at));
  }

  uncovered(): void {
    this.listener.uncovered();
  }

  private read(entry: TopicEntry): void {
    const { listener } = this;
    const measure = measureOnce(entry);
    listener.begins(measure);
    this.tell(entry);
    listener.ends(entry.position, measure);
  }

  private tell(entry: TopicEntry): void {
    const { listener } = this;
    const { position } = entry;
    const said = readEntry(entry);
    switch (said.kind) {
      case 'deltas': {
        const { deltas } = said;
        listener.deltas(deltas, position, deltas === this.publishing);
        break;
      }
      case 'invalidate':
        listener.invalidated(new Set(said.models), position);
        break;
      case 'revoke':
        listener.revoked(said.revocation, said.at);
        break;
      case 'unreadable':
        listener.unreadable();
        break;
    }
  }
}

/** The size of an entry, made when it is first asked for. */
function measureOnce({ value }: TopicEntry): () => number {
  let size: number | undefined;
  return () => (size ??= encodeJson(value).length);
}
