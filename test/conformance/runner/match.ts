import type { JsonValue } from '../../../src/protocol/json.js';
import type { Variables } from './variables.js';

/** What a comparison found: the variables known after it, or a difference. */
export type Match =
  | { readonly matches: true; readonly variables: Variables }
  | { readonly matches: false; readonly why: string };

/** Compares the value at a path with a pattern. */
export type Matcher = (
  pattern: JsonValue,
  value: JsonValue,
  variables: Variables,
  path: string,
) => Match;

/** The mismatch of a value that is not what the pattern says. */
export function differs(
  expected: JsonValue,
  value: JsonValue,
  path: string,
): Match {
  const [want, got] = [JSON.stringify(expected), JSON.stringify(value)];
  return { matches: false, why: `at ${path}: expected ${want}, got ${got}` };
}
