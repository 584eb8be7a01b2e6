import type { JsonObject } from '../../../protocol/json.js';
import type { Dealer } from '../dealers/dealer.js';
import { SimpleDealer } from '../dealers/simple-dealer.js';

/** Knows which fields a row lacks. */
export interface Lacking {
  lacks(field: string): boolean;
  /** Whether the row lacks any field that it should have. */
  lacksAny(): boolean;
}

/**
 * A field that a dealer reads and a row lacks. Without the field, it cannot be
 * known who is subscribed to the row: a missing field compares like one that
 * does not match.
 */
export function lacksForDealers(
  dealers: readonly Dealer<never>[],
  row: JsonObject,
  lacking: Lacking,
): string | undefined {
  for (const dealer of dealers) {
    const fields = fieldsOf(dealer, row);
    if (fields === undefined) {
      if (lacking.lacksAny()) return `fields that ${dealer.name} may look at`;
      continue;
    }
    for (const field of fields) {
      const [first = field] = field.split('.');
      if (!lacking.lacks(first)) continue;
      return `${JSON.stringify(first.slice(0, 50))}, which ${dealer.name} looks at`;
    }
  }
  return undefined;
}

/** The fields that a dealer reads; undefined if it may read any. */
function fieldsOf(
  dealer: Dealer<never>,
  row: JsonObject,
): Iterable<string> | undefined {
  if (dealer.fields !== undefined) return dealer.fields;
  return dealer instanceof SimpleDealer
    ? fieldsRead(row, (seen) => void dealer.getKeyForModel(seen as never))
    : undefined;
}

/**
 * The fields of a row that a function reads; undefined if it reads all of them.
 */
function fieldsRead(
  row: JsonObject,
  read: (row: JsonObject) => void,
): Iterable<string> | undefined {
  const names = new Set<string>();
  let all = false;
  const note = (name: string | symbol): void => {
    // Methods that every object has are no fields.
    if (typeof name === 'string' && !(name in Object.prototype))
      names.add(name);
  };
  const watched = new Proxy(row, {
    get(target, name, receiver) {
      note(name);
      return Reflect.get(target, name, receiver) as unknown;
    },
    has(target, name) {
      note(name);
      return Reflect.has(target, name);
    },
    getOwnPropertyDescriptor(target, name) {
      note(name);
      return Reflect.getOwnPropertyDescriptor(target, name);
    },
    ownKeys(target) {
      all = true;
      return Reflect.ownKeys(target);
    },
  });
  try {
    read(watched);
  } catch {
    // It may have thrown because a field is missing. That field is among those
    // it has read.
  }
  return all ? undefined : names;
}
