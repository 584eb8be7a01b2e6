import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * When a post was sent, in seconds since 1970. It is a part of what is signed.
 */
export const TIMESTAMP_HEADER = 'X-Snorky-Timestamp';
/**
 * `v1=` and the signature in hexadecimal digits; several signatures are
 * separated by commas.
 */
export const SIGNATURE_HEADER = 'X-Snorky-Signature';
/**
 * The id of a delivery: the same in each attempt to deliver the same events.
 */
export const DELIVERY_HEADER = 'X-Snorky-Delivery';

const VERSION = 'v1=';

/**
 * The signature of a body: HMAC-SHA256 over the time stamp, a dot and the body.
 * The time stamp is signed so that nobody can send an old post again as if it
 * were new.
 */
export function sign(secret: string, timestamp: string, body: string): string {
  const hash = createHmac('sha256', secret).update(`${timestamp}.${body}`);
  return VERSION + hash.digest('hex');
}

/** What {@link verifyWebhook} needs of a request. */
export interface WebhookRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The body as it arrived, before it was parsed. */
  readonly body: string | Uint8Array;
}

/** The options of {@link verifyWebhook}. */
export interface VerifyOptions {
  /**
   * The age of a post at most, in milliseconds; as far may the clocks be apart.
   * @default 300_000
   */
  readonly tolerance?: number;
  /** @default Date.now */
  readonly now?: () => number;
}

/**
 * Whether a post of events comes from somebody who knows the secret, and is not
 * an old one. The receiver of the posts calls this.
 *
 * @param secrets One secret, or several while it is being replaced.
 *
 * @example In Express, with `express.raw({ type: 'application/json' })`
 * if (!verifyWebhook({ headers: req.headers, body: req.body }, secret)) {
 *   return res.sendStatus(401);
 * }
 * const { events } = JSON.parse(req.body);
 */
export function verifyWebhook(
  { headers, body }: WebhookRequest,
  secrets: string | readonly string[],
  { tolerance = 300_000, now = Date.now }: VerifyOptions = {},
): boolean {
  const timestamp = headers[TIMESTAMP_HEADER.toLowerCase()];
  const signatures = headers[SIGNATURE_HEADER.toLowerCase()];
  if (typeof timestamp !== 'string' || typeof signatures !== 'string') {
    return false;
  }
  if (!/^\d{1,12}$/.test(timestamp)) return false;
  if (!(Math.abs(now() - Number(timestamp) * 1000) <= tolerance)) return false;
  const text = typeof body === 'string' ? body : Buffer.from(body).toString();
  const known = typeof secrets === 'string' ? [secrets] : secrets;
  const given = signatures.split(',', 10).map((one) => one.trim());
  let accepted = false;
  for (const secret of known) {
    if (secret === '') continue;
    const expected = Buffer.from(sign(secret, timestamp, text));
    for (const one of given) {
      const bytes = Buffer.from(one);
      // The early exit reveals nothing: lengths are no secret.
      if (bytes.length !== expected.length) continue;
      accepted = timingSafeEqual(bytes, expected) || accepted;
    }
  }
  return accepted;
}
