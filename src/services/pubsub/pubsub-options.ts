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
}

/** @throws TypeError for a value that is no function. */
export function pubSubOptions({ serialize }: PubSubOptions): PubSubOptions {
  if (serialize === undefined) return {};
  if (typeof serialize === 'function') return { serialize };
  throw new TypeError('The PubSub option "serialize" must be a function.');
}
