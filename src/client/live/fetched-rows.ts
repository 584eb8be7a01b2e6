import { isJsonObject } from '../../protocol/json.js';
import type { RowTarget } from '../collections/delta-target.js';
import { liveError } from '../errors.js';
import { bareUrl } from './answer.js';
import type { LiveOptions } from './live-options.js';

/** The rows that a feed keeps up to date. */
export interface FedRows<Row> extends RowTarget {
  /** Takes the result of a fetch: rows, or one row. */
  reset(rows: Row & readonly Row[]): void;
  /** Called when the server has no such row. A list keeps its last rows. */
  clear?(): void;
}

/**
 * Gives a collection the rows of an answer. Each row must have its key: without
 * it, a row would be inserted, and never change.
 *
 * @throws ConnectorError when the answer does not have such rows.
 */
export function takeRows<Row, Item>(
  target: FedRows<Row>,
  body: unknown,
  url: string,
  options: LiveOptions<Row, Item> & { readonly single?: boolean },
): void {
  const { rows: rowsOf, single, key = 'id' } = options;
  const { $keyOf: keyOf } = target;
  const found: unknown = rowsOf ? (rowsOf(body as never) ?? null) : body;
  const rows = single
    ? isJsonObject(found) && [found]
    : Array.isArray(found) && (found as unknown[]);
  if (!rows || !rows.every((row) => !keyOf || keyOf(row) !== undefined)) {
    const what = single ? 'a row' : 'a list of rows';
    const keyed = keyOf ? ` with the key "${String(key)}"` : '';
    const came = rows ? '' : `, but ${found === null ? 'null' : typeof found}`;
    const name = bareUrl(url);
    throw liveError('SNORKY_BODY_UNEXPECTED', name, what + keyed + came);
  }
  target.reset(found as Row & readonly Row[]);
}
