import type { JsonValue } from '../../protocol/json.js';

/** What all events of a registry have in common. */
interface Told {
  /** Milliseconds since 1970, by the clock of the node where it happened. */
  readonly at: number;
}

/** A client has connected to this node, or has gone. */
export interface ConnectionEvent extends Told {
  readonly type: 'connected' | 'disconnected';
  /** The id of the client: `client.id`. */
  readonly client: string;
  /** Its identity at that moment; null is nobody. */
  readonly identity: JsonValue;
}

/**
 * A channel has got its first subscriber on this node, or has lost the last
 * one. Other nodes report their own.
 */
export interface OccupancyEvent extends Told {
  readonly type: 'occupied' | 'vacated';
  /** The name of the service that has the channel. */
  readonly service: string;
  readonly channel: JsonValue;
}

/**
 * Something that happens in a registry and that an application may want to hear
 * of.
 */
export type RegistryEvent = ConnectionEvent | OccupancyEvent;
