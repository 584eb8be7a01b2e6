import type { JsonObject, JsonValue } from 'snorky';
import type { Random } from '../../../../harness/random.js';

/** What a filter means, straight from the wire's table, as slowly as need be. */
export function naiveMatch(filter: JsonValue, row: JsonValue): boolean {
  const [operator, ...rest] = filter as readonly JsonValue[];
  if (operator === 'and') return rest.every((part) => naiveMatch(part, row));
  if (operator === 'or') return rest.some((part) => naiveMatch(part, row));
  if (operator === 'not') return !naiveMatch(rest[0] as JsonValue, row);
  const [field, operand] = rest as [string, JsonValue];
  const found = lookUp(row, field.split('.'));
  if (found === 'missing') return false;
  const { value } = found;
  if (operator === '==') return identity(value) === identity(operand);
  if (operator === 'in') {
    const known = (operand as readonly JsonValue[]).map(identity);
    return known.includes(identity(value));
  }
  const order = naiveOrder(value, operand);
  if (order === undefined) return false;
  if (operator === '<') return order < 0;
  if (operator === '<=') return order <= 0;
  if (operator === '>') return order > 0;
  if (operator === '>=') return order >= 0;
  throw new Error(`The generator made ${JSON.stringify(filter)}`);
}

function lookUp(
  row: JsonValue,
  names: readonly string[],
): { readonly value: JsonValue } | 'missing' {
  let value = row;
  for (const name of names) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return 'missing';
    }
    const own = Object.entries(value as JsonObject).find(([k]) => k === name);
    if (own === undefined) return 'missing';
    value = own[1] as JsonValue;
  }
  return { value };
}

/** The order of the wire; undefined: there is none. */
export function naiveOrder(
  left: JsonValue,
  right: JsonValue,
): number | undefined {
  if (typeof left === 'number' && typeof right === 'number') {
    return left < right ? -1 : left > right ? 1 : 0;
  }
  if (typeof left !== 'string' || typeof right !== 'string') return undefined;
  const a = Array.from(left, (c) => c.codePointAt(0) as number);
  const b = Array.from(right, (c) => c.codePointAt(0) as number);
  for (let i = 0; i < a.length && i < b.length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** One text for what the wire calls one value. */
export function identity(value: JsonValue): string {
  if (Array.isArray(value)) {
    return `list(${(value as readonly JsonValue[]).map(identity).join(';')})`;
  }
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value as JsonObject)
      .map(([k, v]) => `${encodeURIComponent(k)}=${identity(v as JsonValue)}`)
      .toSorted();
    return `object(${members.join(';')})`;
  }
  if (typeof value === 'number') return `number(${value + 0})`;
  return `${typeof value}(${encodeURIComponent(String(value))})`;
}

export const FIELDS = [
  'a',
  'b',
  'a.b',
  'b.a',
  'a.b.a',
  'c',
  '',
  'a.',
  'constructor',
  '__proto__',
  'a.__proto__',
  'length',
] as const;

const SCALARS = [
  null,
  true,
  false,
  0,
  -0,
  1,
  2,
  3,
  -1,
  1.5,
  '',
  'a',
  'b',
  'ab',
  '1',
  '\u{1f600}',
  '\uffff',
  '\ue000',
] as const satisfies readonly JsonValue[];

const STRUCTURES = [
  [],
  [1],
  ['a', 1],
  [1, 'a'],
  {},
  { x: 1, y: 2 },
  { y: 2, x: 1 },
  { x: 1 },
  [{ a: [] }],
] as const satisfies readonly JsonValue[];

export function randomValue(random: Random): JsonValue {
  return random.chance(0.85)
    ? random.pick<JsonValue>(SCALARS)
    : random.pick<JsonValue>(STRUCTURES);
}

export function randomRow(random: Random, depth = 0): JsonValue {
  if (random.chance(depth === 0 ? 0.03 : 0.6)) return randomValue(random);
  const names = ['a', 'b', 'c', '', 'constructor', '__proto__'] as const;
  const members: [string, JsonValue][] = [];
  for (let i = random.below(5); i > 0; i--) {
    members.push([random.pick(names), randomRow(random, depth + 1)]);
  }
  // Own members all of them, `__proto__` too, as JSON.parse makes them.
  return Object.fromEntries(members);
}

export function randomFilter(random: Random, depth = 0): JsonValue {
  const kind = random.below(depth > 3 ? 6 : 10);
  if (kind >= 6) {
    const operator = random.pick(['and', 'or', 'not', 'and'] as const);
    const count = operator === 'not' ? 1 : random.below(4);
    const parts: JsonValue[] = [operator];
    for (let i = 0; i < count; i++) parts.push(randomFilter(random, depth + 1));
    return parts;
  }
  const field = random.pick(FIELDS);
  if (kind === 5) {
    const values: JsonValue[] = [];
    for (let i = random.below(4); i > 0; i--) values.push(randomValue(random));
    return ['in', field, values];
  }
  const operator = random.pick(['==', '==', '<', '<=', '>', '>='] as const);
  return [operator, field, randomValue(random)];
}
