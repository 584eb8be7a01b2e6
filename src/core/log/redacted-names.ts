/**
 * The names whose values a log line never shows. A name is compared with them
 * in parts, divided at capitals, digits and signs: `apiKey`, `API_KEY` and
 * `x-api-key` have the part `key`, `monkey` has not. Names of five letters or
 * more are found inside of words too: `userpassword`.
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

/** Names of this length or more are also looked for inside of words. */
const TELLING = 5;
/** Characters of the longest name that is compared. */
const LONGEST_NAME = 100;

/** Tells which values a line of the log must hide, by their names. */
export class HiddenNames {
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

  /** Whether the value under a name is hidden. */
  hides(name: string): boolean {
    // Such a long name would leave no room for its value in a line.
    if (name.length > LONGEST_NAME) return true;
    const parts = partsOf(name);
    const flat = parts.join('');
    return (
      [flat, ...parts].some((part) => this.has(part)) ||
      this.telling.some((part) => flat.includes(part))
    );
  }

  /** Whether a value is itself the name of something hidden. */
  are(value: unknown): boolean {
    return (
      typeof value === 'string' &&
      value.length <= LONGEST_NAME &&
      this.hides(value)
    );
  }

  /** Whether a text contains one of the names and a value after it. */
  tells(text: string): boolean {
    const flat = partsOf(text).join('');
    if (this.telling.some((part) => flat.includes(part))) return true;
    for (const [, name = ''] of text.matchAll(ASSIGNMENT)) {
      if (this.hides(name)) return true;
    }
    return false;
  }

  private has(part: string): boolean {
    return (
      this.parts.has(part) ||
      (part.endsWith('s') && this.parts.has(part.slice(0, -1)))
    );
  }
}

/**
 * A name, and the sign that makes what follows its value: `pin=`, `"pin": `,
 * `\"pin\":`.
 */
const ASSIGNMENT = /([\p{L}\p{N}_.-]+)[\\"'\]\s]*[:=]/gu;

/** Words, also inside of `camelCase`, `snake_case` and `kebab-case`. */
const PART = /\p{Lu}+(?!\p{Ll})|\p{Lu}?\p{Ll}+|\p{L}+|\p{N}+/gu;

function partsOf(name: string): string[] {
  return (name.normalize('NFKC').match(PART) ?? []).map((part) =>
    part.toLowerCase(),
  );
}
