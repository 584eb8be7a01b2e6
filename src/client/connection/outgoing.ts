import { connectorError } from '../errors.js';

/** A text that is to be sent to the server. */
export interface Outgoing {
  readonly text: string;
  /** Whether it was handed to a socket. */
  sent: boolean;
}

/** How much may wait for a connection. */
export interface QueueLimits {
  /** Messages that may wait. @default 1000 */
  readonly messages?: number;
  /** Their length altogether, in UTF-16 units of JSON. @default 1048576 */
  readonly units?: number;
}

/** Texts that wait for a connection, in order, up to a bound. */
export class OutgoingQueue {
  readonly #waiting = new Set<Outgoing>();
  #units = 0;
  readonly #limits: Required<QueueLimits>;

  constructor({ messages = 1000, units = 1_048_576 }: QueueLimits = {}) {
    this.#limits = { messages, units };
  }

  /** @throws ConnectorError when the queue is full. */
  add(outgoing: Outgoing): void {
    const { messages, units } = this.#limits;
    const { length } = outgoing.text;
    if (this.#waiting.size >= messages || this.#units + length > units) {
      throw connectorError('SNORKY_QUEUE_FULL');
    }
    this.#waiting.add(outgoing);
    this.#units += length;
  }

  /** Removes a text that need not be sent any more. */
  withdraw(outgoing: Outgoing): void {
    if (this.#waiting.delete(outgoing)) this.#units -= outgoing.text.length;
  }

  /** Hands over the texts in order, until `send` answers false. */
  flush(send: (outgoing: Outgoing) => boolean): void {
    for (const outgoing of this.#waiting) {
      if (!send(outgoing)) return;
      this.withdraw(outgoing);
    }
  }

  clear(): void {
    this.#waiting.clear();
    this.#units = 0;
  }
}
