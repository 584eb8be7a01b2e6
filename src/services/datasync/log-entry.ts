import type { TopicEntry } from '../../broker/ports.js';
import { freezeJson } from '../../core/frozen-json.js';
import { isJsonObject, type JsonValue } from '../../protocol/json.js';
import type { Delta } from './delta.js';

/** What an entry of a DataSync service's log says. */
export type LogEntry =
  /** Rows have changed, and how. */
  | { readonly kind: 'deltas'; readonly deltas: readonly Delta[] }
  /** Rows of these models have changed in ways that nobody can say. */
  | { readonly kind: 'invalidate'; readonly models: readonly string[] };

const NOTHING: LogEntry = { kind: 'deltas', deltas: [] };

/** How deltas are written: as the list that they came in. */
export function deltasEntry(deltas: readonly Delta[]): JsonValue {
  return deltas as unknown as JsonValue;
}

export function invalidateEntry(models: readonly string[]): JsonValue {
  return { invalidate: models };
}

/** What nodes of another version write is nothing to this one. */
export function readEntry({ value }: TopicEntry): LogEntry {
  if (Array.isArray(value)) {
    // Dealers see it, now and in replays: what one changes, all would have.
    freezeJson(value);
    return { kind: 'deltas', deltas: value as unknown as Delta[] };
  }
  if (!isJsonObject(value)) return NOTHING;
  const { invalidate } = value;
  if (Array.isArray(invalidate)) {
    return { kind: 'invalidate', models: invalidate as string[] };
  }
  return NOTHING;
}
