import { isJsonObject, type JsonValue } from '../../../protocol/json.js';

/** Names of one model that are remembered; rows with more are dictionaries. */
const MOST = 1000;
/** Characters of the longest name that is remembered. */
export const LONGEST_FIELD = 200;

/**
 * The fields of a model, learned from whole rows: inserted ones, and the new
 * rows of updates. A row is incomplete only if it lacks a field that all of
 * them had: a field that was missing once may be missing again.
 */
export class KnownFields {
  /** Whether every row had the field, by its name. */
  private readonly names = new Map<string, boolean>();
  /** The fields of the previous row: the next row mostly has the same. */
  private last: readonly string[] = [];
  private tooMany = false;

  /** Whether no row has been seen yet. */
  get none(): boolean {
    return this.names.size === 0;
  }

  /** All names; undefined if there are too many to know. */
  get all(): Iterable<string> | undefined {
    return this.tooMany ? undefined : this.names.keys();
  }

  /** Whether a row may have a field of this name. */
  mayBe(name: string): boolean {
    return this.tooMany || this.names.has(name);
  }

  isInAll(name: string): boolean {
    return this.names.get(name) === true;
  }

  /** Whether a row lacks a field that all other rows have. */
  isIncomplete(row: object): boolean {
    for (const [name, inAll] of this.names) {
      if (inAll && !Object.hasOwn(row, name)) return true;
    }
    return false;
  }

  learn(row: JsonValue): void {
    if (!isJsonObject(row)) return;
    const keys = Object.keys(row);
    if (isSame(keys, this.last)) return;
    this.last = keys;
    const first = this.none;
    for (const [name, inAll] of this.names) {
      if (inAll && !Object.hasOwn(row, name)) this.names.set(name, false);
    }
    for (const name of keys) {
      if (this.names.has(name)) continue;
      if (this.names.size >= MOST || name.length > LONGEST_FIELD)
        this.tooMany = true;
      else this.names.set(name, first);
    }
  }
}

function isSame(left: readonly string[], right: readonly string[]): boolean {
  if (left.length !== right.length) return false;
  for (let i = 0; i < left.length; i++) {
    if (left[i] !== right[i]) return false;
  }
  return true;
}
