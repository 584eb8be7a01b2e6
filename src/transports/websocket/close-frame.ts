/** What a close frame has for its reason (RFC 6455, section 5.5). */
const MAX_REASON_BYTES = 123;

/** The reason in the 123 bytes that a close frame has for it. */
export function cutReason(reason: string): string {
  let cut = reason;
  while (Buffer.byteLength(cut) > MAX_REASON_BYTES) {
    // By code points: half a surrogate pair would be another, longer character.
    cut = Array.from(cut).slice(0, -1).join('').slice(0, MAX_REASON_BYTES);
  }
  return cut;
}

/**
 * Refuses a code that an endpoint may not send (RFC 6455, section 7.4).
 *
 * @throws RangeError
 */
export function checkCloseCode(code: number): void {
  const allowed =
    Number.isInteger(code) &&
    ((code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) ||
      (code >= 3000 && code <= 4999));
  if (allowed) return;
  throw new RangeError(
    `${code} is no code for close(): use 1000, or 4200 to 4999.`,
  );
}
