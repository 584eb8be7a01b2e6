/** Whether a result is still on its way. */
export function isPromiseLike<T>(
  value: T | PromiseLike<T>,
): value is PromiseLike<T>;
export function isPromiseLike(value: unknown): value is PromiseLike<unknown>;
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}

/**
 * Goes on with an answer, at once where it is at hand: a promise in between
 * would cost a turn, and others could overtake.
 */
export function whenReady<Answer, Result>(
  answer: Answer | PromiseLike<Answer>,
  act: (answer: Answer) => Result | PromiseLike<Result>,
): Result | PromiseLike<Result> {
  return isPromiseLike(answer) ? answer.then(act) : act(answer);
}
