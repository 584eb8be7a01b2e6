import type { Delta, UpdateDelta } from '../../protocol/delta.js';

/**
 * When a part of the rows is fetched again after a change whose effect only the
 * server knows. The time is random, so that pages which hear of a change at the
 * same moment do not fetch at the same moment. All times are milliseconds.
 */
export interface RefetchOptions {
  /** The upper bound of the delay after a change. @default 1000 */
  readonly minDelay?: number;
  /**
   * The most that the bound grows to while there are further changes. @default
   * 5000
   */
  readonly maxDelay?: number;
  /**
   * The factor by which the bound grows with each fetch until changes pause.
   * @default 2
   */
  readonly factor?: number;
  /**
   * How long the part has to be `live` before the bound is `minDelay` again.
   * @default 1000
   */
  readonly stableAfter?: number;
}

/**
 * Whether a row stays in a part, at its place, and no other row comes in: the
 * fields that decide about it have not changed. An insert may be an upsert,
 * which does not tell the row's earlier values.
 *
 * @param fields The fields that decide; empty if they are not known.
 */
export function staysInPlace(
  delta: Delta<unknown>,
  fields: readonly string[],
): boolean {
  if (fields.length === 0 || delta.type !== 'update') return false;
  const { newData, oldData } = delta as UpdateDelta<Record<string, unknown>>;
  return fields.every((name) => {
    const text = JSON.stringify(newData[name]) as string | undefined;
    // Values that the rows do not show cannot be compared.
    return text !== undefined && text === JSON.stringify(oldData[name]);
  });
}
