import type { JsonValue } from '../../protocol/json.js';

/** @internal */
export const PUBSUB_OPTIONS = Symbol('snorky:pubsub-options');

/** How a PubSub service writes what it publishes. */
export interface PubSubOptions {
  /**
   * What leaves in place of a message that the server publishes, in process or by
   * its backend. Messages of clients go on as they came.
   *
   * What it throws, the publisher gets, and nothing is published.
   *
   * @example
   * serialize: (order: Order) => ({ id: order.id, state: order.state })
   * @default the message, by the rules of its classes (class-transformer)
   */
  serialize?(message: unknown, channel: JsonValue): unknown;
}

/** @throws TypeError for what is no function. */
export function pubSubOptions({ serialize }: PubSubOptions): PubSubOptions {
  if (serialize === undefined) return {};
  if (typeof serialize === 'function') return { serialize };
  throw new TypeError('The PubSub option "serialize" must be a function.');
}
