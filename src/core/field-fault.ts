/** What a validator says of one value among the params. */
export interface FieldFault {
  /** `address.street`, `items.0.name`; empty for the params as a whole. */
  readonly path: string;
  /** At least one. They are the validator's words, and may quote the value. */
  readonly messages: readonly string[];
}
