/** Which listener failed: the port it listens to, and the name. */
export interface ListenerSource {
  readonly port: 'topics' | 'directory';
  /** That of the log, announcement or set; empty for `onLost`. */
  readonly name: string;
}

/** Told about each error that a listener has thrown. */
export type ListenerErrorHandler = (
  error: unknown,
  source: ListenerSource,
) => void;

/**
 * Where the errors of listeners go. They belong to nobody's call - the
 * publisher is not to blame for its readers - so they are counted and reported,
 * never thrown on.
 */
export class ListenerFailures {
  #count = 0;
  readonly #handler: ListenerErrorHandler | undefined;

  constructor(handler?: ListenerErrorHandler) {
    this.#handler = handler;
  }

  /** How many there have been. */
  get count(): number {
    return this.#count;
  }

  report(error: unknown, source: ListenerSource): void {
    this.#count += 1;
    try {
      this.#handler?.(error, source);
    } catch {
      // A reporter that fails must not keep the other listeners from theirs.
    }
  }
}
