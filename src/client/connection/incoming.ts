import { isJsonObject, type JsonValue } from '../../protocol/json.js';

/** A message from the server to the connector of a service. */
export interface Packet {
  readonly service: string;
  readonly message: JsonValue;
}

/** The packet of a text; undefined for bytes, and for any other text. */
export function packetOf(data: unknown): Packet | undefined {
  if (typeof data !== 'string') return undefined;
  try {
    const packet = JSON.parse(data) as JsonValue;
    if (!isJsonObject(packet) || packet['message'] === undefined)
      return undefined;
    return packet as unknown as Packet;
  } catch {
    return undefined;
  }
}
