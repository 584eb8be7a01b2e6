import { withRules, type ClassRules } from '../../core/json/class-rules.js';
import { refusalOf } from '../../core/json/encoded-json.js';
import { disown, isPromiseLike } from '../../core/promise-like.js';
import type { JsonValue } from '../../protocol/json.js';
import type { PubSubOptions } from './pubsub-options.js';

/**
 * What is sent in place of a message that the server publishes: the option
 * `serialize` is applied first, then the rules of the classes in it.
 *
 * @throws TypeError for a promise; NotJsonError for a value that JSON cannot
 *   express.
 */
export function leavingMessage(
  message: unknown,
  channel: JsonValue,
  options: PubSubOptions | undefined,
  rules: ClassRules | undefined,
): JsonValue {
  const serialize = options?.serialize;
  if (serialize && isPromiseLike(message)) {
    disown(message);
    throw new TypeError('The message is a promise. Wait for it.');
  }
  const own: unknown = serialize ? serialize(message, channel) : message;
  if (serialize && isPromiseLike(own)) {
    disown(own);
    throw new TypeError('`serialize` must answer at once, not by a promise.');
  }
  try {
    return withRules(own, rules) as JsonValue;
  } catch (error) {
    throw refusalOf(error, own, 'message');
  }
}
