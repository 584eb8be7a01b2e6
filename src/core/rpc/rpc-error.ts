import { encodeJson } from '../../protocol/envelope.js';
import {
  INVALID_PARAMS_CODE,
  WireError,
  type InvalidParamsValue,
} from '../../protocol/errors.js';
import type { JsonObject, JsonValue } from '../../protocol/json.js';
import type { JsonInput } from '../../protocol/json-input.js';
import type { FieldFault } from '../field-fault.js';
import { refusalOf } from '../json/encoded-json.js';

/**
 * Thrown by a command to answer its call with an error. It is not logged: it is
 * an answer, not a fault of the server.
 *
 * @example
 * if (number <= 0) throw new RpcError('number must be positive');
 */
export class RpcError extends Error {
  /** What the client gets as the error's `message`. */
  readonly value: JsonValue;

  /**
   * @param value Normally a sentence for the caller; any JSON is allowed. Without
   *   one it is 'Exception'.
   * @throws NotJsonError when JSON cannot express it.
   */
  constructor(value: JsonInput = WireError.exception) {
    super(typeof value === 'string' ? value : textOf(value));
    this.name = 'RpcError';
    // The type is right once the value has been encoded.
    this.value = value as JsonValue;
  }
}

function textOf(value: unknown): string {
  try {
    return encodeJson(value);
  } catch (error) {
    throw refusalOf(error, value, 'error');
  }
}

/**
 * The error `Invalid params`, and its reason. The caller learns the reason only
 * if it is exposed; otherwise only the log shows it, at level `debug`.
 *
 * @internal
 */
export class InvalidParams extends RpcError {
  /**
   * @param why A reason in our own words, with names in it but no values;
   *   undefined where `faults` has a validator's words.
   * @param faults What is wrong with which value. Empty for a fault that no
   *   user can correct: a parameter that is missing, or unknown.
   * @param exposed Whether the caller learns of the faults, if there are any.
   */
  constructor(
    readonly why: string | undefined,
    readonly faults: readonly FieldFault[] = [],
    exposed = false,
  ) {
    super(
      exposed && faults.length > 0 ? valueOf(faults) : WireError.invalidParams,
    );
  }
}

function valueOf(faults: readonly FieldFault[]): JsonObject {
  // Unlike an assignment, this makes a member of a field that is called
  // `__proto__`.
  const fields = Object.fromEntries(
    faults.map(({ path, messages }) => [path, messages]),
  );
  const value: InvalidParamsValue = { code: INVALID_PARAMS_CODE, fields };
  return { ...value };
}
