import { encodeEnvelope } from '../../protocol/envelope.js';
import { frozenJson } from './frozen-json.js';
import { NotJson, NotJsonError } from './not-json-error.js';
import { isInstance } from '../is-instance.js';

/**
 * The door for values that are only sent: encoded once, and what JSON cannot
 * express is refused where there is somebody to tell.
 *
 * @throws NotJsonError naming the part that cannot be.
 */
export function encodeMessage(prefix: string, message: unknown): string {
  try {
    return encodeEnvelope(prefix, message);
  } catch (error) {
    throw refusalOf(error, message, 'message');
  }
}

/**
 * What to say of a value that could not be encoded. Only then is it looked at
 * once more, to find the part.
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
  // It depends on when it is asked, or is too large for a text.
  return new NotJsonError(name, 'unreadable', 'it throws when it is read', {
    cause: error,
  });
}
