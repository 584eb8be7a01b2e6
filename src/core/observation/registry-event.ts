import type { JsonValue } from '../../protocol/json.js';

/** What is common to all that is told of a registry. */
interface Told {
  /** Milliseconds since 1970, by the clock of the node that it happened on. */
  readonly at: number;
}

/** A client has connected to this node, or has gone. */
export interface ConnectionEvent extends Told {
  readonly type: 'connected' | 'disconnected';
  /** The id of the client: `client.id`. */
  readonly client: string;
  /** Who it was then; null is nobody. */
  readonly identity: JsonValue;
}

/**
 * The first subscriber on this node has come to a channel, or the last one has
 * gone. Other nodes tell of theirs.
 */
export interface OccupancyEvent extends Told {
  readonly type: 'occupied' | 'vacated';
  /** The name of the service that has the channel. */
  readonly service: string;
  readonly channel: JsonValue;
}

/** Something that an application may want to know of, as it happens. */
export type RegistryEvent = ConnectionEvent | OccupancyEvent;
