import { canonicalKey, type JsonValue } from '../../protocol/json.js';
import { guarded } from './guarded.js';

/** What tells rows apart, as the key of a map. */
export type Key = string | number;

/** Reads the key of a row. Never throws; `undefined` is for rows without one. */
export type KeyReader = (row: unknown) => Key | undefined;

/** The name of the property that tells rows apart, or a function of the row. */
export type KeyOption<Row> =
  (keyof Row & string) | ((row: Row) => JsonValue | undefined);

export function keyReader(option: KeyOption<never>): KeyReader {
  const read = typeof option === 'function' ? guarded(option, undefined) : '';
  return (row) => {
    if (row === undefined || row === null) return undefined;
    const value = read
      ? read(row as never)
      : (row as Readonly<Record<string, JsonValue>>)[option as string];
    // A number that is none tells no rows apart: a map would take them for one.
    if (value === undefined || value === null || Number.isNaN(value)) {
      return undefined;
    }
    // Texts as they are: to compare one with itself takes no look at it.
    return typeof value === 'number' ||
      (typeof value === 'string' && !value.startsWith('\0'))
      ? value
      : `\0${canonicalKey(value)}`;
  };
}

/** Rows without the key are equal to no other. */
export function haveSameKey(
  keyOf: KeyReader,
): (row: unknown, other: unknown) => boolean {
  return (row, other) => {
    const key = keyOf(row);
    return key !== undefined && key === keyOf(other);
  };
}
