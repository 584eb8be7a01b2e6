import { HELLO_LIMITS } from './features.js';
import { MAX_PART_FIELDS } from './subscription-headers.js';

/**
 * Levels of arrays and objects that a message may nest, the envelope included.
 * A message that nests deeper is discarded (over HTTP: status 400). The limit
 * bounds every recursion over a value that came from outside. The original
 * broke at about 195 levels over WebSocket and 979 over HTTP.
 */
export const MAX_NESTING = 1000;

/**
 * Parts of a value that the server keeps for an application. Every member and
 * item at any depth counts, and a value that is referred to several times
 * counts each time. Without the limit, a few objects that share references
 * could hold the process for minutes, since JSON writes each reference out.
 */
export const MAX_PARTS = 250_000;

/**
 * Limits that no option changes, and that authors of applications and clients
 * may meet. A new one is a row here and in docs/reference.md.
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

/** Whether a text, JSON or not, nests brackets deeper than `limit`. */
export function nestsDeeperThan(limit: number, text: string): boolean {
  // A text that nests deeper has at least so many opening and closing brackets.
  // So the usual short message is never scanned.
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
