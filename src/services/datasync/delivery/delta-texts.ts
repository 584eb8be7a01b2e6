import { encodeJson } from '../../../protocol/envelope.js';
import type { JsonValue } from '../../../protocol/json.js';
import type { Delta } from '../../../protocol/delta.js';
import { RecentTexts } from './recent-texts.js';

/**
 * The bound for each kind of text, in UTF-16 units: a few thousand deltas,
 * whatever the log keeps.
 */
const KEPT = 2 * 1024 * 1024;

/**
 * The JSON texts of deltas, each made once for all who get it. One delta of the
 * log has at most three: as an update, an insert and a delete. They are kept
 * for clients that come back together. They are not kept for as long as the log
 * keeps the delta, since the log's bound does not count them.
 */
export class DeltaTexts {
  private readonly full = new RecentTexts<Delta>(KEPT);
  private readonly plain = new RecentTexts<Delta>(KEPT);

  /** The text for resumable subscriptions. */
  withVersion(delta: Delta): string {
    return remembered(this.full, delta, delta);
  }

  /** The text for the original's clients: nothing that they did not ask for. */
  withoutVersion(delta: Delta): string {
    if (delta.version === undefined) return this.withVersion(delta);
    const known = this.plain.get(delta);
    if (known !== undefined) return known;
    const { version: _, ...rest } = delta;
    return remembered(this.plain, delta, rest);
  }
}

function remembered(
  texts: RecentTexts<Delta>,
  delta: Delta,
  value: object,
): string {
  let text = texts.get(delta);
  if (text === undefined) {
    text = encodeJson(value);
    texts.add(delta, text);
  }
  return text;
}

/**
 * The messages of one entry to resumable subscriptions. Messages with the same
 * deltas differ only in the token, for example those of subscriptions to the
 * same row.
 */
export class EntryTexts {
  private readonly opening: string;
  private readonly ending: string;
  private deltas = '';
  private rest = '';

  /** @param prefix The beginning of the service's envelopes. */
  constructor(
    prefix: string,
    readonly position: JsonValue,
  ) {
    this.opening = `${prefix}{"type":"deltas","subscription":"`;
    this.ending = `],"position":${encodeJson(position)}}}`;
  }

  /** The length of the texts, in UTF-16 units. */
  get size(): number {
    return this.opening.length + this.ending.length + this.rest.length;
  }

  /**
   * @param token Written as it is: a token has nothing that JSON escapes.
   * @param deltas JSON texts with commas between them.
   */
  of(token: string, deltas: string): string {
    if (deltas !== this.deltas) {
      this.deltas = deltas;
      this.rest = `","deltas":[${deltas}${this.ending}`;
    }
    return `${this.opening}${token}${this.rest}`;
  }
}

/**
 * The messages of entries that were missed. When all clients come back at once,
 * each entry is sent to all of them, but to one client after the other.
 */
export class ReplayedEntries {
  private readonly known = new Map<readonly Delta[], EntryTexts>();
  private units = 0;

  constructor(private readonly limit = KEPT) {}

  /** The length of the kept texts, in UTF-16 units. */
  get size(): number {
    return this.units;
  }

  /**
   * The message of an entry to one subscription.
   *
   * @param all All deltas of the entry.
   * @param heard The deltas that the subscription hears of: JSON texts with
   *   commas between them.
   */
  message(
    all: readonly Delta[],
    position: JsonValue,
    prefix: string,
    token: string,
    heard: string,
  ): string {
    const texts = this.of(all, position, prefix);
    const before = texts.size;
    const message = texts.of(token, heard);
    this.units += texts.size - before;
    if (this.units > this.limit) this.shrink();
    return message;
  }

  private shrink(): void {
    for (const [oldest, { size }] of this.known) {
      this.known.delete(oldest);
      this.units -= size;
      if (this.units <= this.limit) return;
    }
  }

  private of(
    all: readonly Delta[],
    position: JsonValue,
    prefix: string,
  ): EntryTexts {
    const known = this.known.get(all);
    // A broker may use one list for two entries with equal values.
    if (known?.position === position) return known;
    if (known !== undefined) this.units -= known.size;
    const texts = new EntryTexts(prefix, position);
    this.units += texts.size;
    this.known.set(all, texts);
    return texts;
  }
}
