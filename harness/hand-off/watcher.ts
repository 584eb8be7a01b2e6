import { once } from 'node:events';
import type { Delta, JsonValue } from 'snorky';
import { WebSocket } from 'ws';
import type { Random } from '../random.js';
import { Connection, type Message } from './connection.js';
import type { Context } from './context.js';
import type { Interest, Row } from './rows.js';

/** The number of the change, if the row has it. */
function numberIn(delta: Delta<Row>): number | undefined {
  if ('newData' in delta) return delta.newData.n;
  return delta.type === 'insert' ? delta.data.n : undefined;
}

/** A client whose collection has to stay equal to its part of the source. */
export class Watcher {
  readonly rows = new Map<number, Row>();
  private token: string | undefined;
  private position: JsonValue | undefined;
  /** The version of the last delta of this subscription. */
  private version = 0;
  private connection: Connection | undefined;
  /** Cut connections that the server may still believe to be open. */
  private readonly halfOpen: Connection[] = [];
  private readonly over: Connection[] = [];
  private stopped = false;
  private running: Promise<void> = Promise.resolve();
  /** Continues after a live subscription has ended. */
  private ended: (() => void) | undefined;

  /**
   * @param listens Whether it asks for notifications when rows have to be
   *   fetched.
   */
  constructor(
    private readonly context: Context,
    private readonly interest: Interest,
    private readonly resumes: boolean,
    private readonly listens: boolean,
    private readonly random: Random,
    private readonly away: number,
  ) {}

  start(): void {
    this.running = this.run();
  }

  get equal(): boolean {
    let wanted = 0;
    for (const row of this.context.source.rows.values()) {
      if (!this.interest.wants(row)) continue;
      wanted++;
      if (this.rows.get(row.id)?.n !== row.n) return false;
    }
    return wanted === this.rows.size;
  }

  /** Loses the connection, in one of several ways. */
  cut(): void {
    const { connection } = this;
    if (connection === undefined) return;
    this.connection = undefined;
    const way = this.random.below(3);
    if (way === 0) connection.ws.terminate();
    else if (way === 1) connection.ws.close();
    else this.halfOpen.push(connection);
    connection.cut();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    for (const connection of [
      this.connection,
      ...this.halfOpen,
      ...this.over,
    ]) {
      connection?.ws.terminate();
      connection?.cut();
    }
    await this.running;
  }

  private async run(): Promise<void> {
    const { tally } = this.context;
    while (!this.stopped) {
      try {
        await this.session();
      } catch (error) {
        tally.faults.push(String(error));
        return;
      }
      if (this.stopped) return;
      tally.cuts++;
      await this.pause(this.away);
    }
  }

  private node(): Context['nodes'][number] {
    const { nodes } = this.context;
    const node = nodes[this.random.below(nodes.length)];
    return node as Context['nodes'][number];
  }

  private async session(): Promise<void> {
    const { url } = this.node();
    const ws = new WebSocket(url, { perMessageDeflate: false });
    const connection: Connection = new Connection(ws, (message) => {
      if (this.connection === connection) this.apply(message);
    });
    this.connection = connection;
    await Promise.race([once(ws, 'open').catch(() => {}), connection.end]);
    if (ws.readyState !== WebSocket.OPEN) return;
    const features = this.listens ? ['refetch', 'taken'] : ['taken'];
    if (this.resumes) await connection.call('snorky', 'hello', { features });
    // The server may close it, even in the middle of an acquisition.
    while (this.connection === connection && !connection.isOver) {
      if (this.token === undefined) await this.fetch();
      if (this.connection !== connection || this.stopped) return;
      const ended = new Promise<void>((resolve) => (this.ended = resolve));
      if (!(await this.acquire(connection))) continue;
      // The subscription may have ended right after the answer.
      if (this.token !== undefined) await Promise.race([connection.end, ended]);
    }
    if (this.connection === connection) this.connection = undefined;
  }

  /** The subscription is over, and the rows may be wrong. */
  private end({ delay = 0 }: Message): void {
    const { tally } = this.context;
    tally.fetched++;
    tally.told++;
    this.token = undefined;
    const { ended } = this;
    setTimeout(() => ended?.(), delay);
  }

  /** Gets a token, then queries. Rows change all the time meanwhile. */
  private async fetch(): Promise<void> {
    const { source } = this.context;
    const { service } = this.node();
    const { items, wants } = this.interest;
    const { token, data } = await service.snapshot(items, async () => {
      await this.pause(20);
      const rows = [...source.rows.values()].filter(wants);
      await this.pause(20);
      return rows;
    });
    this.rows.clear();
    for (const row of data) this.rows.set(row.id, row);
    this.token = token;
    this.position = undefined;
    this.version = 0;
  }

