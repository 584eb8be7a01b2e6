import { RpcError } from '../../../core/rpc/rpc-error.js';
import { WireError } from '../../../protocol/errors.js';
import type { JsonValue } from '../../../protocol/json.js';

/**
 * The names of the models whose rows are to be fetched again. @throws RpcError
 */
export function modelNamesOf(models: JsonValue): readonly string[] {
  if (isListOfTexts(models)) return models;
  throw new RpcError(WireError.modelsNotAList);
}

function isListOfTexts(value: JsonValue): value is string[] {
  return (
    Array.isArray(value) && value.every((each) => typeof each === 'string')
  );
}
