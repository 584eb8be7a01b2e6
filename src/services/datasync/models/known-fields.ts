import { isJsonObject, type JsonValue } from '../../../protocol/json.js';

/** Names that are remembered of one model; rows with more are dictionaries. */
const MOST = 1000;
/** Characters of a name that is remembered. */
export const LONGEST_FIELD = 200;

/**
 * The fields of a model, as whole rows have shown them: what was inserted, and
 * what updates made of rows. Only a field that all of them had can be missing
 * later; one that was left out once may be left out again.
 */
export class KnownFields {
  /** By name, whether every row had it. */
  private readonly names = new Map<string, boolean>();
  /** The fields of the row before: the next one is mostly of the same make. */
  private last: readonly string[] = [];
  private tooMany = false;

  /** Whether no row has been seen. */
  get none(): boolean {
    return this.names.size === 0;
  }

  /** All names, unless there are too many to know them. */
  get all(): Iterable<string> | undefined {
    return this.tooMany ? undefined : this.names.keys();
  }

  /** Whether a row may have a field of that name. */
  mayBe(name: string): boolean {
    return this.tooMany || this.names.has(name);
  }

  isInAll(name: string): boolean {
    return this.names.get(name) === true;
  }

  /** Whether a row lacks what all rows have. */
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
