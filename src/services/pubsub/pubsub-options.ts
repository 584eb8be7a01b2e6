import type { JsonValue } from '../../protocol/json.js';

/** @internal */
export const PUBSUB_OPTIONS = Symbol('snorky:pubsub-options');

/** The options of a PubSub service. */
export interface PubSubOptions {
  /**
   * Makes what is sent in place of a message that the server publishes, in
   * process or through its backend. Messages of clients are passed on as they
   * came.
   *
   * If it throws, nothing is published, and the publisher gets the error.
   *
   * @example
   * serialize: (order: Order) => ({ id: order.id, state: order.state })
   * @default the message, by the rules of its classes (class-transformer)
   */
  serialize?(message: unknown, channel: JsonValue): unknown;
  /**
   * Channels of one connection at most. Beyond: `Too many subscriptions`.
   * @default 1000
   */
  readonly maxSubscriptions?: number;
  /**
   * Bytes of a channel's name at most, where a client names it: of the text, or
   * of the JSON of a channel that is no text. Beyond: `Channel too long`.
   * @default 1024
   */
  readonly maxChannel?: number;
}

/** The options with their defaults filled in. */
export interface PubSubSettings extends Pick<PubSubOptions, 'serialize'> {
  readonly maxSubscriptions: number;
  readonly maxChannel: number;
}

/** @throws TypeError naming the option that makes no sense. */
export function pubSubSettings({
  serialize,
  maxSubscriptions = 1000,
  maxChannel = 1024,
}: PubSubOptions): PubSubSettings {
  if (serialize !== undefined && typeof serialize !== 'function') {
    throw new TypeError('The PubSub option "serialize" must be a function.');
  }
  const limits = { maxSubscriptions, maxChannel };
  for (const [name, value] of Object.entries(limits)) {
    if (typeof value !== 'number' || !(value >= 1)) {
      throw new TypeError(
        `The PubSub option "${name}" must be a number from 1 up, not ` +
          `${String(value)}.`,
      );
    }
  }
  return { ...limits, ...(serialize === undefined ? {} : { serialize }) };
}
