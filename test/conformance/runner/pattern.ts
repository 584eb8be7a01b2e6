import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../../../src/protocol/json.js';
import { isJsonArray } from './json-array.js';
import { isListPattern, matchList } from './list-pattern.js';
import { differs, type Match } from './match.js';
import { fillText, wholeVariable, type Variables } from './variables.js';
import { parseWildcard } from './wildcards.js';

/**
 * Compares a value with a pattern of the case format: JSON with wildcards,
 * captures and `{{variables}}`. Objects are exact.
 *
 * @param path Where the value stands, for the explanation of a mismatch.
 * @returns The variables, with what the pattern captured, or the first
 *   difference.
 */
export function match(
  pattern: JsonValue,
  value: JsonValue,
  variables: Variables = new Map(),
  path = '$',
): Match {
  if (typeof pattern === 'string') {
    return matchText(pattern, value, variables, path);
  }
  if (isJsonArray(pattern)) {
    return matchItems(pattern, value, variables, path);
  }
  if (isJsonObject(pattern)) {
    return isListPattern(pattern)
      ? matchList(pattern, value, variables, path, match)
      : matchMembers(pattern, value, variables, path);
  }
  return pattern === value
    ? { matches: true, variables }
    : differs(pattern, value, path);
}

function matchText(
  pattern: string,
  value: JsonValue,
  variables: Variables,
  path: string,
): Match {
  const wildcard = parseWildcard(pattern);
  if (wildcard !== undefined) {
    if (!wildcard.accepts(value)) return differs(pattern, value, path);
    const { name } = wildcard;
    return name === undefined
      ? { matches: true, variables }
      : { matches: true, variables: new Map(variables).set(name, value) };
  }
  // A captured value is compared as it is: a dollar in it means nothing.
  const whole = wholeVariable(pattern, variables);
  if (whole !== undefined) {
    return sameJson(whole.value, value)
      ? { matches: true, variables }
      : differs(whole.value, value, path);
  }
  const literal = fillText(
    pattern.startsWith('$$') ? pattern.slice(1) : pattern,
    variables,
  );
  return literal === value
    ? { matches: true, variables }
    : differs(literal, value, path);
}

function matchItems(
  pattern: readonly JsonValue[],
  value: JsonValue,
  variables: Variables,
  path: string,
): Match {
  if (!isJsonArray(value) || value.length !== pattern.length) {
    return differs(pattern, value, path);
  }
  let known = variables;
  for (const [index, item] of pattern.entries()) {
    const found = match(item, value[index] ?? null, known, `${path}[${index}]`);
    if (!found.matches) return found;
    known = found.variables;
  }
  return { matches: true, variables: known };
}

function matchMembers(
  pattern: JsonObject,
  value: JsonValue,
  variables: Variables,
  path: string,
): Match {
  if (!isJsonObject(value)) return differs(pattern, value, path);
  let known = variables;
  const expected = new Set<string>();
  for (const [key, member] of Object.entries(pattern)) {
    const name = fillText(key, variables);
    expected.add(name);
    if (!Object.hasOwn(value, name)) {
      const got = JSON.stringify(value);
      return { matches: false, why: `at ${path}: no "${name}" in ${got}` };
    }
    const [want, got] = [member ?? null, value[name] ?? null];
    const found = match(want, got, known, `${path}.${name}`);
    if (!found.matches) return found;
    known = found.variables;
  }
  const extra = Object.keys(value).find((key) => !expected.has(key));
  if (extra !== undefined) {
    const got = JSON.stringify(value);
    return { matches: false, why: `at ${path}: "${extra}" too much in ${got}` };
  }
  return { matches: true, variables: known };
}

function sameJson(left: JsonValue, right: JsonValue): boolean {
  if (isJsonArray(left)) {
    return (
      isJsonArray(right) &&
      left.length === right.length &&
      left.every((item, index) => sameJson(item, right[index] ?? null))
    );
  }
  if (isJsonObject(left)) {
    if (!isJsonObject(right)) return false;
    const keys = Object.keys(left);
    return (
      keys.length === Object.keys(right).length &&
      keys.every(
        (key) =>
          Object.hasOwn(right, key) &&
          sameJson(left[key] ?? null, right[key] ?? null),
      )
    );
  }
  return left === right;
}
