import type { JsonValue } from '../../protocol/json.js';
import type { ListenerOptions, Stop } from '../ports/listening.js';
import type {
  Position,
  Replay,
  ReplayLimits,
  Retention,
  TopicEntry,
  TopicLog,
} from '../ports/log.js';
import type { Topics } from '../ports/topics.js';
import type { MaybePromise } from '../../protocol/maybe-promise.js';
import { copy } from './copy.js';
import type { Mailbox } from './mailbox.js';
import type { Network } from './network.js';

export class DelayedTopics implements Topics {
  readonly #inner: Topics;
  readonly #network: Network;
  readonly #logs: Listeners<TopicEntry>;
  readonly #announcements: Listeners<JsonValue>;

  constructor(inner: Topics, network: Network) {
    this.#inner = inner;
    this.#network = network;
    this.#logs = new Listeners(network, 'log');
    this.#announcements = new Listeners(network, 'name');
  }

  log(name: string, retention: Retention): DelayedLog {
    const inner = this.#inner.log(name, retention);
    return new DelayedLog(inner, name, this.#network, this.#logs);
  }

  async announce(name: string, value: JsonValue): Promise<void> {
    const sent = copy(value);
    return this.#network.request(
      `name ${name}`,
      () => this.#inner.announce(name, sent),
      () => this.#announcements.delivered(name),
    );
  }

  async listen(
    name: string,
    listener: (value: JsonValue) => void,
    options: ListenerOptions = {},
  ): Promise<Stop> {
    return this.#announcements.add(name, listener, options, (push, onGap) =>
      this.#inner.listen(name, push, { onGap }),
    );
  }

  compare(left: Position, right: Position): number | undefined {
    return this.#inner.compare(left, right);
  }
}

export class DelayedLog implements TopicLog {
  readonly #inner: TopicLog;
  readonly #name: string;
  readonly #network: Network;
  readonly #listeners: Listeners<TopicEntry>;

  constructor(
    inner: TopicLog,
    name: string,
    network: Network,
    listeners: Listeners<TopicEntry>,
  ) {
    this.#inner = inner;
    this.#name = name;
    this.#network = network;
    this.#listeners = listeners;
  }

  async publish(value: JsonValue): Promise<Position> {
    const sent = copy(value);
    return this.#network.request(
      this.#lane,
      () => {
        this.#network.mishaps.beforePublishing();
        return this.#inner.publish(sent);
      },
      () => this.#listeners.delivered(this.#name),
    );
  }

  async subscribe(
    listener: (entry: TopicEntry) => void,
    options: ListenerOptions = {},
  ): Promise<Stop> {
    return this.#listeners.add(this.#name, listener, options, (push, onGap) =>
      this.#inner.subscribe(push, { onGap }),
    );
  }

  async position(): Promise<Position> {
    return this.#network.request(this.#lane, () => this.#inner.position());
  }

  async replay(since: Position, limits?: ReplayLimits): Promise<Replay> {
    const from = copy(since);
    return this.#network.request(this.#lane, () =>
      this.#inner.replay(from, limits),
    );
  }

  get #lane(): string {
    return `log ${this.#name}`;
  }
}

/**
 * The listeners of this node, by name. A publication waits for those under its
 * own name.
 */
class Listeners<Item> {
  readonly #network: Network;
  readonly #kind: string;
  readonly #mailboxes = new Map<string, Set<Mailbox<[Item]>>>();

  constructor(network: Network, kind: string) {
    this.#network = network;
    this.#kind = kind;
  }

  /**
   * Settles when the listeners under a name have had everything pushed until
   * now.
   */
  delivered(name: string): Promise<unknown> {
    const mailboxes = this.#mailboxes.get(name) ?? [];
    return Promise.all([...mailboxes].map(({ delivered }) => delivered));
  }

  async add(
    name: string,
    listener: (item: Item) => void,
    options: ListenerOptions,
    listen: (
      push: (item: Item) => void,
      onGap: () => void,
    ) => MaybePromise<Stop>,
  ): Promise<Stop> {
    const source = { port: 'topics', name } as const;
    const mailbox = this.#network.mailbox(listener, source, options);
    return this.#network.connect(`${this.#kind} ${name}`, async () => {
      const stop = await listen(
        (item) => mailbox.push(item),
        () => mailbox.gap(),
      );
      const others = this.#mailboxes.get(name) ?? new Set();
      this.#mailboxes.set(name, others.add(mailbox));
      return () => {
        this.#network.drop(mailbox);
        this.#delete(name, mailbox);
        stop();
      };
    });
  }

  #delete(name: string, mailbox: Mailbox<[Item]>): void {
    const mailboxes = this.#mailboxes.get(name);
    mailboxes?.delete(mailbox);
    if (mailboxes?.size === 0) this.#mailboxes.delete(name);
  }
}
