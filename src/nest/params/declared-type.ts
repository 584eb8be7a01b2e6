import {
  arrayCheck,
  primitiveCheck,
  unfit,
  type ValueCheck,
} from './value-check.js';

type Class = new (...args: never[]) => object;

/**
 * The check of a parameter's declared type, as reflection tells it. There is
 * one for the types of JSON, and for types that JSON writes as a text in only
 * one way: `Date` and `URL`, as `JSON.stringify` writes them, and `bigint` in
 * decimal digits. Buffers, maps and sets have several spellings, and no check.
 *
 * @param path The parameter's name.
 */
export function typeCheck(type: unknown, path: string): ValueCheck | undefined {
  switch (type) {
    case Number:
      return primitiveCheck('number', path);
    case String:
      return primitiveCheck('string', path);
    case Boolean:
      return primitiveCheck('boolean', path);
    case Array:
      return arrayCheck(path);
    case Date:
      return textCheck(path, 'must be a date in ISO 8601', toDate);
    case URL:
      return textCheck(path, 'must be an absolute URL', toUrl);
    case BigInt:
      return textCheck(path, 'must be a whole number as a text', toBigInt);
    default:
      return undefined;
  }
}

/**
 * Whether a reflected type is a class of the application, with properties to
 * check.
 */
export function isOwnClass(type: unknown): type is Class {
  return (
    typeof type === 'function' &&
    Reflect.get(globalThis, type.name) !== type &&
    !/\{\s*\[native code\]\s*\}$/.test(Function.prototype.toString.call(type))
  );
}

/** The check of a type that JSON writes as a text. */
function textCheck<T>(
  path: string,
  must: string,
  read: (text: string) => T | undefined,
): ValueCheck {
  return {
    mayWait: false,
    check(value) {
      const made = typeof value === 'string' ? read(value) : undefined;
      if (made === undefined) throw unfit(path, must);
      return made;
    },
  };
}

/**
 * A day, or a day and a time with its offset. Without an offset, a time would
 * not be one moment.
 */
const ISO_8601 =
  /^(\d{4}|\+\d{6}|-(?!000000)\d{6})-(\d\d)-(\d\d)(?:T([01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d))?$/;

/**
 * A day without a time is its beginning in UTC, as everywhere in JavaScript.
 */
function toDate(text: string): Date | undefined {
  const match = ISO_8601.exec(text);
  if (match === null) return undefined;
  const [, year, month, day] = match.map(Number) as [0, number, number, number];
  // `Date` would read the 30th of February as the 2nd of March.
  const start = new Date(0);
  start.setUTCFullYear(year, month - 1, day);
  if (start.getUTCMonth() !== month - 1 || start.getUTCDate() !== day) {
    return undefined;
  }
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function toUrl(text: string): URL | undefined {
  // `URL` would silently drop these characters around the text and inside of
  // it.
  if (/[\u0000-\u0020]/.test(text)) return undefined;
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

/**
 * Digits of the longest whole number that is read: the time to read one grows
 * with their square.
 */
const MOST_DIGITS = 1000;

function toBigInt(text: string): bigint | undefined {
  if (text.length > MOST_DIGITS || !/^(?:0|-?[1-9]\d*)$/.test(text)) {
    return undefined;
  }
  return BigInt(text);
}
