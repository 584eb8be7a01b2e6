import type { FieldFault } from './rpc-error.js';
import { excerpt } from './log-line.js';

/**
 * The names of what a log line never shows. A name that is compared with them
 * is taken apart at its capitals, digits and signs: `apiKey`, `API_KEY` and
 * `x-api-key` have the part `key`, `monkey` has not. From five letters on they
 * are found anywhere: `userpassword`.
 */
export const REDACTED_NAMES: readonly string[] = [
  'password',
  'passwd',
  'passphrase',
  'passcode',
  'pwd',
  'pass',
  'pin',
  'otp',
  'totp',
  'secret',
  'credential',
  'token',
  'ticket',
  'jwt',
  'bearer',
  'authorization',
  'auth',
  'cookie',
  'session',
  'sid',
  'key',
  'signature',
  'card',
  'cvv',
  'cvc',
  'iban',
  'ssn',
];

/** Which names are redacted: more than {@link REDACTED_NAMES}, or others. */
export type RedactedNames =
  readonly string[] | { readonly only: readonly string[] };

const HIDDEN = '[redacted]';
/** From this length on a name is looked for inside of words. */
const TELLING = 5;
/** Characters of a message beyond which only its size is told. */
const LARGEST = 16_384;
/** Characters of the longest name that is looked at. */
const LONGEST_NAME = 100;
/** Values of the params that are looked at before a validator is quoted. */
const MOST_LOOKS = 1000;
/** Members under which one of these names itself is the value of its sibling. */
const NAMING = new Set([
  'name',
  'key',
  'field',
  'header',
  'param',
  'property',
  'type',
  'kind',
  'id',
  'label',
]);

/**
 * Shows values from outside in one line, for lines of level `debug`. What stands
 * under a redacted name, at any depth, is not shown; nor is a text that has such
 * a name and a value in it, as in JSON inside of JSON, nor the query of a URL.
 *
 * The work is bounded by what the line can show, not by what came.
 */
export class Redaction {
  private readonly parts = new Set<string>();
  private readonly telling: readonly string[];

  /** @throws TypeError for a name without a letter or digit. */
  constructor(names: RedactedNames = []) {
    const all =
      'only' in names
        ? names.only
        : [...REDACTED_NAMES, ...(names as string[])];
    for (const name of all) {
      const flat = typeof name === 'string' ? partsOf(name).join('') : '';
      if (flat === '') {
        throw new TypeError(
          `The log option "redact" must list names, not ${JSON.stringify(name)}.`,
        );
      }
      this.parts.add(flat);
    }
    this.telling = [...this.parts].filter((part) => part.length >= TELLING);
  }

  /** Whether what stands under a name is hidden. */
  hides(name: string): boolean {
    // Whoever makes names of that length has nothing to show in a line.
    if (name.length > LONGEST_NAME) return true;
    const parts = partsOf(name);
    const flat = parts.join('');
    return (
      [flat, ...parts].some((part) => this.has(part)) ||
      this.telling.some((part) => flat.includes(part))
    );
  }

  /** A call as the wire's log format has it: `name({"a": 1})`. */
  call(name: string, params: unknown, size = 0): string {
    if (size > LARGEST) return excerpt(`${name}(${sizeOf(size)})`);
    return excerpt(`${name}(${this.write(params)})`);
  }

  /**
   * A value, as JSON with sorted keys.
   *
   * @param size Characters of the message that it came in, where that is known.
   */
  value(value: unknown, size = 0): string {
    return size > LARGEST ? sizeOf(size) : excerpt(this.write(value));
  }

