import { BrokerUnavailable, BrokerUncertain } from '../broker/broker-errors.js';
import { asPromise, isPromiseLike } from './promise-like.js';

/**
 * Does the rest of something of which a part is done. If the broker cannot be
 * reached for the rest, the caller must not hear that nothing was done.
 */
export function afterPart<Answer>(
  act: () => Answer | PromiseLike<Answer>,
): Answer | PromiseLike<Answer> {
  try {
    const answer = act();
    return isPromiseLike(answer)
      ? asPromise(answer).then(undefined, uncertain)
      : answer;
  } catch (error) {
    return uncertain(error);
  }
}

function uncertain(error: unknown): never {
  throw error instanceof BrokerUnavailable
    ? new BrokerUncertain({ cause: error })
    : error;
}
