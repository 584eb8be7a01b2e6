import type { Position, TopicEntry } from '../../broker/ports.js';
import { freezeJson } from '../../core/json/frozen-json.js';
import { isJsonObject, type JsonValue } from '../../protocol/json.js';
import type { Delta } from './delta.js';
import {
  readRevocation,
  type Revocation,
  type RevocationTerms,
} from './subscription/revocation.js';

/** What an entry of a DataSync service's log says. */
export type LogEntry =
  /** Rows have changed, and how. */
  | { readonly kind: 'deltas'; readonly deltas: readonly Delta[] }
  /** Rows of these models have changed in ways that nobody can say. */
  | { readonly kind: 'invalidate'; readonly models: readonly string[] }
  /** The application takes subscriptions back. */
  | {
      readonly kind: 'revoke';
      readonly revocation: Revocation;
      /** Where the log of revocations says so. */
      readonly at: Position;
    };

const NOTHING: LogEntry = { kind: 'deltas', deltas: [] };

/** How deltas are written: as the list that they came in. */
export function deltasEntry(deltas: readonly Delta[]): JsonValue {
  return deltas as unknown as JsonValue;
}

export function invalidateEntry(models: readonly string[]): JsonValue {
  return { invalidate: models };
}

export function revokeEntry(terms: RevocationTerms, at: Position): JsonValue {
  return { revoke: terms as JsonValue, at };
}

/** What nodes of another version write is nothing to this one. */
export function readEntry({ value }: TopicEntry): LogEntry {
  if (Array.isArray(value)) {
    // Dealers see it, now and in replays: what one changes, all would have.
    freezeJson(value);
    return { kind: 'deltas', deltas: value as unknown as Delta[] };
  }
  if (!isJsonObject(value)) return NOTHING;
  const { invalidate, at } = value;
  if (Array.isArray(invalidate)) {
    return { kind: 'invalidate', models: invalidate as string[] };
  }
  const revocation = readRevocation(value['revoke']);
  if (revocation !== undefined && at !== undefined) {
    return { kind: 'revoke', revocation, at };
  }
  return NOTHING;
}
