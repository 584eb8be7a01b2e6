/** The questions to the server's process. */
export type ServerQuestion =
  /** Makes changes, each in a batch of its own. Answers `Changed`. */
  | { readonly type: 'change'; readonly times: number }
  /**
   * Makes one change, and publishes the number to `CHANNEL`. Answers `Changed`.
   */
  | { readonly type: 'probe'; readonly number: number };

/** The first message of the process. */
export interface Listening {
  readonly port: number;
  /** Milliseconds since 1970. */
  readonly listeningAt: number;
  readonly cpu: number;
}

export interface Changed {
  /** The rows, in the form of `textOf`. */
  readonly rows: string;
  /** Fetches with a subscription since the server was started. */
  readonly fetches: number;
  /** CPU time of the process in milliseconds, all threads. */
  readonly cpu: number;
}

/** The channel of the probes. */
export const CHANNEL = 'probes';
