import { HELLO_LIMITS } from './features.js';
import { MAX_PART_FIELDS } from './subscription-headers.js';

/**
 * Levels of arrays and objects that a message may nest, the envelope included.
 * Deeper ones are discarded (over HTTP: status 400). It bounds every recursion
 * over a value that came from outside. The original broke at about 195 levels
 * over WebSocket and 979 over HTTP.
 */
export const MAX_NESTING = 1000;

/**
 * Parts that a value of the application may have where it is kept: every member and
 * item at any depth, and what is referred to several times counts each time. A few
 * objects that share references would otherwise hold the process for minutes, since
 * JSON writes each reference out.
 */
export const MAX_PARTS = 250_000;

/**
 * What no option changes, and whoever writes an application or a client may meet.
 * Another one is a row here and in docs/reference.md.
 */
export const FIXED_LIMITS = {
  nesting: MAX_NESTING,
  parts: MAX_PARTS,
  helloFeatures: HELLO_LIMITS.features,
  helloFeatureBytes: HELLO_LIMITS.featureBytes,
  helloClientBytes: HELLO_LIMITS.clientBytes,
  closeReasonBytes: 123,
  faultFields: 50,
  faultMessages: 10,
  faultTextLength: 200,
  keyFields: 16,
  partFields: MAX_PART_FIELDS,
  logLineBytes: 2048,
  logStackBytes: 8192,
  counterSeries: 1000,
} as const;

/** Whether `text`, which may be any text, nests brackets deeper than `limit`. */
export function nestsDeeperThan(limit: number, text: string): boolean {
  // A text cannot open more brackets than it has characters to close them, so
  // the common short message is never scanned.
  if (text.length < 2 * limit) return false;
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === BACKSLASH) i++;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) {
      inString = true;
    } else if (code === OPEN_BRACKET || code === OPEN_BRACE) {
      if (++depth > limit) return true;
    } else if (code === CLOSE_BRACKET || code === CLOSE_BRACE) {
      depth--;
    }
  }
  return false;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
