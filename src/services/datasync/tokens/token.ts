import { randomBytes } from 'node:crypto';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
const LENGTH = 32;
/** Bytes from here on would make the first letters likelier than the last. */
const FAIR = 256 - (256 % ALPHABET.length);

/**
 * A token: 32 characters of `[a-z0-9]` from the system's secure generator, about
 * 165 bits. Whoever has it may acquire the subscription.
 */
export function newToken(): string {
  let token = '';
  while (token.length < LENGTH) {
    for (const byte of randomBytes(LENGTH)) {
      if (byte < FAIR && token.length < LENGTH) {
        token += ALPHABET[byte % ALPHABET.length];
      }
    }
  }
  return token;
}

/** Whether a text can be a token at all: it becomes a key of the broker's. */
export function isToken(text: string): boolean {
  return text.length === LENGTH && /^[a-z0-9]+$/.test(text);
}
