import { FIXED_LIMITS } from '../../protocol/limits.js';

/** The bytes that a close frame has for its reason (RFC 6455, section 5.5). */
const MAX_REASON_BYTES = FIXED_LIMITS.closeReasonBytes;

/** Cuts a reason to the 123 bytes that a close frame has for it. */
export function cutReason(reason: string): string {
  // Each character takes at least one byte.
  let cut = reason.slice(0, MAX_REASON_BYTES + 1);
  while (Buffer.byteLength(cut) > MAX_REASON_BYTES) {
    // Cut by code points: half a surrogate pair would become another, longer
    // character.
    cut = Array.from(cut).slice(0, -1).join('').slice(0, MAX_REASON_BYTES);
  }
  return cut;
}

/**
 * Refuses a code that an endpoint may not send (RFC 6455, section 7.4), and a
 * reason that is no text. It is called before anything is done: an error
 * afterwards would leave the connection half closed.
 *
 * @throws RangeError for the code, TypeError for the reason.
 */
export function checkClosing(code: unknown, reason: unknown): void {
  if (typeof reason !== 'string') {
    throw new TypeError(
      `The reason of close() must be a text, not a ${typeof reason}.`,
    );
  }
  if (typeof code !== 'number') {
    throw new RangeError(
      `The code of close() must be a number, not a ${typeof code}: use 1000, or 4200 to 4999.`,
    );
  }
  const allowed =
    Number.isInteger(code) &&
    ((code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) ||
      (code >= 3000 && code <= 4999));
  if (allowed) return;
  throw new RangeError(
    `${code} is no code for close(): use 1000, or 4200 to 4999.`,
  );
}
