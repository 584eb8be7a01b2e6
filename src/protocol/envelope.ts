import { isJsonObject, type JsonValue } from './json.js';
import { MAX_NESTING, nestsDeeperThan } from './limits.js';

/** What travels in both directions: a message, and the name of its service. */
export interface Envelope {
  readonly service: string;
  readonly message: JsonValue;
}

/** An envelope as it arrived: the name of the service may be any JSON value. */
export interface IncomingEnvelope {
  readonly service: JsonValue;
  readonly message: JsonValue;
}

/**
 * Why a text was not taken as a message. Over a socket the text is discarded
 * without an answer; over HTTP the request is refused with the `status`.
 */
export const MessageFault = {
  invalidJson: { status: 400, text: 'The message is not valid JSON' },
  nestedTooDeep: {
    status: 400,
    // MAX_NESTING, written out: bundlers cannot drop a text that they would
    // have to compute.
    text: 'The message nests deeper than 1000 levels',
  },
  notAnEnvelope: {
    status: 400,
    text: 'The message is not an object with "service" and "message"',
  },
  unknownService: { status: 404, text: 'There is no such service' },
  notACall: {
    status: 400,
    text: 'The RPC message is not an object with "command" and "params"',
  },
  failed: { status: 500, text: 'The service failed' },
} as const;

/** One of the reasons in {@link MessageFault}. */
export type MessageFault = keyof typeof MessageFault;

/**
 * Reads an incoming text. Further top-level keys are ignored; of duplicate keys
 * the last one counts.
 */
export function decodeEnvelope(text: string): IncomingEnvelope | MessageFault {
  if (nestsDeeperThan(MAX_NESTING, text)) return 'nestedTooDeep';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'invalidJson';
  }
  if (!isJsonObject(value)) return 'notAnEnvelope';
  // JSON has no `undefined`, and Object.prototype has neither name: both
  // members are the message's own.
  const { service, message } = value;
  if (service === undefined || message === undefined) return 'notAnEnvelope';
  return value as unknown as IncomingEnvelope;
}

/**
 * The part of an envelope before its message. It is the same for all messages
 * of a service.
 */
export function envelopePrefix(service: string): string {
  return `{"service":${JSON.stringify(service)},"message":`;
}

/**
 * Writes an envelope.
 *
 * @throws TypeError when JSON cannot express the message.
 */
export function encodeEnvelope(prefix: string, message: unknown): string {
  return `${prefix}${encodeJson(message)}}`;
}

/**
 * `JSON.stringify`, except that a value which it would leave out is an error. A
 * missing value is `null`.
 *
 * @throws TypeError for functions, symbols, big integers, cycles, and numbers
 *   that are not finite. (Inside of objects and lists, such numbers become
 *   null.)
 */
export function encodeJson(value: unknown): string {
  const text: string | undefined = JSON.stringify(value ?? null);
  // Of all numbers, only those that are not finite become this text.
  if (text === undefined || (text === 'null' && typeof value === 'number')) {
    // The message does not quote the value: it ends up in a log.
    throw new TypeError(
      `JSON cannot express ${typeof value === 'number' ? value : `a ${typeof value}`}`,
    );
  }
  return text;
}

/**
 * A value as its receiver will have it, in a copy that nobody else can change.
 *
 * @throws TypeError as `encodeJson` does.
 */
export function jsonOf(value: unknown): JsonValue {
  return JSON.parse(encodeJson(value)) as JsonValue;
}
