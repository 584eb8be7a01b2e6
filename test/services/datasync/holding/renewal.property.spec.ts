import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Broker, JsonObject, JsonValue } from 'snorky';
import type { TestClient } from 'snorky/testing';
import { DelayedBroker } from '../../../../src/broker/delayed-broker.js';
import { MemoryBroker } from '../../../../src/broker/memory/memory-broker.js';
import { MemoryStore } from '../../../../src/broker/memory/memory-store.js';
import {
  DataSyncApp,
  rowsIn,
  task,
} from '../../../support/services/datasync.js';
import { seedOfRun } from '../../../../harness/random.js';

const NONE = 'No such subscription';
const seed = seedOfRun();

const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ renew: fc.nat({ max: 1 }), patient: fc.boolean() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      cut: fc.boolean(),
      loses: fc.boolean(),
      to: fc.nat({ max: 1 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ wait: fc.nat({ max: 6 }) }) },
  { weight: 1, arbitrary: fc.constant('read' as const) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** A page with one list, that does what the protocol's page says of clients. */
class Page {
  rows: JsonValue[] = [];
  readonly left: TestClient[] = [];
  renewals = 0;
  refetches = 0;
  /** Whether a call of a connection that was cut may still be under way. */
  private haunted = false;
  private since: JsonValue | undefined;
  /** A token that is to take the place of the other one. */
  private next: string | undefined;
  private client!: TestClient;
  private asked: 'resume' | 'renew' | 'renewAgain' | undefined;
  private calls = 0;
  /** What was to be replaced was taken meanwhile. */
  private hasLost = false;

  constructor(
    private token: string,
    private readonly fetch: () => Promise<string>,
    private readonly later: (one: JsonValue, other: JsonValue) => JsonValue,
  ) {}

  get isLive(): boolean {
    return this.asked === undefined;
  }

  async connect(app: DataSyncApp): Promise<void> {
    this.client = await app.connect();
    const features = ['replaces', 'taken', 'revoked', 'refetch'];
    this.client.emit('snorky', { command: 'hello', params: { features } });
    if (this.next === undefined) this.ask('resume', this.token);
    else this.ask('renewAgain', this.next);
  }

  renew(token: string): void {
    if (!this.isLive) return;
    this.next = token;
    this.ask('renew', token);
  }

  /**
   * @param isClean Whether the server notices.
   * @param loses Whether what was on its way to the page never arrives.
   */
  async cut(isClean: boolean, loses: boolean): Promise<void> {
    if (!loses) await this.read();
    this.haunted ||= !this.isLive;
    if (isClean) this.client.disconnect();
    else this.left.push(this.client);
  }

  async read(): Promise<void> {
    while (this.client.unread.length > 0) await this.readOne();
  }

  async readUntilLive(): Promise<void> {
    while (!this.isLive) await this.readOne();
    await this.read();
  }

  private ask(what: NonNullable<Page['asked']>, token: string): void {
    this.asked = what;
    this.hasLost = false;
    const params: JsonObject = {
      token,
      resume: true,
      ...(this.since === undefined ? {} : { since: this.since }),
      ...(what === 'resume' ? {} : { replaces: this.token }),
    };
    const callId = `${++this.calls}`;
    this.client.emit('datasync', {
      command: 'acquireSubscription',
      params,
      callId,
    });
  }

  private async readOne(): Promise<void> {
    const envelope = await this.client.next();
    const message = envelope.message as JsonObject;
    const { type, position } = message;
    if (envelope.service !== 'datasync') return;
    if (type === 'response' || type === 'error') {
      if (message['callId'] === `${this.calls}`) await this.answered(message);
      return;
    }
    // What was another connection's may be told to be so.
    if (type === 'taken') {
      const isOurs = message['subscription'] === this.token;
      if (isOurs && this.isLive) await this.fetchAgain();
      else if (isOurs && this.asked === 'renew') this.hasLost = true;
      return;
    }
    expect(['deltas', 'position']).toContain(type);
    this.rows.push(...rowsIn([message]));
    this.keep(position as JsonValue);
  }

  private async answered(answer: JsonObject): Promise<void> {
    const { type, data, message } = answer;
    const { asked } = this;
    this.asked = undefined;
    if (type === 'error') {
      expect(message).toBe(NONE);
      this.next = undefined;
      // The old one is as it was: on this connection, or to be resumed here.
      if (asked === 'renewAgain') this.ask('resume', this.token);
      if (asked === 'resume' || this.hasLost) await this.fetchAgain();
      return;
    }
    const { recovered, position } = data as JsonObject;
    expect(recovered).toBe(true);
    this.keep(position as JsonValue);
    if (this.next === undefined) return;
    this.token = this.next;
    this.next = undefined;
    this.renewals++;
  }

  /** What a call that was left behind may lead to, and nothing else. */
  private async fetchAgain(): Promise<void> {
    expect(this.haunted).toBe(true);
    this.refetches++;
    this.rows = [];
    this.since = undefined;
    this.token = await this.fetch();
    this.haunted = false;
    this.ask('resume', this.token);
  }

  private keep(position: JsonValue): void {
    this.since =
      this.since === undefined ? position : this.later(this.since, position);
  }
}

const NODES = [
  {
    over: 'one memory',
    wrap: (broker: Broker): Broker => broker,
    runs: 60,
    isSlow: false,
  },
  {
    over: 'slow networks',
    wrap: (broker: Broker, more: number): Broker =>
      new DelayedBroker(broker, { seed: seed + more, maxDelay: 3 }),
    runs: 40,
    isSlow: true,
  },
];

describe.each(NODES)(
  `A subscription that is renewed over $over (seed ${seed})`,
  ({ wrap, runs, isSlow }) => {
    const store = new MemoryStore();
    let nodes: readonly [DataSyncApp, DataSyncApp];
    let broker: MemoryBroker;
    let run = 0;
    let renewals = 0;
    let refetches = 0;

    beforeAll(async () => {
      const start = (node: string, more: number): Promise<DataSyncApp> => {
        broker = new MemoryBroker({ store, node });
        return DataSyncApp.start({ broker: wrap(broker, more) });
      };
      nodes = [await start('a', 1), await start('b', 2)];
    });

    afterAll(async () => {
      for (const node of nodes) await node[Symbol.asyncDispose]();
    });

    it('has every row once, wherever answers and connections are lost', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { maxLength: 25, size: 'max' }),
          async (steps) => {
            const owner = `run ${++run}`;
            await check(owner, steps);
          },
        ),
        { numRuns: runs, seed },
      );
      expect(renewals).toBeGreaterThan(runs / 4);
      // Nothing is under way where all is answered at once.
      if (!isSlow) expect(refetches).toBe(0);
    }, 60_000);

    async function check(owner: string, steps: readonly Step[]): Promise<void> {
      const items = [{ dealer: 'TasksByOwner', query: owner }];
      const [a, b] = nodes;
      const published: Promise<unknown>[] = [];
      const publish = (n: number): void => {
        const node = n % 3 === 0 ? b : a;
        published.push(node.publish(task(n, { owner })));
      };
      // What it hears is the order of the log.
      const witness = await a.connect();
      const seen = await a.authorize(items);
      const page = new Page(
        await a.authorize(items),
        () => a.authorize(items),
        (one, other) =>
          (broker.topics.compare(one, other) ?? 0) < 0 ? other : one,
      );
      await witness.call('datasync', 'acquireSubscription', { token: seen });
      publish(0);
      await page.connect(b);
      for (const [index, each] of steps.entries()) {
        publish(index + 1);
        if (each === 'read') await page.readUntilLive();
        else if ('renew' in each) {
          const token = await (each.renew === 0 ? a : b).authorize(items);
          publish(1000 + index);
          if (each.patient) await page.readUntilLive();
          page.renew(token);
        } else if ('cut' in each) {
          await page.cut(each.cut, each.loses);
          publish(2000 + index);
          await page.connect(each.to === 0 ? a : b);
        } else {
          for (let turn = 0; turn < each.wait; turn++) {
            await new Promise(setImmediate);
          }
        }
      }
      await page.readUntilLive();
      await Promise.all(published);
      for (const node of nodes) await node.read();
      await page.readUntilLive();
      let last = 9000;
      for (let before = NaN; before !== page.refetches;) {
        before = page.refetches;
        publish(++last);
        await Promise.all(published);
        // Both have read all that there is, so that all is with the clients.
        for (const node of nodes) await node.read();
        await page.readUntilLive();
      }
      const log: JsonValue[] = [];
      while (witness.unread.length > 0) {
        log.push(...rowsIn([(await witness.next()).message as JsonObject]));
      }
      expect(log).toHaveLength(published.length);
      expect(page.rows.at(-1)).toBe(last);
      expect(page.rows).toEqual(
        page.refetches === 0 ? log : log.slice(-page.rows.length),
      );
      refetches += page.refetches;
      renewals += page.renewals;
      witness.disconnect();
      for (const client of page.left) client.disconnect();
      await page.cut(true, false);
    }
  },
);
