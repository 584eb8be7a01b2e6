import { type DeltaTarget, isDelta } from '../collections/delta-target.js';
import { attempt } from '../collections/guarded.js';
import type { ConnectorHost } from '../connector-host.js';
import { staysInPlace } from './part.js';

/** The outcome of a delta whose row has no key: it could be any row. */
const NO_KEY = 0;

/**
 * Applies a batch of changes to fetched rows.
 *
 * @param part The fields that decide which rows a part has, if it is one.
 * @param snorky Told of deltas that cannot be applied.
 * @returns Whether the rows are still those that the server would answer.
 */
export function applyDeltas(
  target: DeltaTarget,
  deltas: readonly unknown[],
  model: string,
  part: readonly string[] | undefined,
  snorky: ConnectorHost,
): boolean {
  let isSame = true;
  for (const delta of deltas) {
    if (!isDelta(delta) || delta.model !== model) {
      snorky.$complain(`A list of ${model} ignores`, delta);
      // A delta of another model decides nothing about a part, unless any field
      // may decide.
      isSame &&= part?.length !== 0;
    } else {
      const isKnown = !part || attempt(() => target.has(delta)) === true;
      if (isKnown && attempt(() => target.apply(delta) ?? NO_KEY) === NO_KEY) {
        snorky.$complain(`A row of ${model} without key was changed`, delta);
      }
      // Only the server knows which row takes the place of one that has left
      // a part.
      isSame &&= !part || (isKnown && staysInPlace(delta, part));
    }
  }
  attempt(() => target.commit());
  return isSame;
}
