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
 * What a command throws to answer its call with an error. It is not logged: it
 * is an answer, not a fault of the server.
 *
 * @example
 * if (number <= 0) throw new RpcError('number must be positive');
 */
export class RpcError extends Error {
  /** What the client gets as the error's `message`. */
  readonly value: JsonValue;

  /**
   * @param value Normally a sentence for the caller; whatever JSON can express is
   *   allowed.
   * @throws NotJsonError when JSON cannot express it.
   */
  constructor(value: JsonInput = WireError.exception) {
    super(typeof value === 'string' ? value : textOf(value));
    this.name = 'RpcError';
    // As it is encoded, later.
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
 * `Invalid params`, and why. The caller learns no more than that, unless it is
 * exposed; the reason is for the log, at level `debug`.
 *
 * @internal
 */
export class InvalidParams extends RpcError {
  /**
   * @param why In our own words, with names in them but no values; undefined
   *   where a validator's words in `faults` are all there is.
   * @param faults What is wrong with which value. Empty for what no user can
   *   put right: a parameter that is missing, or unknown.
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
  // Unlike an assignment, this makes a member of a field called `__proto__`.
  const fields = Object.fromEntries(
    faults.map(({ path, messages }) => [path, messages]),
  );
  const value: InvalidParamsValue = { code: INVALID_PARAMS_CODE, fields };
  return { ...value };
}
