import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from 'snorky';
import { DelayedBroker } from '../../../../src/broker/delayed-broker.js';
import { MemoryBroker } from '../../../../src/broker/memory/memory-broker.js';
import { MemoryStore } from '../../../../src/broker/memory/memory-store.js';
import { CloseCode } from '../../../../src/protocol/close-codes.js';
import {
  acquire,
  connectAs,
  DataSyncApp,
  range,
  resume,
  rowsIn,
  taken,
  task,
  until,
} from '../../../support/services/datasync.js';
import { wrapLogs } from '../../../support/services/wrapped-logs.js';

const NONE = { value: 'No such subscription' };

const seed = Date.now() & 0xffff;

function refetches(messages: readonly JsonObject[]): JsonObject[] {
  return messages.filter(({ type }) => type === 'refetch');
}

const LOST = [
  {
    what: 'logs that are lost',
    make: () => new MemoryBroker(),
    lose: async (broker: MemoryBroker | DelayedBroker) => broker.forget(),
  },
  {
    what: `logs that are lost far away (seed ${seed})`,
    make: () => new DelayedBroker(new MemoryBroker(), { seed }),
    lose: async (broker: MemoryBroker | DelayedBroker) => broker.forget(),
  },
  {
    what: `changes that are lost on their way (seed ${seed})`,
    make: () => new DelayedBroker(new MemoryBroker(), { seed }),
    lose: async (broker: MemoryBroker | DelayedBroker) =>
      (broker as DelayedBroker).lose(),
  },
];

describe.each(LOST)('Over $what', ({ make, lose }) => {
  it('all subscriptions are silent at once, and their client is told once', async () => {
    const broker = make();
    await using app = await DataSyncApp.start({ broker });
    const client = await connectAs(app, null, 'refetch');
    const tokens = [await app.authorize(), await app.authorize()];
    await acquire(client, tokens[0] as string);
    await resume(client, tokens[1] as string);
    await app.publish(task(1));
    await lose(broker);
    // Whether these come or not, nothing of them is told: there is a hole before.
    await app.publishTasks(20, 2);
    await app.read();
    const told = await taken(client);
    const [refetch, ...more] = refetches(told);
    expect(refetch).toEqual({
      type: 'refetch',
      subscriptions: expect.arrayContaining(tokens),
      delay: expect.any(Number),
    });
    expect(more).toEqual([]);
    expect(told.at(-1)).toBe(refetch);
    const rows = rowsIn(told);
    expect(rows.slice(0, 2)).toEqual([1, 1]);
    await until('the removal', () => app.held === 0 && app.routed === 0);
    expect(client.connected).toBe(true);
    await expect(resume(client, tokens[1] as string)).rejects.toMatchObject(
      NONE,
    );
    // What is fetched from now on is followed as before.
    await resume(client, await app.authorize());
    await app.publish(task(30));
    await app.read();
    expect(rowsIn(await taken(client))).toEqual([30]);
  });

  it('those who would not understand are closed, silent at once', async () => {
    const broker = make();
    await using app = await DataSyncApp.start({ broker });
    const client = await app.connect();
    const other = await app.connect();
    await acquire(client, await app.authorize());
    await app.read();
    await lose(broker);
    await app.publishTasks(20);
    await app.read();
    expect(await client.closed).toMatchObject({
      code: CloseCode.changesLost,
    });
    // Nothing of a part of them: rows before the gap aside, there is none.
    expect(rowsIn(await taken(client))).toEqual(
      range(0, rowsIn(await taken(client)).length),
    );
    expect(other.connected).toBe(true);
  });

  it('each is counted, and the log says so', async () => {
    const broker = make();
    await using app = await DataSyncApp.start({ broker });
    const { counters } = app.service.registry;
    await app.read();
    await lose(broker);
    await until('the gaps', () => counters.gaps >= 2);
    await app.read();
    // The gap of the log of changes, and that of the log of revocations.
    expect(counters.gaps).toBe(2);
    const lines = app.log.with('warn', 'lost changes of service');
    expect(lines.length).toBeGreaterThan(0);
  });
});

