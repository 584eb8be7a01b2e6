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

/** Hears of each entry of the log of changes, once and in order. */
export interface ChangeListener {
  /**
   * An entry has arrived. @param measure Its size, computed when it is called.
   */
  begins(measure: () => number): void;
  /** @param isOwn Whether this node is publishing it now. */
  deltas(deltas: readonly Delta[], position: Position, isOwn: boolean): void;
  invalidated(models: ReadonlySet<string>, position: Position): void;
  /** @param at The revocation's position in the log of revocations. */
  revoked(revocation: Revocation, at: Position): void;
  /** An entry has arrived that this version cannot read. */
  unreadable(): void;
  /** All subscriptions that the entry concerns have heard of it. */
  ends(position: Position, measure: () => number): void;
  /**
   * Entries were lost. Subscriptions may have missed some for ever, so nothing
   * later may be sent to them.
   */
  gap(): void;
  /** The log no longer reaches back to where a subscription was to go on. */
  uncovered(): void;
}

/**
 * The log of changes. It is read as it grows, and again for those who missed
 * entries.
 */
export class Changes {
  readonly reader: LogReader;
  /** The deltas that this node is publishing now. */
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

  /** @param at The revocation's position in the log of revocations. */
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

/** The size of an entry, computed at the first call. */
function measureOnce({ value }: TopicEntry): () => number {
  let size: number | undefined;
  return () => (size ??= encodeJson(value).length);
}
