import type { Position, TopicEntry } from '../../../broker/ports/log.js';
import { freezeJson } from '../../../core/json/frozen-json.js';
import type { JsonValue } from '../../../protocol/json.js';
import { ofVersion } from '../../../core/versioned.js';
import type { Delta } from '../../../protocol/delta.js';
import {
  readRevocation,
  type Revocation,
  type RevocationTerms,
} from '../tokens/revocation.js';

/** The content of an entry in a DataSync service's log. */
export type LogEntry =
  /** Rows have changed. */
  | { readonly kind: 'deltas'; readonly deltas: readonly Delta[] }
  /** Rows of these models have changed in ways that deltas cannot express. */
  | { readonly kind: 'invalidate'; readonly models: readonly string[] }
  /** The application takes subscriptions back. */
  | {
      readonly kind: 'revoke';
      readonly revocation: Revocation;
      /** The revocation's position in the log of revocations. */
      readonly at: Position;
    }
  /**
   * A node of another version has written an entry that this one cannot read.
   */
  | { readonly kind: 'unreadable' };

/** The version of the entries in this file: see `versioned`. */
const VERSION = 1;

const UNREADABLE: LogEntry = { kind: 'unreadable' };

export function deltasEntry(deltas: readonly Delta[]): JsonValue {
  return { v: VERSION, deltas: deltas as unknown as JsonValue };
}

export function invalidateEntry(models: readonly string[]): JsonValue {
  return { v: VERSION, invalidate: models };
}

export function revokeEntry(terms: RevocationTerms, at: Position): JsonValue {
  return { v: VERSION, revoke: terms as JsonValue, at };
}

export function readEntry({ value }: TopicEntry): LogEntry {
  const known = ofVersion(VERSION, value);
  if (known === undefined) return UNREADABLE;
  const { deltas, invalidate, revoke, at } = known;
  if (Array.isArray(deltas)) {
    // Frozen because dealers see it, now and in replays: a change by one dealer
    // would reach all others.
    freezeJson(deltas);
    return { kind: 'deltas', deltas: deltas as unknown as Delta[] };
  }
  if (Array.isArray(invalidate)) {
    return { kind: 'invalidate', models: invalidate as string[] };
  }
  const revocation = readRevocation(revoke);
  return revocation === undefined || at === undefined
    ? UNREADABLE
    : { kind: 'revoke', revocation, at };
}

/** An entry of the log of revocations. */
export function revocationEntry(terms: RevocationTerms): JsonValue {
  return { v: VERSION, revoke: terms as JsonValue };
}

/** Undefined for an entry of another version that this one cannot read. */
export function readRevocationEntry({
  value,
}: TopicEntry): Revocation | undefined {
  return readRevocation(ofVersion(VERSION, value)?.['revoke']);
}
