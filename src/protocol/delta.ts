import type { JsonValue } from './json.js';

/** A row was created or removed. */
export interface RowDelta<
  Row = JsonValue,
  Model extends string = string,
  Type extends 'insert' | 'delete' = 'insert' | 'delete',
> {
  readonly type: Type;
  /** The kind of the row, for example the name of its table. */
  readonly model: Model;
  /** The row, as it was created or before it was removed. */
  readonly data: Row;
  /**
   * A number that grows with each change of the row. Collections ignore a delta
   * that is older than their row. Sent to resumable subscriptions only.
   */
  readonly version?: number;
}

/** A row was changed. */
export interface UpdateDelta<
  Row = JsonValue,
  Model extends string = string,
  Old = Row,
> {
  readonly type: 'update';
  readonly model: Model;
  readonly newData: Row;
  /** The fields that identify the row, and every field that a dealer reads. */
  readonly oldData: Old;
  readonly version?: number;
}

/**
 * A change of a row.
 *
 * @typeParam Old The type of a row's former state, and of a removed row.
 */
export type Delta<Row = JsonValue, Model extends string = string, Old = Row> =
  | RowDelta<Row, Model, 'insert'>
  | RowDelta<Old, Model, 'delete'>
  | UpdateDelta<Row, Model, Old>;
