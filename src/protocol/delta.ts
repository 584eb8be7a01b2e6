import type { JsonValue } from './json.js';

/** A row was created or removed. */
export interface RowDelta<Row = JsonValue> {
  readonly type: 'insert' | 'delete';
  /** Which kind of row, for example the name of its table. */
  readonly model: string;
  /** The row, as it was created or before it was removed. */
  readonly data: Row;
  /**
   * A number that grows with each change of the row. Collections ignore a delta
   * that is older than what they have. Sent to resumable subscriptions only.
   */
  readonly version?: number;
}

/** A row was changed. */
export interface UpdateDelta<Row = JsonValue> {
  readonly type: 'update';
  readonly model: string;
  readonly newData: Row;
  /** What identifies the row, and every field that a dealer looks at. */
  readonly oldData: Row;
  readonly version?: number;
}

/** A change of a row. */
export type Delta<Row = JsonValue> = RowDelta<Row> | UpdateDelta<Row>;
