import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * The keys that a backend accepts: several at once, so that a key can be
 * rotated without a moment in which a caller is locked out.
 */
export class BackendKeys {
  private readonly digests: readonly Buffer[];

  /** @throws TypeError when there is no key, or one is empty. */
  constructor(keys: string | readonly string[]) {
    const list = typeof keys === 'string' ? [keys] : keys;
    if (list.length === 0 || list.some((key) => !key)) {
      throw new TypeError('A backend needs at least one key, and none empty.');
    }
    this.digests = list.map((key) => digest(Buffer.from(key, 'utf8')));
  }

  /**
   * Whether the header holds one of the keys. It takes the same time for every
   * wrong value: digests have one length, and all of them are compared.
   *
   * @param header As Node gives it: one character per byte received.
   */
  accept(header: string | string[] | undefined): boolean {
    if (typeof header !== 'string' || header === '') return false;
    const given = digest(Buffer.from(header, 'latin1'));
    let accepted = false;
    for (const known of this.digests) {
      accepted = timingSafeEqual(given, known) || accepted;
    }
    return accepted;
  }
}

function digest(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