  /** Answers whether the subscription is live now. */
  private async acquire(connection: Connection): Promise<boolean> {
    const { tally } = this.context;
    const { token, position } = this;
    const answer = await connection.call('datasync', 'acquireSubscription', {
      token,
      ...(this.resumes ? { resume: true } : {}),
      ...(position === undefined ? {} : { since: position }),
    });
    if (answer === 'cut' || this.connection !== connection) return false;
    if (answer.type === 'error') {
      // A token that was acquired for one connection is gone with it, and
      // others may expire.
      if (
        answer.message !== 'No such subscription' &&
        answer.message !== 'Subscription expired' &&
        answer.message !== 'Unavailable' &&
        answer.message !== 'Outcome unknown'
      ) {
        throw new Error(`Acquiring failed: ${String(answer.message)}`);
      }
      tally.fetched++;
      this.token = undefined;
      return false;
    }
    const resumption = answer.data;
    if (resumption === null || resumption === undefined) return true;
    if (!resumption.recovered) {
      tally.fetched++;
      this.token = undefined;
      return false;
    }
    if (position !== undefined) tally.resumed++;
    return true;
  }

  /** Checks that old connections got nothing after the new one was live. */
  private judgeOldConnections(end: JsonValue): void {
    const { broker, nodes, tally } = this.context;
    // Another node hears of it a little later, or asks the broker when it can.
    if (nodes.length > 1) return;
    for (const old of this.halfOpen.splice(0)) {
      this.over.push(old);
      old.ws.removeAllListeners('message');
      old.ws.on('message', (data: Buffer) => {
        const { message } = JSON.parse(data.toString()) as { message: Message };
        const { position } = message;
        if (position === undefined) return;
        if ((broker.topics.compare(position, end) ?? 0) > 0) {
          tally.faults.push('A silenced connection got something new');
        }
      });
      if (old.last === undefined) continue;
      // If the log was lost in between, positions cannot be compared.
      if ((broker.topics.compare(old.last, end) ?? 0) > 0) {
        tally.faults.push('An old connection was ahead of the new one');
      }
    }
  }

  private apply(message: Message): void {
    const { tally } = this.context;
    if (message.type === 'error') return;
    if (message.type === 'refetch' || message.type === 'taken') {
      const { subscriptions = [message.subscription] } = message;
      const { token } = this;
      if (token !== undefined && subscriptions.includes(token)) {
        this.end(message);
      }
      return;
    }
    if (message.data?.recovered === true) {
      this.judgeOldConnections(message.data.position);
      this.moveTo(message.data.position);
    }
    if (message.subscription !== undefined) {
      if (message.subscription !== this.token) {
        tally.faults.push(`A ${message.type} of another subscription`);
        return;
      }
      this.moveTo(message.position as JsonValue);
    }
    const deltas = message.delta ? [message.delta] : (message.deltas ?? []);
    if (deltas.length > 0 && this.token === undefined) {
      tally.faults.push('A delta came after the end of its subscription');
    }
    for (const delta of deltas) {
      tally.delivered++;
      this.judge(delta);
      if ('newData' in delta) this.rows.set(delta.newData.id, delta.newData);
      else if (delta.type === 'insert') {
        this.rows.set(delta.data.id, delta.data);
      } else this.rows.delete(delta.data.id);
    }
  }

  private moveTo(position: JsonValue): void {
    const { broker, tally } = this.context;
    const known = this.position;
    this.position = position;
    if (known === undefined) return;
    if ((broker.topics.compare(position, known) ?? -1) < 0) {
      const [from, to] = [known, position].map((one) => JSON.stringify(one));
      tally.faults.push(`A position went back, from ${from} to ${to}`);
    }
  }

  /** Checks that each delta comes once, and in the order of the log. */
  private judge(delta: Delta<Row>): void {
    // The original's notifications have no version, but a number is in their
    // rows; a deleted row has its last one.
    const version = delta.version ?? numberIn(delta);
    if (version === undefined) return;
    if (version <= this.version) {
      this.context.tally.faults.push(
        `Delta ${version} came after ${this.version}`,
      );
    }
    this.version = version;
  }

  private pause(most: number): Promise<void> {
    const delay = this.random.below(most);
    return new Promise((resolve) => setTimeout(resolve, delay));
  }
}
