import { encodeJson } from '../../../protocol/envelope.js';
import type { JsonValue } from '../../../protocol/json.js';
import type { Delta } from '../../../protocol/delta.js';

/**
 * The JSON texts of deltas, made once for all to whom they go: of one delta of
 * the log there are at most three, as an update, an insert and a delete.
 */
export class DeltaTexts {
  private readonly full = new WeakMap<Delta, string>();
  private readonly plain = new WeakMap<Delta, string>();

  /** As resumable subscriptions get it. */
  withVersion(delta: Delta): string {
    return remembered(this.full, delta, delta);
  }

  /** As the original's clients get it: nothing that they did not ask for. */
  withoutVersion(delta: Delta): string {
    if (delta.version === undefined) return this.withVersion(delta);
    const { version: _, ...rest } = delta;
    return remembered(this.plain, delta, rest);
  }
}

function remembered(
  texts: WeakMap<Delta, string>,
  delta: Delta,
  value: object,
): string {
  let text = texts.get(delta);
  if (text === undefined) {
    text = encodeJson(value);
    texts.set(delta, text);
  }
  return text;
}

/**
 * The messages of one entry to resumable subscriptions. They differ in the token
 * alone where the deltas are the same, which those of one row are.
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
 * to all of them, but to one client after the other. They are kept for as long as
 * the log keeps the entry.
 */
export class ReplayedEntries {
  private readonly known = new WeakMap<readonly Delta[], EntryTexts>();

  of(
    deltas: readonly Delta[],
    position: JsonValue,
    prefix: string,
  ): EntryTexts {
    const known = this.known.get(deltas);
    // A broker may give one list for two entries that say the same.
    if (known?.position === position) return known;
    const texts = new EntryTexts(prefix, position);
    this.known.set(deltas, texts);
    return texts;
  }
}
