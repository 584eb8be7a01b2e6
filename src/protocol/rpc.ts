import { encodeJson } from './envelope.js';
import { isJsonObject, type JsonObject, type JsonValue } from './json.js';

/** A call as it arrived, with nothing checked but its outline. */
export interface IncomingCall {
  readonly command: JsonValue;
  readonly params: JsonValue;
  readonly callId?: JsonValue;
}

/** Client to server: run a command. */
export interface RpcCall {
  readonly command: string;
  readonly params: JsonObject;
  /** Any JSON; it comes back with the answer. */
  readonly callId?: JsonValue;
}

/**
 * Server to client: the result of a call. It has no `callId` when the call had
 * none.
 */
export interface RpcResponse {
  readonly type: 'response';
  readonly callId?: JsonValue;
  readonly data: JsonValue;
}

/** Server to client: a call failed. `callId` is null when the call had none. */
export interface RpcErrorMessage {
  readonly type: 'error';
  readonly callId: JsonValue;
  /** Normally a sentence; an application may signal any JSON value. */
  readonly message: JsonValue;
}

/** Server to client, unasked. `type` is neither `response` nor `error`. */
export interface RpcNotification extends JsonObject {
  readonly type: string;
}

/** Whether an incoming message has the outline of a call. */
export function isCall(
  message: JsonValue,
): message is JsonObject & IncomingCall {
  return (
    isJsonObject(message) &&
    message['command'] !== undefined &&
    message['params'] !== undefined
  );
}

/**
 * The call id of a message that is meant as a call, since it has a `command`;
 * it need not have the outline of one. Undefined when there is no id, or the id
 * is null.
 */
export function idOfCall(message: JsonValue): JsonValue | undefined {
  if (!isJsonObject(message) || message['command'] === undefined) {
    return undefined;
  }
  return message['callId'] ?? undefined;
}

/**
 * Writes a response in its envelope.
 *
 * @throws TypeError when JSON cannot express `data`.
 */
export function encodeResponse(
  prefix: string,
  callId: JsonValue | undefined,
  data: unknown,
): string {
  const json = encodeJson(data);
  return callId === undefined || callId === null
    ? `${prefix}{"type":"response","data":${json}}}`
    : `${prefix}{"type":"response","callId":${encodeCallId(callId)},"data":${json}}}`;
}

/**
 * Writes an error in its envelope.
 *
 * @throws TypeError when JSON cannot express `message`.
 */
export function encodeError(
  prefix: string,
  callId: JsonValue | undefined,
  message: unknown,
): string {
  return `${prefix}{"type":"error","callId":${encodeCallId(callId ?? null)},"message":${encodeJson(message)}}}`;
}

function encodeCallId(callId: JsonValue): string {
  // Connectors count call ids upwards, and this runs for every answer. An id
  // that came in as JSON never fails here: `1e400`, which is read as Infinity,
  // becomes null.
  return Number.isSafeInteger(callId)
    ? `${callId as number}`
    : JSON.stringify(callId);
}
