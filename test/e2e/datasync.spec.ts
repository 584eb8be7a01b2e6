import { Test } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import {
  BroadcastDealer,
  DataSyncModule,
  DataSyncService,
  SnorkyModule,
} from 'snorky';
import { DelayedBroker } from '../../src/broker/delayed-broker.js';
import { MemoryBroker } from '../../src/broker/memory/memory-broker.js';
import { MemoryStore } from '../../src/broker/memory/memory-store.js';
import { registryOf } from '../../src/testing/application.js';
import { task } from '../support/services/datasync.js';
import { handOff } from '../../harness/hand-off/hand-off.js';
import { LocalClient } from '../support/servers/local-client.js';

const seed = Date.now() & 0xffff;

describe(`Clients who authorize, query and acquire while rows change (seed ${seed})`, () => {
  it('all have the rows of the source in the end', async () => {
    const outcome = await handOff({
      clients: 60,
      rate: 400,
      seconds: 2,
      cutEvery: 0,
      seed,
    });
    expect(outcome).toMatchObject({ unequal: 0, faults: [], cuts: 0 });
    expect(outcome.fetched).toBe(0);
    expect(outcome.published).toBeGreaterThanOrEqual(1600);
    expect(outcome.delivered).toBeGreaterThan(outcome.published);
  }, 30_000);

  it('all have them also when connections are cut and half-open', async () => {
    const outcome = await handOff({
      clients: 60,
      rate: 400,
      seconds: 3,
      cutEvery: 500,
      seed: seed + 1,
    });
    expect(outcome).toMatchObject({ unequal: 0, faults: [] });
    expect(outcome.cuts).toBeGreaterThan(10);
    expect(outcome.resumed).toBeGreaterThan(10);
    // The log reaches back, so nobody has to fetch.
    expect(outcome.fetched).toBe(0);
  }, 30_000);

  it('all have them over a slow broker', async () => {
    const outcome = await handOff({
      clients: 30,
      rate: 150,
      seconds: 2,
      cutEvery: 500,
      seed: seed + 2,
      brokers: [new DelayedBroker(new MemoryBroker(), { seed })],
    });
    expect(outcome).toMatchObject({ unequal: 0, faults: [] });
    expect(outcome.resumed).toBeGreaterThan(3);
  }, 30_000);

  it('fetch again, as they are told, where the log is too short', async () => {
    const outcome = await handOff({
      clients: 40,
      rate: 400,
      seconds: 2,
      cutEvery: 400,
      away: 100,
      seed: seed + 3,
      datasync: { log: { entries: 12 } },
    });
    expect(outcome).toMatchObject({ unequal: 0, faults: [] });
    expect(outcome.fetched).toBeGreaterThan(3);
  }, 30_000);
});

describe(`Clients of a broker that loses changes and logs (seed ${seed})`, () => {
  it.each([
    { when: 'while connections stay', cutEvery: 0, more: 4 },
    { when: 'while connections are cut', cutEvery: 400, more: 5 },
  ])(
    'all have the rows of the source in the end, $when',
    async ({ cutEvery, more }) => {
      const outcome = await handOff({
        clients: 30,
        rate: 100,
        seconds: 3,
        cutEvery,
        seed: seed + more,
        brokers: [
          new DelayedBroker(new MemoryBroker(), {
            seed: seed + more,
            losses: 0.03,
            forgets: 0.015,
          }),
        ],
      });
      expect(outcome).toMatchObject({ unequal: 0, faults: [] });
      expect(outcome.gaps).toBeGreaterThan(0);
      expect(outcome.fetched).toBeGreaterThan(outcome.told);
      expect(outcome.told).toBeGreaterThan(0);
    },
    30_000,
  );
});

describe(`Clients of two nodes that lose changes, logs and leases (seed ${seed})`, () => {
  it('all have the rows of the source in the end', async () => {
    const store = new MemoryStore({ lease: 5 });
    const make = (node: string, more: number): DelayedBroker =>
      new DelayedBroker(new MemoryBroker({ store, node }), {
        seed: seed + more,
        maxDelay: 3,
        losses: 0.02,
        forgets: 0.01,
      });
    let isCut = false;
    const outcome = await handOff({
      clients: 30,
      rate: 100,
      seconds: 3,
      cutEvery: 300,
      seed: seed + 6,
      brokers: [make('a', 7), make('b', 8)],
      // Each time for longer than its leases last.
      disturb: () => {
        if (isCut) store.restore('a');
        else store.cutOff('a');
        isCut = !isCut;
      },
    });
    expect(outcome).toMatchObject({ unequal: 0, faults: [] });
    expect(outcome.gaps).toBeGreaterThan(0);
    expect(outcome.cuts).toBeGreaterThan(0);
    expect(outcome.fetched).toBeGreaterThan(0);
  }, 30_000);
});

/** Counts what it gets. */
class Returning extends LocalClient {
  deltas = 0;
  recovered = false;

  override sendText(text: string): void {
    if (text.includes('"type":"deltas"')) this.deltas++;
    else if (text.includes('"recovered":true')) this.recovered = true;
  }
}

class AllTasks extends BroadcastDealer {
  readonly model = 'Task';
}

describe('Five hundred clients who come back at once and missed 500 entries each', () => {
  it('all get each of them, once', async () => {
    const CLIENTS = 500;
    const MISSED = 500;
    const testing = await Test.createTestingModule({
      imports: [
        SnorkyModule.forRoot({ registries: { frontend: {} } }),
        DataSyncModule.register({ dealers: [AllTasks] }),
      ],
    }).compile();
    const app = await testing.init();
    const service = app.get(DataSyncService);
    const registry = registryOf(app, 'frontend');
    const tokens: string[] = [];
    for (let i = 0; i < CLIENTS; i++) {
      const item = { dealer: 'AllTasks', query: null };
      tokens.push(await service.authorizeSubscription([item]));
    }
    for (let n = 0; n < MISSED; n++) {
      await service.publishDeltas([task(n, { text: 'x'.repeat(200) })]);
    }
    const clients = tokens.map((token) => {
      const client = new Returning();
      registry.connect(client);
      const params = { token, resume: true };
      client.tell(registry, 'datasync', {
        command: 'acquireSubscription',
        params,
        callId: 1,
      });
      return client;
    });
    const end = performance.now() + 20_000;
    while (!clients.every(({ recovered }) => recovered)) {
      expect(performance.now()).toBeLessThan(end);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    for (const { deltas } of clients) expect(deltas).toBe(MISSED);
    for (const client of clients) registry.disconnect(client);
    await app.close();
  }, 30_000);
});
