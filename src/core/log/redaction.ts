import type { FieldFault } from '../field-fault.js';
import { excerpt } from './log-line.js';
import { HiddenNames, type RedactedNames } from './redacted-names.js';

const HIDDEN = '[redacted]';
/** Characters of a message beyond which only its size is shown. */
const LARGEST = 16_384;
/** Values among the params that are searched before a validator is quoted. */
const MOST_LOOKS = 1000;
/**
 * Members that hold a name. If it is a redacted one, the member beside them is
 * its value.
 */
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
 * Shows values from outside in one line, for lines of level `debug`. It hides
 * the values under redacted names, at any depth; texts that contain such a name
 * with a value, as in JSON inside of JSON; and the queries of URLs.
 *
 * The work is bounded by what the line can show, not by what came.
 */
export class Redaction {
  private readonly names: HiddenNames;

  /** @throws TypeError for a name without a letter or digit. */
  constructor(names: RedactedNames = []) {
    this.names = new HiddenNames(names);
  }

  /** Whether the value under a name is hidden. */
  hides(name: string): boolean {
    return this.names.hides(name);
  }

  /** A call as the wire's log format has it: `name({"a": 1})`. */
  call(name: string, params: unknown, size = 0): string {
    if (size > LARGEST) return excerpt(`${name}(${sizeOf(size)})`);
    return excerpt(`${name}(${this.write(params)})`);
  }

  /**
   * A value, as JSON with sorted keys.
   *
   * @param size Characters of the message that the value came in, where that is
   *   known.
   */
  value(value: unknown, size = 0): string {
    return size > LARGEST ? sizeOf(size) : excerpt(this.write(value));
  }

  /**
   * A message. If it is not JSON, names and secrets cannot be told apart: only
   * its beginning is shown.
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
   * What a validator says about one of the params. Its words may quote the
   * value. So they are hidden if the params contain anything to hide.
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
    // A loop with a bound instead of a recursion: what is not reached counts as
    // hidden.
    const waiting: unknown[] = [value];
    let looks = 0;
    while (waiting.length > 0) {
      if (++looks > MOST_LOOKS) return true;
      const one = waiting.pop();
      if (typeof one === 'string') {
        if (
          one.length > LARGEST ||
          this.names.are(one) ||
          this.names.tells(one)
        ) {
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

  private write(value: unknown): string {
    const line = new Line();
    try {
      this.add(value, line);
    } catch {
      // An application may have put anything into the params of its own call.
      line.add('[unreadable]');
    }
    return line.text;
  }

  /** Adds a value, unless the line is full. That ends the recursion, too. */
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
    // A pair such as ["password", "..."], an entry of an object or a header.
    const [first, second] = list;
    const isEntry = list.length === 2 && this.names.are(first);
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
      (key) => NAMING.has(key.toLowerCase()) && this.names.are(object[key]),
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

  private shown(text: string): string {
    const start = text.slice(0, Line.LIMIT + 1);
    return this.names.tells(start)
      ? HIDDEN
      : JSON.stringify(withoutQueries(start));
  }
}

/** A line that takes no more than it can show. */
class Line {
  /** A little more than `excerpt` shows, so that the line is seen to be cut. */
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

function sizeOf(characters: number): string {
  return characters === 1 ? '1 character' : `${characters} characters`;
}

/** A URL or request target without its query: queries carry tickets. */
export function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/s, '').replace(/\/\/[^/@]*@/, '//');
}

/** A text that begins with a URL or request target, without the query. */
function withoutQueries(text: string): string {
  return /^([a-z][a-z0-9+.-]*:)?\/[^\s]*[?@]/i.test(text)
    ? `${withoutQuery(text)}...`
    : text;
}