  /**
   * A message. Of one that is not JSON nobody can tell what is a name and what
   * a secret: only how it begins is told.
   */
  text(text: string): string {
    if (text.length > LARGEST) return sizeOf(text.length);
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      const [first] = text.trimStart();
      const start =
        first === undefined
          ? 'nothing but space'
          : '{["'.includes(first)
            ? `"${first}" first`
            : 'nothing first that JSON begins with';
      return `${sizeOf(text.length)}, ${start}`;
    }
    return this.value(value);
  }

  /**
   * What a validator says of one of the params. It may quote the value, so that
   * nothing is shown of it while the params have anything to hide.
   */
  fault({ path, messages }: FieldFault, params: unknown, size = 0): string {
    const names = path === '' ? [] : path.split('.');
    const secret = names.findIndex((name) => this.hides(name));
    const where = secret === -1 ? names : names.slice(0, secret + 1);
    const words =
      size > LARGEST || this.hasHidden(params) ? HIDDEN : (messages[0] ?? '');
    return excerpt([where.join('.'), words].filter(Boolean).join(': '));
  }

  private hasHidden(value: unknown): boolean {
    // Not recursive, and not for ever: what is not looked at counts as hidden.
    const waiting: unknown[] = [value];
    let looks = 0;
    while (waiting.length > 0) {
      if (++looks > MOST_LOOKS) return true;
      const one = waiting.pop();
      if (typeof one === 'string') {
        if (one.length > LARGEST || this.names(one) || this.tells(one)) {
          return true;
        }
      } else if (typeof one === 'object' && one !== null) {
        for (const [name, member] of Object.entries(one)) {
          if (this.hides(name)) return true;
          waiting.push(member);
        }
      }
    }
    return false;
  }

  private has(part: string): boolean {
    return (
      this.parts.has(part) ||
      (part.endsWith('s') && this.parts.has(part.slice(0, -1)))
    );
  }

  private write(value: unknown): string {
    const line = new Line();
    try {
      this.add(value, line);
    } catch {
      // An application may have put anything into the params of its call.
      line.add('[unreadable]');
    }
    return line.text;
  }

  /** Adds a value, unless the line is full: so the recursion ends, too. */
  private add(value: unknown, line: Line): void {
    if (line.full) return;
    if (typeof value === 'string') {
      line.add(this.shown(value));
    } else if (Array.isArray(value)) {
      this.addList(value, line);
    } else if (typeof value === 'object' && value !== null) {
      this.addObject(value as Record<string, unknown>, line);
    } else {
      line.add(String(value));
    }
  }

  private addList(list: readonly unknown[], line: Line): void {
    // As in ["password", "..."], an entry of an object or a header.
    const [first, second] = list;
    const isEntry = list.length === 2 && this.names(first);
    line.add('[');
    for (let i = 0; i < list.length && !line.full; i++) {
      if (i > 0) line.add(', ');
      if (i === 1 && isEntry && second !== undefined) line.add(HIDDEN);
      else this.add(list[i], line);
    }
    line.add(']');
  }

  private addObject(object: Record<string, unknown>, line: Line): void {
    const keys = Object.keys(object).sort();
    const naming = keys.find(
      (key) => NAMING.has(key.toLowerCase()) && this.names(object[key]),
    );
    line.add('{');
    let first = true;
    for (const key of keys) {
      if (line.full) return;
      const hidden =
        key !== naming &&
        (naming !== undefined || (this.hides(key) && object[key] !== null));
      line.add(`${first ? '' : ', '}${JSON.stringify(line.cut(key))}: `);
      first = false;
      if (hidden) line.add(HIDDEN);
      else this.add(object[key], line);
    }
    line.add('}');
  }

  /** Whether a value is itself the name of something hidden. */
  private names(value: unknown): boolean {
    return (
      typeof value === 'string' &&
      value.length <= LONGEST_NAME &&
      this.hides(value)
    );
  }

  private shown(text: string): string {
    const start = text.slice(0, Line.LIMIT + 1);
    return this.tells(start) ? HIDDEN : JSON.stringify(withoutQueries(start));
  }

  /** Whether a text has one of the names in it, and a value after it. */
  private tells(text: string): boolean {
    const flat = partsOf(text).join('');
    if (this.telling.some((part) => flat.includes(part))) return true;
    for (const [, name = ''] of text.matchAll(ASSIGNMENT)) {
      if (this.hides(name)) return true;
    }
    return false;
  }
}

/** A line that takes no more than it can show. */
class Line {
  /** What `excerpt` shows: a little more is enough to see that it is cut. */
  static readonly LIMIT = 100;
  text = '';

  get full(): boolean {
    return this.text.length > Line.LIMIT;
  }

  add(text: string): void {
    if (!this.full) this.text += text;
  }

  cut(text: string): string {
    return text.slice(0, Line.LIMIT + 1);
  }
}

/** A name, and what makes what follows its value: `pin=`, `"pin": `, `\"pin\":`. */
const ASSIGNMENT = /([\p{L}\p{N}_.-]+)[\\"'\]\s]*[:=]/gu;

/** Words, also inside of `camelCase`, `snake_case` and `kebab-case`. */
const PART = /\p{Lu}+(?!\p{Ll})|\p{Lu}?\p{Ll}+|\p{L}+|\p{N}+/gu;

function partsOf(name: string): string[] {
  return (name.normalize('NFKC').match(PART) ?? []).map((part) =>
    part.toLowerCase(),
  );
}

function sizeOf(characters: number): string {
  return characters === 1 ? '1 character' : `${characters} characters`;
}

/** The path of a URL or request target: queries carry tickets. */
export function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/s, '').replace(/\/\/[^/@]*@/, '//');
}

/** The same for a text that begins with one. */
function withoutQueries(text: string): string {
  return /^([a-z][a-z0-9+.-]*:)?\/[^\s]*[?@]/i.test(text)
    ? `${withoutQuery(text)}...`
    : text;
}