describe('A gap', () => {
  it('ends what is being replayed: nothing after it may be sent', async () => {
    const broker = new MemoryBroker();
    let release: (() => void) | undefined;
    let isHeld = false;
    wrapLogs(broker, (log, name) => ({
      replay: (since, limits) => {
        const page = log.replay(since, limits);
        if (!isHeld || name.startsWith('revoked:')) return page;
        return new Promise((resolve) => {
          release = () => resolve(page);
        });
      },
    }));
    await using app = await DataSyncApp.start({ broker });
    const client = await connectAs(app, null, 'refetch');
    const [one, two] = [await app.authorize(), await app.authorize()];
    await app.publishTasks(3);
    isHeld = true;
    const resumed = resume(client, one);
    await until('the replay', () => release !== undefined);
    broker.forget();
    await app.publish(task(9));
    release?.();
    expect(await resumed).toEqual({ recovered: false });
    isHeld = false;
    await expect(acquire(client, two)).rejects.toMatchObject({
      value: 'Subscription expired',
    });
    expect(rowsIn(await taken(client))).toEqual([]);
    expect([app.held, app.routed]).toEqual([0, 0]);
  });

  it('voids the tokens that wait, and positions from before', async () => {
    const broker = new MemoryBroker();
    await using app = await DataSyncApp.start({ broker });
    const client = await connectAs(app, null, 'refetch');
    const waits = await app.authorize();
    const away = await app.connect();
    const token = await app.authorize();
    const { position } = await resume(away, token);
    away.disconnect();
    await until('the disconnection', () => app.held === 0);
    broker.forget();
    await app.publish(task(1));
    expect(await resume(client, token, position)).toEqual({
      recovered: false,
    });
    expect(await resume(client, waits)).toEqual({ recovered: false });
    expect(await taken(client)).toEqual([]);
  });

  it('tells no quiet subscription a position from before', async () => {
    const broker = new MemoryBroker();
    await using app = await DataSyncApp.start({
      broker,
      log: { age: 80, entries: 8 },
    });
    const client = await connectAs(app, null, 'refetch');
    await app.read();
    broker.forget();
    const items = [{ dealer: 'TasksByOwner', query: 'bob' }];
    const { position } = await resume(client, await app.authorize(items));
    // Several looks of the beacon.
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(await taken(client)).toEqual([]);
    for (let n = 0; n < 8; n++) await app.publish(task(n));
    const told = await taken(client);
    expect(told.length).toBeGreaterThan(0);
    for (const message of told) {
      const { position: later } = message;
      expect(
        broker.topics.compare(later ?? null, position ?? null),
      ).toBeGreaterThan(0);
    }
  });

  it('spreads fetches and closings over time', async () => {
    const broker = new MemoryBroker();
    await using app = await DataSyncApp.start({
      broker,
      fetchesPerSecond: 10,
      closesPerSecond: 20,
    });
    const told = await Promise.all(
      range(0, 30).map(() => connectAs(app, null, 'refetch')),
    );
    const old = await Promise.all(range(0, 10).map(() => app.connect()));
    for (const client of [...told, ...old]) {
      await acquire(client, await app.authorize());
    }
    broker.forget();
    expect(app.held).toBe(0);
    const open = old.filter(({ connected }) => connected);
    expect(open.length).toBeGreaterThanOrEqual(8);
    const delays: number[] = [];
    for (const client of told) {
      const [refetch] = await taken(client);
      delays.push(refetch?.['delay'] as number);
    }
    expect(Math.max(...delays)).toBeGreaterThan(500);
    expect(Math.max(...delays)).toBeLessThanOrEqual(4000);
    await Promise.all(old.map(({ closed }) => closed));
  });
});

describe('A node that has lost its leases', () => {
  interface Nodes extends AsyncDisposable {
    readonly store: MemoryStore;
    readonly a: DataSyncApp;
    readonly b: DataSyncApp;
  }

  /** Cuts `a` off until its leases have run out. */
  async function cutOff({ store }: Nodes): Promise<void> {
    const { tokens } = store.usage();
    store.cutOff('a');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(store.usage().tokens).toBeLessThanOrEqual(tokens);
  }

  async function start(tokenTimeout: number): Promise<Nodes> {
    const store = new MemoryStore({ lease: 5 });
    const [a, b] = await Promise.all(
      ['a', 'b'].map((node) =>
        DataSyncApp.start({
          broker: new MemoryBroker({ store, node }),
          tokenTimeout,
        }),
      ),
    );
    return {
      store,
      a: a as DataSyncApp,
      b: b as DataSyncApp,
      async [Symbol.asyncDispose]() {
        await a?.[Symbol.asyncDispose]();
        await b?.[Symbol.asyncDispose]();
      },
    };
  }

  it('holds again what nobody has taken', async () => {
    await using nodes = await start(60_000);
    const { a, b, store } = nodes;
    const client = await connectAs(a, null, 'refetch', 'taken');
    const token = await a.authorize();
    await resume(client, token);
    await cutOff(nodes);
    store.restore('a');
    await b.publish(task(1));
    expect(rowsIn(await taken(client))).toEqual([1]);
    // It is held: nobody has it who does not take it over.
    const other = await b.connect();
    await expect(acquire(other, token)).rejects.toMatchObject(NONE);
  });

  it('lets go of what somebody has taken meanwhile', async () => {
    await using nodes = await start(60_000);
    const { a, b, store } = nodes;
    const client = await connectAs(a, null, 'refetch', 'taken');
    const token = await a.authorize();
    await resume(client, token);
    await cutOff(nodes);
    // Acquired for good, of which no node is told.
    const other = await b.connect();
    await acquire(other, token);
    store.restore('a');
    await b.publish(task(1));
    expect(await taken(client)).toMatchObject([
      { type: 'refetch', subscriptions: [token] },
    ]);
    expect(a.held).toBe(0);
    expect(rowsIn(await taken(other))).toEqual([1]);
  });

  it('has rows fetched again whose token has run out', async () => {
    await using nodes = await start(10);
    const { a, b, store } = nodes;
    const client = await connectAs(a, null, 'refetch', 'taken');
    const old = await a.connect();
    const token = await a.authorize();
    await resume(client, token);
    await resume(old, await a.authorize());
    await cutOff(nodes);
    await until('the end of the tokens', () => store.usage().tokens === 0);
    store.restore('a');
    await b.publish(task(1));
    expect(await taken(client)).toMatchObject([
      { type: 'refetch', subscriptions: [token] },
    ]);
    expect(await old.closed).toMatchObject({ code: CloseCode.changesLost });
    expect(rowsIn(await taken(old))).toEqual([]);
    expect(a.held).toBe(0);
  });
});
