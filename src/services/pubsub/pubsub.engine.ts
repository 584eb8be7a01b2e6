import { canonicalKey, type JsonValue } from '../../protocol/json.js';

/**
 * Knows who is subscribed to which channel. A channel is identified by its
 * canonical key, so any JSON value can be one.
 */
export class PubSubEngine<Subscriber extends object> {
  private readonly channels = new Map<string, Set<Subscriber>>();
  private readonly subscriptions = new Map<Subscriber, Set<string>>();

  /** The key of a channel. */
  static key(channel: JsonValue): string {
    return canonicalKey(channel);
  }

  /** The channel of a key; null if JSON has no text for it, as for `1e400`. */
  static channel(key: string): JsonValue {
    if (key.startsWith('"')) return key.slice(1);
    try {
      return JSON.parse(key) as JsonValue;
    } catch {
      return null;
    }
  }

  has(subscriber: Subscriber, key: string): boolean {
    return this.channels.get(key)?.has(subscriber) ?? false;
  }

  /** Adds a subscription. Answers whether it is the channel's first. */
  add(subscriber: Subscriber, key: string): boolean {
    const isFirst = !this.channels.has(key);
    addTo(this.channels, key, subscriber);
    addTo(this.subscriptions, subscriber, key);
    return isFirst;
  }

  /** Whether anybody is subscribed to a channel. */
  isOccupied(key: string): boolean {
    return this.channels.has(key);
  }

  /** Removes a subscription. Answers whether there was one. */
  delete(subscriber: Subscriber, key: string): boolean {
    if (!deleteFrom(this.channels, key, subscriber)) return false;
    deleteFrom(this.subscriptions, subscriber, key);
    return true;
  }

  /** The channels of a subscriber. */
  keysOf(subscriber: Subscriber): ReadonlySet<string> {
    return this.subscriptions.get(subscriber) ?? NONE;
  }

  /** The subscribers that a publication goes to. */
  recipients(key: string): ReadonlySet<Subscriber> {
    return this.channels.get(key) ?? (NONE as ReadonlySet<never>);
  }
}

const NONE: ReadonlySet<string> = new Set();

function addTo<Key, Value>(
  map: Map<Key, Set<Value>>,
  key: Key,
  value: Value,
): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, new Set([value]));
  else values.add(value);
}

/** Drops sets that become empty: the number of channels has no bound. */
function deleteFrom<Key, Value>(
  map: Map<Key, Set<Value>>,
  key: Key,
  value: Value,
): boolean {
  const values = map.get(key);
  if (!values?.delete(value)) return false;
  if (values.size === 0) map.delete(key);
  return true;
}
