import type { JsonValue } from '../../protocol/json.js';
import { PubSubEngine } from './pubsub.engine.js';

/**
 * The channels that a client is subscribed to, as they are when they are read.
 *
 * @example
 * canSubscribe(client, channel) {
 *   return isRoom(channel) && this.channelsOf(client).size < 10;
 * }
 */
export class SubscribedChannels implements Iterable<JsonValue> {
  /** @internal */
  constructor(private readonly keys: () => ReadonlySet<string>) {}

  /** How many there are. */
  get size(): number {
    return this.keys().size;
  }

  has(channel: JsonValue): boolean {
    return this.keys().has(PubSubEngine.key(channel));
  }

  *[Symbol.iterator](): IterableIterator<JsonValue> {
    for (const key of this.keys()) yield PubSubEngine.channel(key);
  }
}
