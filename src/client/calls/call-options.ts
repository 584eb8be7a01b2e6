/** Options of one call. */
export interface CallOptions {
  /**
   * Milliseconds until the call is rejected with `SNORKY_TIMEOUT`; 0: never.
   * Time without a connection counts, unless `repeat` is set.
   *
   * @default the option `timeout` of the `Snorky` object, 30000
   */
  readonly timeout?: number;
  /**
   * Rejects the call with the signal's reason. A command that still waits for a
   * connection is not sent. One that was sent runs, and its answer is ignored.
   */
  readonly signal?: AbortSignal;
  /**
   * States that running the command twice does no harm. If the connection is
   * lost before the answer, the call waits, and is sent again on the next one.
   *
   * @default false: it is rejected with `SNORKY_CONNECTION_LOST`
   */
  readonly repeat?: boolean;
}
