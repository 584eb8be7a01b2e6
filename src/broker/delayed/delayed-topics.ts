import type { JsonValue } from '../../protocol/json.js';
import type {
  Position,
  Replay,
  Retention,
  Stop,
  TopicEntry,
  Topics,
} from '../ports.js';
import { copy } from './copy.js';
import type { Mailbox } from './mailbox.js';
import type { Network } from './network.js';

export class DelayedTopics implements Topics {
  readonly #inner: Topics;
  readonly #network: Network;
  readonly #mailboxes = new Map<string, Set<Mailbox<[TopicEntry]>>>();

  constructor(inner: Topics, network: Network) {
    this.#inner = inner;
    this.#network = network;
  }

  async publish(
    topic: string,
    value: JsonValue,
    retention?: Retention,
  ): Promise<Position> {
    const sent = copy(value);
    return this.#network.request(
      lane(topic),
      () => this.#inner.publish(topic, sent, retention),
      () => this.#delivered(topic),
    );
  }

  async subscribe(
    topic: string,
    listener: (entry: TopicEntry) => void,
  ): Promise<Stop> {
    const source = { port: 'topics', name: topic } as const;
    const mailbox = this.#network.mailbox(listener, source);
    return this.#network.request(lane(topic), async () => {
      const stop = await this.#inner.subscribe(topic, (entry) =>
        mailbox.push(entry),
      );
      this.#add(topic, mailbox);
      return () => {
        mailbox.stop();
        this.#delete(topic, mailbox);
        stop();
      };
    });
  }

  async position(topic: string): Promise<Position> {
    return this.#network.request(lane(topic), () =>
      this.#inner.position(topic),
    );
  }

  async replay(
    topic: string,
    since: Position,
    limit?: number,
  ): Promise<Replay> {
    const from = copy(since);
    return this.#network.request(lane(topic), () =>
      this.#inner.replay(topic, from, limit),
    );
  }

  compare(left: Position, right: Position): number | undefined {
    return this.#inner.compare(left, right);
  }

  /** Settles when this node's listeners have had all there is. */
  #delivered(topic: string): Promise<unknown> {
    const mailboxes = this.#mailboxes.get(topic) ?? [];
    return Promise.all([...mailboxes].map(({ delivered }) => delivered));
  }

  #add(topic: string, mailbox: Mailbox<[TopicEntry]>): void {
    const mailboxes = this.#mailboxes.get(topic) ?? new Set();
    this.#mailboxes.set(topic, mailboxes.add(mailbox));
  }

  #delete(topic: string, mailbox: Mailbox<[TopicEntry]>): void {
    const mailboxes = this.#mailboxes.get(topic);
    mailboxes?.delete(mailbox);
    if (mailboxes?.size === 0) this.#mailboxes.delete(topic);
  }
}

function lane(topic: string): string {
  return `topic ${topic}`;
}
