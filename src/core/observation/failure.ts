/** Where something has failed unexpectedly. */
export interface Failure {
  /** From a bounded set: a label of the counter, and a kind of line in the log. */
  readonly reason: string;
  /** The name of the service whose it is. */
  readonly service?: string;
  /** A part of the service: lines of one do not hush those of another. */
  readonly what?: string;
}
