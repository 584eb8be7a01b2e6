import { isNativeError } from 'node:util/types';
import { FIXED_LIMITS } from '../../protocol/limits.js';

/**
 * The longest line that is written, and the longest message of an error, in
 * bytes.
 */
const LONGEST_LINE = FIXED_LIMITS.logLineBytes;
/** The longest stacks of an error and its causes together, in bytes. */
const LONGEST_STACK = FIXED_LIMITS.logStackBytes;
/** The number of causes of an error that are followed. */
const CAUSES = 4;

/** One line of at most 100 characters: breaks escaped, the rest cut to `...`. */
export function excerpt(text: string): string {
  const start = escaped(text.slice(0, 101));
  return start.length > 100 ? `${start.slice(0, 97)}...` : start;
}

/** One line of at most 2 KiB. */
export function oneLine(text: string): string {
  return cut(escaped(text.slice(0, LONGEST_LINE + 1)), LONGEST_LINE);
}

/**
 * The stack of an error, and of the errors that caused it; at most 8 KiB. Line
 * breaks in an error's message are escaped, so that nobody can write lines of
 * their own into the log.
 *
 * What was thrown may be anything, with a getter that throws in its turn: that
 * second error must not get past the log.
 *
 * @returns The text; undefined for a value that is no error.
 */
export function stackText(error: unknown): string | undefined {
  const stacks: string[] = [];
  let current = error;
  while (stacks.length <= CAUSES) {
    const stack = stackOf(current);
    if (stack === undefined) break;
    stacks.push(stack);
    current = causeOf(current);
  }
  if (stacks.length === 0) return undefined;
  return cut(stacks.join('\n  caused by '), LONGEST_STACK);
}

/** Describes a thrown value that is no error, in at most 100 characters. */
export function describeThrown(thrown: unknown): string {
  // An object is not read: nobody knows what it would tell, or do.
  if (typeof thrown === 'object' && thrown !== null) return 'an object';
  if (typeof thrown === 'function') return 'a function';
  return excerpt(String(thrown));
}

/** Whether a thrown value is an error, of this realm or another. */
export function isError(thrown: unknown): thrown is Error {
  try {
    return isNativeError(thrown) || thrown instanceof Error;
  } catch {
    return false;
  }
}

function stackOf(error: unknown): string | undefined {
  try {
    if (!isError(error)) return undefined;
    const stack: unknown = error.stack ?? error.message;
    if (typeof stack !== 'string') return undefined;
    return framed(stack.slice(0, LONGEST_STACK));
  } catch {
    return undefined;
  }
}

function causeOf(error: unknown): unknown {
  try {
    return (error as Error).cause;
  } catch {
    return undefined;
  }
}

/**
 * Keeps the line breaks before the frames of a stack, and cuts the text above
 * them.
 */
function framed(stack: string): string {
  const [words = '', ...frames] = stack.split(/\n(?=[^\S\n]+at )/);
  return [oneLine(words), ...frames.map(oneLine)].join('\n');
}

/**
 * Controls, line breaks, and what has no width or turns the direction of a line
 * around: a reader would see another text than there is.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

function escaped(text: string): string {
  return text.replace(UNSEEN, (character) => {
    if (character === '\n') return '\\n';
    if (character === '\r') return '\\r';
    const code = character.codePointAt(0)?.toString(16) ?? '';
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`;
  });
}

function cut(text: string, bytes: number): string {
  const encoded = Buffer.from(text);
  if (encoded.length <= bytes) return text;
  // The cut may have left half a character at the end: it is dropped.
  const start = encoded.toString('utf8', 0, bytes - 3).replace(/\ufffd+$/, '');
  return `${start}...`;
}
