import { randomBytes } from 'node:crypto';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
const LENGTH = 32;
/**
 * Random bytes from here on are dropped: they would make the first letters
 * likelier than the last.
 */
const FAIR = 256 - (256 % ALPHABET.length);

/**
 * A token: 32 characters of `[a-z0-9]` from the system's secure generator,
 * about 165 bits. Whoever has a token may acquire its subscription.
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

/** Whether a text can be a token at all. It becomes a key of the broker. */
export function isToken(text: string): boolean {
  return text.length === LENGTH && /^[a-z0-9]+$/.test(text);
}
