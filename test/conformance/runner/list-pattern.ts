import type { JsonObject, JsonValue } from '../../../src/protocol/json.js';
import { isJsonArray } from './json-array.js';
import { differs, type Match, type Matcher } from './match.js';
import type { Variables } from './variables.js';

const OPERATORS = ['$unordered', '$contains', '$excludes', '$subsequence'];

/** Whether an object of a pattern describes a list: `{"$unordered": [...]}`. */
export function isListPattern(pattern: JsonObject): boolean {
  const keys = Object.keys(pattern);
  if (!keys.some((key) => OPERATORS.includes(key))) return false;
  const stranger = keys.find(
    (key) => !OPERATORS.includes(key) || !isJsonArray(pattern[key] ?? null),
  );
  if (stranger === undefined) return true;
  throw new Error(`Bad list pattern: ${JSON.stringify(pattern)}`);
}

/** Compares a list with all operators of a list pattern. */
export function matchList(
  pattern: JsonObject,
  value: JsonValue,
  variables: Variables,
  path: string,
  match: Matcher,
): Match {
  if (!isJsonArray(value)) return differs(pattern, value, path);
  let known: Variables | undefined = variables;
  for (const [operator, operand] of Object.entries(pattern)) {
    const items = operand as readonly JsonValue[];
    if (operator === '$unordered') {
      known = pair(items, value, known, match);
    } else if (operator === '$contains') {
      known = chain(items, known, (item, seen) =>
        find(item, value, seen, match),
      );
    } else if (operator === '$subsequence') {
      known = follow(items, value, known, match);
    } else if (items.some((item) => find(item, value, variables, match))) {
      known = undefined;
    }
    if (known === undefined) return differs(pattern, value, path);
  }
  return { matches: true, variables: known };
}

/** Gives each pattern a value of its own, trying all ways; none may be left. */
function pair(
  patterns: readonly JsonValue[],
  values: readonly JsonValue[],
  variables: Variables,
  match: Matcher,
): Variables | undefined {
  if (patterns.length !== values.length) return undefined;
  const [pattern, ...rest] = patterns;
  if (pattern === undefined) return variables;
  for (const [index, value] of values.entries()) {
    const found = match(pattern, value, variables, '');
    if (!found.matches) continue;
    const others = values.toSpliced(index, 1);
    const known = pair(rest, others, found.variables, match);
    if (known !== undefined) return known;
  }
  return undefined;
}

/** The first value that a pattern matches. */
function find(
  pattern: JsonValue,
  values: readonly JsonValue[],
  variables: Variables,
  match: Matcher,
): Variables | undefined {
  for (const value of values) {
    const found = match(pattern, value, variables, '');
    if (found.matches) return found.variables;
  }
  return undefined;
}

/** Finds the patterns one after the other, each behind the one before. */
function follow(
  patterns: readonly JsonValue[],
  values: readonly JsonValue[],
  variables: Variables,
  match: Matcher,
): Variables | undefined {
  let start = 0;
  return chain(patterns, variables, (pattern, known) => {
    while (start < values.length) {
      const found = match(pattern, values[start++] ?? null, known, '');
      if (found.matches) return found.variables;
    }
    return undefined;
  });
}

function chain(
  patterns: readonly JsonValue[],
  variables: Variables,
  step: (pattern: JsonValue, known: Variables) => Variables | undefined,
): Variables | undefined {
  let known: Variables | undefined = variables;
  for (const pattern of patterns) {
    known = step(pattern, known);
    if (known === undefined) return undefined;
  }
  return known;
}
