import {
  DELIVERY_HEADER,
  sign,
  SIGNATURE_HEADER,
  TIMESTAMP_HEADER,
} from './webhook-signature.js';
import type { WebhookSettings } from './webhook-options.js';

/** How one attempt ended. */
export type Outcome =
  | { readonly kind: 'arrived' }
  | {
      /**
       * `refused`: another attempt would be refused too. `failed`: another one
       * may succeed.
       */
      readonly kind: 'refused' | 'failed';
      readonly why: string;
      /** Milliseconds that the receiver asks to wait. */
      readonly retryAfter?: number;
    };

/** Statuses below 500 after which another attempt may succeed. */
const TEMPORARY = [408, 425, 429];
const LONGEST_WAIT = 300_000;

/** Posts a body once. Never rejects. Reads only the head of the answer. */
export async function post(
  { url, secret, timeout }: WebhookSettings,
  body: string,
  delivery: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const timestamp = String(Math.floor(Date.now() / 1000));
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      // A redirect is not followed: nobody has said that its target may have
      // the events.
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
      headers: {
        'Content-Type': 'application/json',
        [TIMESTAMP_HEADER]: timestamp,
        [SIGNATURE_HEADER]: sign(secret, timestamp, body),
        [DELIVERY_HEADER]: delivery,
      },
      body,
    });
  } catch (error) {
    return { kind: 'failed', why: reasonOf(error) };
  }
  response.body?.cancel().catch(() => undefined);
  const { ok, status, headers } = response;
  if (ok) return { kind: 'arrived' };
  const why = `the receiver answered ${status}`;
  const temporary = status >= 500 || TEMPORARY.includes(status);
  if (!temporary) return { kind: 'refused', why };
  const seconds = Number(headers.get('Retry-After') ?? 0);
  const retryAfter = Math.min(seconds * 1000 || 0, LONGEST_WAIT);
  return { kind: 'failed', why, retryAfter };
}

/** The error `fetch failed` tells nothing; its cause has a code. */
function reasonOf(error: unknown): string {
  const { name, cause } = error as Error;
  const { code } = (cause ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : name;
}
