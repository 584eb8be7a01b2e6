/**
 * HTTP headers with which a client asks for rows and a subscription in one
 * request. The names are part of the protocol.
 */
export const SubscriptionHeader = {
  /** Sent with a request: `Subscribe` or `Renew`, in any case. */
  ask: 'X-Snorky',
  /** Sent with an answer: the token. */
  token: 'X-Subscription-Token',
  /** The same value under the header's other name. */
  alias: 'X-Subscription',
  /** Sent with an answer that has only a part of the matching rows. */
  partial: 'X-Subscription-Partial',
  /** Sent with an answer: whole milliseconds until the subscription expires. */
  expires: 'X-Subscription-Expires',
} as const;

/** Fields at most that decide which rows are in a part. */
export const MAX_PART_FIELDS = 16;
/** Characters at most of the header that names the fields. */
const MAX_PART_LENGTH = 1024;

/**
 * The value of `X-Subscription-Partial`: the fields that decide which rows are
 * in the part. Names that the header cannot carry - they may have come from a
 * request - make the order an unknown one. That costs fetches, but is never
 * wrong.
 */
export function encodePart(fields: unknown): string {
  return tellsPart(fields) ? encodeFields(fields) : 'order-unknown';
}

/**
 * The fields that the header names; none if the order is unknown, or the header
 * has another form.
 */
export function decodePart(value: string): readonly string[] {
  const [, names = ''] = /^ordered-by=(.+)/.exec(value) ?? [];
  try {
    return names.split(',', names.length).map(decodeURIComponent);
  } catch {
    return [];
  }
}

/** Whether a value is a list of field names that the header has room for. */
export function tellsPart(fields: unknown): fields is readonly string[] {
  return (
    Array.isArray(fields) &&
    fields.length > 0 &&
    fields.length <= MAX_PART_FIELDS &&
    // Half a surrogate pair has no encoding.
    fields.every(
      (name) =>
        typeof name === 'string' && name !== '' && !/\p{Cs}/u.test(name),
    ) &&
    encodeFields(fields as readonly string[]).length <= MAX_PART_LENGTH
  );
}

/**
 * Encodes the names, so that any name fits into ASCII and commas can separate
 * them.
 */
function encodeFields(fields: readonly string[]): string {
  return `ordered-by=${fields.map(encodeURIComponent).join()}`;
}

/**
 * What the value of `X-Snorky` asks for: rows with a subscription, or a new
 * subscription for rows that the client has.
 */
export function askedBy(
  value: string | string[] | undefined,
): 'subscribe' | 'renew' | undefined {
  const asked = String(value ?? '')
    .trim()
    .toLowerCase();
  return asked === 'subscribe' || asked === 'renew' ? asked : undefined;
}
