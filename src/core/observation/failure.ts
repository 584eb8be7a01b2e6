/** An unexpected failure, and where it happened. */
export interface Failure {
  /**
   * A label of the counter, and a kind of line in the log; from a bounded set.
   */
  readonly reason: string;
  /** The name of the service that failed. */
  readonly service?: string;
  /**
   * A part of the service. Lines about one part do not use up the rate of
   * another.
   */
  readonly what?: string;
}
