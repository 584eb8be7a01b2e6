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
 * A native promise of any thenable. The `then` of an application may throw,
 * call back twice or return nothing. A native promise is returned as it is.
 */
export function asPromise<T>(value: PromiseLike<T>): Promise<T> {
  const usual =
    Object.getPrototypeOf(value) === Promise.prototype &&
    !Object.hasOwn(value, 'then') &&
    !Object.hasOwn(value, 'constructor');
  return usual
    ? (value as Promise<T>)
    : new Promise((resolve) => resolve(value));
}

/**
 * Ignores the outcome of a promise that nobody waits for. Its rejection would
 * otherwise end the process.
 */
export function disown(value: unknown): void {
  if (isPromiseLike(value)) asPromise(value).catch(() => {});
}

/**
 * Calls a function with an answer, at once where the answer is at hand: a
 * promise in between would cost a turn, and other messages could overtake.
 */
export function whenReady<Answer, Result>(
  answer: Answer | PromiseLike<Answer>,
  act: (answer: Answer) => Result | PromiseLike<Result>,
): Result | PromiseLike<Result> {
  return isPromiseLike(answer) ? asPromise(answer).then(act) : act(answer);
}

/**
 * The answer of something that calls back, at once where it calls back at once.
 * `act` gets the two functions that a promise's executor would get.
 *
 * @throws What `act` rejects with before it returns.
 */
export function whenSettled<Answer>(
  act: (
    resolve: (answer: Answer) => void,
    reject: (error: unknown) => void,
  ) => void,
): Answer | Promise<Answer> {
  let settled: { answer: Answer } | { error: unknown } | undefined;
  let resolveLater: ((answer: Answer) => void) | undefined;
  let rejectLater: ((error: unknown) => void) | undefined;
  act(
    (answer) => {
      settled ??= { answer };
      resolveLater?.(answer);
    },
    (error) => {
      settled ??= { error };
      rejectLater?.(error);
    },
  );
  if (settled === undefined) {
    return new Promise((resolve, reject) => {
      resolveLater = resolve;
      rejectLater = reject;
    });
  }
  if ('error' in settled) throw settled.error;
  return settled.answer;
}
