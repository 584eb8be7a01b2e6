import { canonicalKey, type JsonValue } from '../../protocol/json.js';
import { guarded } from './guarded.js';

/** What tells rows apart, as the key of a map. */
export type Key = string | number;

/** Reads the key of a row. Never throws; `undefined` is for rows without one. */
export type KeyReader = (row: unknown) => Key | undefined;

/** The name of the property that tells rows apart, or a function of the row. */
export type KeyOption<Row> = string | ((row: Row) => JsonValue | undefined);

export function keyReader(option: KeyOption<never>): KeyReader {
  const read = (
    typeof option === 'function'
      ? guarded(option)
      : (row: Readonly<Record<string, unknown>>) => row[option]
  ) as (row: unknown) => JsonValue | undefined;
  const write = guarded(canonicalKey);
  return (row) => {
    if (row === undefined || row === null) return undefined;
    const value = read(row);
    if (typeof value === 'number') return value;
    // The other values' texts begin so, and must not be any string's.
    if (typeof value === 'string' && value[0] !== '\0') return value;
    if (value === undefined || value === null) return undefined;
    const text = write(value);
    return text === undefined ? undefined : `\0${text}`;
  };
}
