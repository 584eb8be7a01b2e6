import { RpcError } from '../../core/rpc-error.js';
import { WireError } from '../../protocol/errors.js';
import { isJsonObject, type JsonValue } from '../../protocol/json.js';

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

/**
 * Checks a batch of deltas. Fields that are none of a delta's are dropped.
 *
 * @throws RpcError for the first delta that is none.
 */
export function parseDeltas(value: JsonValue): Delta[] {
  if (!Array.isArray(value)) throw new RpcError(WireError.deltasNotAList);
  return value.map(parseDelta);
}

function parseDelta(value: JsonValue): Delta {
  if (!isJsonObject(value)) throw new RpcError(WireError.deltaNotAnObject);
  const { type, model, data, newData, oldData, version } = value;
  if (type === undefined || model === undefined) {
    throw new RpcError(WireError.missingField);
  }
  if (typeof model !== 'string') throw new RpcError(WireError.modelNotAString);
  if (type !== 'insert' && type !== 'delete' && type !== 'update') {
    throw new RpcError(WireError.invalidDeltaType);
  }
  // Members of that name that mean something else are dropped, as all others.
  const versioned = typeof version === 'number' ? { version } : {};
  if (type === 'update') {
    if (newData === undefined || oldData === undefined) {
      throw new RpcError(WireError.missingField);
    }
    return { type, model, newData, oldData, ...versioned };
  }
  if (data === undefined) throw new RpcError(WireError.missingField);
  return { type, model, data, ...versioned };
}
