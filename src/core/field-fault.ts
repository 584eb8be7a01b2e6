/** What a validator says of one value among the params. */
export interface FieldFault {
  /**
   * The path of the value: `address.street`, `items.0.name`; empty for the
   * params as a whole.
   */
  readonly path: string;
  /** At least one. The words are the validator's, and may quote the value. */
  readonly messages: readonly string[];
}
