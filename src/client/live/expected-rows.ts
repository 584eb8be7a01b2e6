import { isJsonObject } from '../../protocol/json.js';
import { bareUrl } from './answer.js';
import type { KeyReader } from '../collections/key.js';
import { liveError } from '../errors.js';

/**
 * Checks that fetched rows have their key. Rows without it would be inserted,
 * and never change.
 *
 * @param keyOf Undefined if the rows need no key.
 * @param key The name of the key, for errors.
 * @throws ConnectorError when an answer does not have such rows.
 */
export function expectRows(
  url: string,
  body: unknown,
  isSingle: boolean,
  keyOf: KeyReader | undefined,
  key: unknown,
): void {
  const rows = isSingle
    ? isJsonObject(body) && [body]
    : Array.isArray(body) && (body as unknown[]);
  if (rows && rows.every((row) => !keyOf || keyOf(row) !== undefined)) return;
  const what = isSingle ? 'a row' : 'a list of rows';
  const keyed = keyOf ? ` with the key "${String(key)}"` : '';
  const came = rows ? '' : `, but ${body === null ? 'null' : typeof body}`;
  const name = bareUrl(url);
  throw liveError('SNORKY_BODY_UNEXPECTED', name, what + keyed + came);
}
