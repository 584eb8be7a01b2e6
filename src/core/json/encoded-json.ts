import { encodeEnvelope } from '../../protocol/envelope.js';
import { frozenJson } from './frozen-json.js';
import { NotJson, NotJsonError } from './not-json-error.js';
import { isInstance } from '../is-instance.js';

/**
 * Encodes a value that is only sent. It is encoded once. What JSON cannot
 * express is refused here, where there is a caller to tell.
 *
 * @throws NotJsonError naming the part that JSON cannot express.
 */
export function encodeMessage(prefix: string, message: unknown): string {
  try {
    return encodeEnvelope(prefix, message);
  } catch (error) {
    throw refusalOf(error, message, 'message');
  }
}

/**
 * The error for a value that could not be encoded. The value is walked once
 * more to find the part; that costs nothing while all goes well.
 *
 * @param name How the error calls the value.
 */
export function refusalOf(
  error: unknown,
  value: unknown,
  name: string,
): NotJsonError {
  if (isInstance(error, NotJson)) {
    return new NotJsonError(name, error.kind, error.message);
  }
  try {
    frozenJson(value, name);
  } catch (found) {
    if (isInstance(found, NotJsonError)) return found;
  }
  // The value is different each time it is read, or is too large for a text.
  return new NotJsonError(name, 'unreadable', 'it throws when it is read', {
    cause: error,
  });
}
