import { Page } from './page.js';
import { CHANNEL } from './questions.js';

/** A page that is subscribed to a channel too, and notes what happens to it. */
export class Visitor {
  readonly page: Page;
  /** Since the first loss. */
  attempts = 0;
  losses = 0;
  /** Of the last connection. Milliseconds since 1970. */
  connectedAt = NaN;
  /** When channel and rows were live again. Milliseconds since 1970. */
  backAt = NaN;
  private resubscribed = false;
  /** Since the last loss, by what was published: how often it came. */
  private readonly messages = new Map<unknown, number>();
  private readonly deltas = new Map<string, number>();

  constructor(port: number) {
    this.page = new Page(port, port);
    const { snorky, rows } = this.page;
    const { pubsub, datasync } = snorky.services;
    snorky.stateChanged.add((state) => {
      if (state === 'connecting' && this.losses > 0) this.attempts++;
    });
    snorky.disconnected.add(() => {
      this.losses++;
      this.resubscribed = false;
      this.backAt = NaN;
      this.messages.clear();
      this.deltas.clear();
    });
    snorky.connected.add(() => (this.connectedAt = Date.now()));
    pubsub.messageReceived.add(({ message }) => {
      count(this.messages, message);
    });
    pubsub.resubscribed.add(() => {
      this.resubscribed = true;
      this.look();
    });
    // Of every subscription that the connection has, wanted or not.
    datasync.deltaReceived.add((delta) => {
      count(this.deltas, JSON.stringify(delta));
    });
    rows.changed.add(() => this.look());
  }

  async arrive(): Promise<void> {
    await this.page.snorky.services.pubsub.subscribe({ channel: CHANNEL });
    await this.page.rows.ready;
  }

  /** Whether it was lost, and all is as it was before. */
  get isBack(): boolean {
    return !Number.isNaN(this.backAt);
  }

  /** Each probe is a message and a delta. */
  hasAtLeast(probes: readonly number[]): boolean {
    return (
      this.deltas.size >= probes.length &&
      probes.every((probe) => this.messages.has(probe))
    );
  }

  get hasTwice(): boolean {
    const times = [...this.messages.values(), ...this.deltas.values()];
    return times.some((one) => one > 1);
  }

  private look(): void {
    const { state } = this.page.rows;
    if (this.losses === 0 || !this.resubscribed) return;
    if (state === 'live' && !this.isBack) this.backAt = Date.now();
  }
}

function count<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
