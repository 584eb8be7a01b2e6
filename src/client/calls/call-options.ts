/** How a call is made, beside its parameters. */
export interface CallOptions {
  /**
   * Milliseconds until the call is rejected with `SNORKY_TIMEOUT`; 0: never. The
   * time without a connection is included, unless the call is to `repeat`.
   *
   * @default the option `timeout` of the `Snorky` object, 30000
   */
  readonly timeout?: number;
  /**
   * Rejects the call with the signal's reason. The command is not sent if it
   * still waits for a connection; otherwise it runs, and its answer is ignored.
   */
  readonly signal?: AbortSignal;
  /**
   * Running the command twice does no harm. If the connection is lost before
   * the answer, the call waits, and is sent again on the next one.
   *
   * @default false: it is rejected with `SNORKY_CONNECTION_LOST`
   */
  readonly repeat?: boolean;
}
