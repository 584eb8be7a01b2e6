/** Which listener failed: the port it listens to, and the name. */
export interface ListenerSource {
  readonly port: 'topics' | 'directory';
  /** The name of the log, announcement or set; empty for `onLost`. */
  readonly name: string;
}

/** Told about each error that a listener has thrown. */
export type ListenerErrorHandler = (
  error: unknown,
  source: ListenerSource,
) => void;

/**
 * Counts and reports the errors that listeners throw. They are never thrown on:
 * the publisher is not to blame for its readers.
 */
export class ListenerFailures {
  #count = 0;
  readonly #handler: ListenerErrorHandler | undefined;

  constructor(handler?: ListenerErrorHandler) {
    this.#handler = handler;
  }

  /** How many errors there have been. */
  get count(): number {
    return this.#count;
  }

  report(error: unknown, source: ListenerSource): void {
    this.#count += 1;
    try {
      this.#handler?.(error, source);
    } catch {
      // A handler that fails must not keep the event from the other listeners.
    }
  }
}
