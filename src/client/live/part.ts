import type { Delta, UpdateDelta } from '../../protocol/delta.js';

/**
 * When a part of the rows is fetched again after it has changed in a way that only
 * the server can tell, in milliseconds: at a random moment, so that pages that
 * hear of a change in one moment do not fetch in one moment.
 */
export interface RefetchOptions {
  /** Until when, at the latest, after a change. @default 1000 */
  readonly minDelay?: number;
  /** The most that it grows to while changes do not end. @default 5000 */
  readonly maxDelay?: number;
  /** By what it grows with each fetch that finds no rest. @default 2 */
  readonly factor?: number;
  /** How long the part has to be `live` to begin with `minDelay`. @default 1000 */
  readonly stableAfter?: number;
}

/**
 * Whether a row that is in a part stays in it, at its place, and no other one
 * comes: what decides about that has not changed. An insert of it may be an upsert,
 * which says nothing of what it was.
 *
 * @param fields What decides; none if that is not known.
 */
export function staysInPlace(
  delta: Delta<unknown>,
  fields: readonly string[],
): boolean {
  if (fields.length === 0 || delta.type !== 'update') return false;
  const { newData, oldData } = delta as UpdateDelta<Record<string, unknown>>;
  return fields.every((name) => {
    const text = JSON.stringify(newData[name]) as string | undefined;
    // What rows do not show cannot be compared.
    return text !== undefined && text === JSON.stringify(oldData[name]);
  });
}
