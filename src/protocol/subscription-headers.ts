/**
 * HTTP headers with which a client asks for rows and a subscription in one
 * request. The names are part of the protocol.
 */
export const SubscriptionHeader = {
  /** Sent with a request: `Subscribe` or `Renew`, in any case. */
  ask: 'X-Snorky',
  /** Sent with an answer: the token. */
  token: 'X-Subscription-Token',
  /** The same, by its other name. */
  alias: 'X-Subscription',
  /**
   * Sent with an answer that has a part of the matching rows, not all of them.
   */
  partial: 'X-Subscription-Partial',
  /** Sent with an answer: whole milliseconds until the subscription ends. */
  expires: 'X-Subscription-Expires',
} as const;

/** Fields that may decide what is in a part. */
export const MAX_PART_FIELDS = 16;
/** Characters of the header that names them. */
const MAX_PART_LENGTH = 1024;

/**
 * The value of `X-Subscription-Partial`, by the fields that decide what is in the
 * part. What cannot be told - perhaps it came from a request - makes the order an
 * unknown one: that costs fetches, but is never wrong.
 */
export function encodePart(fields: unknown): string {
  return tellsPart(fields) ? encodeFields(fields) : 'order-unknown';
}

/** The fields; none if the order is unknown, or was told in another way. */
export function decodePart(value: string): readonly string[] {
  const [, names = ''] = /^ordered-by=(.+)/.exec(value) ?? [];
  try {
    return names.split(',', names.length).map(decodeURIComponent);
  } catch {
    return [];
  }
}

/** Whether they are names of fields that the header has room for. */
export function tellsPart(fields: unknown): fields is readonly string[] {
  return (
    Array.isArray(fields) &&
    fields.length > 0 &&
    fields.length <= MAX_PART_FIELDS &&
    // Half a character has no encoding.
    fields.every(
      (name) =>
        typeof name === 'string' && name !== '' && !/\p{Cs}/u.test(name),
    ) &&
    encodeFields(fields as readonly string[]).length <= MAX_PART_LENGTH
  );
}

/** Names are encoded, so that any name fits into ASCII, and commas part them. */
function encodeFields(fields: readonly string[]): string {
  return `ordered-by=${fields.map(encodeURIComponent).join()}`;
}

/**
 * What the value of `X-Snorky` asks for: rows and a subscription, or a subscription
 * for rows that the client has.
 */
export function askedBy(
  value: string | string[] | undefined,
): 'subscribe' | 'renew' | undefined {
  const asked = String(value ?? '')
    .trim()
    .toLowerCase();
  return asked === 'subscribe' || asked === 'renew' ? asked : undefined;
}
