/**
 * HTTP headers with which a client asks for rows and a subscription in one
 * request. The names are part of the protocol.
 */
export const SubscriptionHeader = {
  /** Of the request: `Subscribe`, in any case. */
  ask: 'X-Snorky',
  /** Of the answer: the token. */
  token: 'X-Subscription-Token',
  /** The same, by its other name. */
  alias: 'X-Subscription',
} as const;

/** Whether the value of `X-Snorky` asks for a subscription. */
export function asksToSubscribe(value: string | string[] | undefined): boolean {
  return (
    String(value ?? '')
      .trim()
      .toLowerCase() === 'subscribe'
  );
}
