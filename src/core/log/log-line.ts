import { isNativeError } from 'node:util/types';
import { FIXED_LIMITS } from '../../protocol/limits.js';

/** Bytes of the longest line that is written, and of an error's own words. */
const LONGEST_LINE = FIXED_LIMITS.logLineBytes;
/** Bytes of the stacks of one error and its causes. */
const LONGEST_STACK = FIXED_LIMITS.logStackBytes;
/** How many causes of an error are followed. */
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
 * The stack of an error, and of the errors that caused it; at most 8 KiB. Its
 * lines are those of the stack alone: what breaks a line in an error's message
 * is escaped, so that nobody writes lines of their own into the log.
 *
 * What was thrown may be anything, with a getter that throws in its turn: whatever
 * it is, it must not get past the log.
 *
 * @returns undefined for what is no error.
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

/** Something thrown that is no error, in at most 100 characters. */
export function describeThrown(thrown: unknown): string {
  // Nobody knows what an object would tell, or do.
  if (typeof thrown === 'object' && thrown !== null) return 'an object';
  if (typeof thrown === 'function') return 'a function';
  return excerpt(String(thrown));
}

/** Whether something thrown is an error, also one of another realm. */
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

/** Keeps the breaks before the frames of a stack, and cuts what is above them. */
function framed(stack: string): string {
  const [words = '', ...frames] = stack.split(/\n(?=[^\S\n]+at )/);
  return [oneLine(words), ...frames.map(oneLine)].join('\n');
}

function escaped(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g,
    (character) => {
      if (character === '\n') return '\\n';
      if (character === '\r') return '\\r';
      return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
    },
  );
}

function cut(text: string, bytes: number): string {
  const encoded = Buffer.from(text);
  if (encoded.length <= bytes) return text;
  // Half of a character at the end is none.
  const start = encoded.toString('utf8', 0, bytes - 3).replace(/\ufffd+$/, '');
  return `${start}...`;
}
