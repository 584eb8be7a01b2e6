import type { Followed } from './datasync-subscription.js';
import { Reconnection } from '../connection/reconnection.js';
import {
  fetchSubscribing,
  type SubscribingRequest,
} from './subscribing-fetch.js';
import { after, now, type Timer } from '../timer.js';

/**
 * Renews a subscription before it expires, at a random time in its last
 * quarter, so that pages which were opened together do not ask together. A
 * failed attempt is repeated until the subscription expires; the server then
 * ends it.
 *
 * @param lasts Milliseconds until it expires; 0 if it does not.
 * @param refused Called when it cannot continue under the token that it was
 *   given.
 * @returns A function that stops the renewal.
 */
export function renewing(
  request: Omit<SubscribingRequest, 'aborter'>,
  followed: Followed,
  lasts: number,
  refused: () => void,
): () => void {
  let timer: Timer;
  let aborter: AbortController | undefined;
  let isOver = false;

  const begin = (left: number): void => {
    const end = now() + left;
    const backoff = new Reconnection();
    const renew = async (): Promise<void> => {
      aborter = new AbortController();
      const asked = { ...request, aborter, isRenewal: true };
      const answer = await fetchSubscribing(asked);
      if (isOver) return;
      if ('error' in answer) {
        const delay = backoff.nextDelay() + (answer.retryAfter ?? 0);
        const isInTime = answer.temporary && now() + delay < end;
        if (isInTime) timer = setTimeout(wake, delay);
        return;
      }
      const { token } = answer;
      if (!token) return;
      const nextEnd = now() + answer.lasts;
      const isRenewed = await followed.renew(token);
      if (isOver || followed.state === 'gone') return;
      if (isRenewed) begin(nextEnd - now());
      else refused();
    };
    const wake = (): void => void renew();
    timer = after(left * (0.75 + Math.random() * 0.15), wake);
  };

  begin(lasts);
  return () => {
    isOver = true;
    clearTimeout(timer);
    aborter?.abort();
  };
}
