import { isJsonObject, type JsonValue } from '../../../src/protocol/json.js';

/** A `$name` of a pattern, with the variable that captures what it accepts. */
export interface Wildcard {
  accepts(value: JsonValue): boolean;
  readonly name: string | undefined;
}

const ISO_WITH_OFFSET =
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?[+-]\d\d:\d\d$/;

type Test = (value: JsonValue) => boolean;

const ACCEPTS: ReadonlyMap<string, Test> = new Map<string, Test>([
  ['any', () => true],
  ['int', Number.isInteger],
  ['number', (value) => typeof value === 'number'],
  ['string', isText],
  ['bool', (value) => typeof value === 'boolean'],
  ['object', isJsonObject],
  ['array', Array.isArray],
  ['token', (value) => isText(value) && /^[a-z0-9]{32}$/.test(value)],
  ['timestamp', (value) => isText(value) && isTimestamp(value)],
  ['handle', isHandle],
  ['explicit', (value) => isText(value) && value !== 'Internal error'],
]);

/**
 * Reads `$kind` or `$kind=name`. Answers `undefined` for texts that are no
 * wildcard: those without a dollar in front, and those with two.
 */
export function parseWildcard(text: string): Wildcard | undefined {
  if (!text.startsWith('$') || text.startsWith('$$')) return undefined;
  const [, kind = '', name] = /^\$(\w*)(?:=(\w+))?$/.exec(text) ?? [];
  const accepts = ACCEPTS.get(kind);
  // Taken literally, a misspelt wildcard would be hard to tell from a bug.
  if (accepts === undefined) throw new Error(`No wildcard is called ${text}`);
  return { accepts, name };
}

function isText(value: JsonValue): value is string {
  return typeof value === 'string';
}

function isTimestamp(text: string): boolean {
  return ISO_WITH_OFFSET.test(text) && !Number.isNaN(Date.parse(text));
}

function isHandle(value: JsonValue): boolean {
  return (
    typeof value === 'number' &&
    Number.isInteger(value) &&
    value >= 0 &&
    value <= 65_535
  );
}
