import { RpcError } from '../../core/rpc-error.js';
import type { Delta } from '../../protocol/delta.js';
import { WireError } from '../../protocol/errors.js';
import { isJsonObject, type JsonValue } from '../../protocol/json.js';

export type { Delta, RowDelta, UpdateDelta } from '../../protocol/delta.js';

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
