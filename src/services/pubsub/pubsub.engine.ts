import { canonicalKey, type JsonValue } from '../../protocol/json.js';

/**
 * Who is subscribed to what. Channels are known by their canonical key, so that
 * any JSON value can be one.
 */
export class PubSubEngine<Subscriber extends object> {
  private readonly channels = new Map<string, Set<Subscriber>>();
  private readonly subscriptions = new Map<Subscriber, Set<string>>();

  /** The key under which a channel is known. */
  static key(channel: JsonValue): string {
    return canonicalKey(channel);
  }

  /** The channel of a key; null where JSON has no text for it, as for `1e400`. */
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

  /** Answers whether the channel had no subscriber before. */
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

  /** Answers whether there was such a subscription. */
  delete(subscriber: Subscriber, key: string): boolean {
    if (!deleteFrom(this.channels, key, subscriber)) return false;
    deleteFrom(this.subscriptions, subscriber, key);
    return true;
  }

  /** The channels of a subscriber. */
  keysOf(subscriber: Subscriber): ReadonlySet<string> {
    return this.subscriptions.get(subscriber) ?? NONE;
  }

  /** To whom a publication goes. */
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

/** Forgets sets that become empty: channels come and go without a bound. */
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
