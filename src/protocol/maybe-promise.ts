/**
 * An answer that may be at hand or on its way. Who gets one goes on at once where
 * it is at hand: so one node keeps the synchronous order of the wire.
 */
export type MaybePromise<T> = T | PromiseLike<T>;
