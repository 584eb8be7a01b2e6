import { encodeJson } from '../../../protocol/envelope.js';
import type { JsonValue } from '../../../protocol/json.js';
import type { Delta } from '../../../protocol/delta.js';
import { RecentTexts } from './recent-texts.js';

/** Of each kind of text: a few thousand deltas, whatever the log keeps. */
const KEPT = 2 * 1024 * 1024;

/**
 * The JSON texts of deltas, made once for all to whom they go: of one delta of
 * the log there are at most three, as an update, an insert and a delete. They are
 * kept for those who come back together, and not for as long as the log keeps the
 * delta: its bound does not count them.
 */
export class DeltaTexts {
  private readonly full = new RecentTexts<Delta>(KEPT);
  private readonly plain = new RecentTexts<Delta>(KEPT);

  /** As resumable subscriptions get it. */
  withVersion(delta: Delta): string {
    return remembered(this.full, delta, delta);
  }

  /** As the original's clients get it: nothing that they did not ask for. */
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
 * The messages of one entry to resumable subscriptions. They differ in the token
 * alone where the deltas are the same, as they are for subscriptions to the same
 * row.
 */
export class EntryTexts {
  private readonly opening: string;
  private readonly ending: string;
  private deltas = '';
  private rest = '';

  /** @param prefix The beginning of an envelope of the service. */
  constructor(
    prefix: string,
    readonly position: JsonValue,
  ) {
    this.opening = `${prefix}{"type":"deltas","subscription":"`;
    this.ending = `],"position":${encodeJson(position)}}}`;
  }

  /** UTF-16 units of it. */
  get size(): number {
    return this.opening.length + this.ending.length + this.rest.length;
  }

  /**
   * @param token Is written as it is: JSON has nothing to escape in a token.
   * @param deltas JSON texts with commas between.
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
 * The same of entries that were missed: when all come back at once, each is sent
 * to all of them, but to one client after the other.
 */
export class ReplayedEntries {
  private readonly known = new Map<readonly Delta[], EntryTexts>();
  private units = 0;

  constructor(private readonly limit = KEPT) {}

  /** UTF-16 units that are kept. */
  get size(): number {
    return this.units;
  }

  /**
   * The message of an entry to one subscription.
   *
   * @param all What the entry has.
   * @param heard What of it the subscription hears: JSON texts with commas between.
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
    // A broker may give one list for two entries that say the same.
    if (known?.position === position) return known;
    if (known !== undefined) this.units -= known.size;
    const texts = new EntryTexts(prefix, position);
    this.units += texts.size;
    this.known.set(all, texts);
    return texts;
  }
}
