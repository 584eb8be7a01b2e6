import { isJsonObject, type JsonValue } from '../../../src/protocol/json.js';
import { isJsonArray } from './json-array.js';

/**
 * What `{{name}}` stands for in the steps of one case. Not in the original format:
 * `{{in1500}}` is the time in so many milliseconds, counted from the step.
 */
export type Variables = ReadonlyMap<string, JsonValue>;

const WHOLE = /^\{\{(\w+)\}\}$/;
const EACH = /\{\{(\w+)\}\}/g;

/** The value of a string that is one variable and nothing else. */
export function wholeVariable(
  text: string,
  variables: Variables,
): { readonly value: JsonValue } | undefined {
  const name = WHOLE.exec(text)?.[1];
  return name === undefined ? undefined : { value: lookUp(name, variables) };
}

/** Puts variables into a text; values that are no strings go in as JSON. */
export function fillText(text: string, variables: Variables): string {
  return text.replace(EACH, (_match, name: string) => {
    const value = lookUp(name, variables);
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
}

/** Puts variables into all strings and keys of a value. */
export function fill(value: JsonValue, variables: Variables): JsonValue {
  if (typeof value === 'string') {
    const whole = wholeVariable(value, variables);
    return whole === undefined ? fillText(value, variables) : whole.value;
  }
  if (isJsonObject(value)) {
    const members = Object.entries(value).map(([key, member]) => [
      fillText(key, variables),
      fill(member ?? null, variables),
    ]);
    // Unlike assignment, this makes `__proto__` a member like any other.
    return Object.fromEntries(members) as JsonValue;
  }
  if (isJsonArray(value)) {
    return value.map((item) => fill(item, variables));
  }
  return value;
}

const LATER = /^in(\d+)$/;

function lookUp(name: string, variables: Variables): JsonValue {
  const later = LATER.exec(name)?.[1];
  if (later !== undefined) return Date.now() + Number(later);
  const value = variables.get(name);
  if (value === undefined) {
    throw new Error(`{{${name}}} has not been captured`);
  }
  return value;
}
