/**
 * An answer that may be at hand or on its way. Callers go on at once where it
 * is at hand: so a single node keeps the synchronous order of the wire.
 */
export type MaybePromise<T> = T | PromiseLike<T>;
