import { describe, expect, it } from '@jest/globals';
import type { Broker } from 'snorky';
import type { TestClient } from 'snorky/testing';
import { DelayedBroker } from '../../../../src/broker/delayed-broker.js';
import { MemoryBroker } from '../../../../src/broker/memory/memory-broker.js';
import { MemoryStore } from '../../../../src/broker/memory/memory-store.js';
import {
  acquire,
  cancel,
  DataSyncApp,
  range,
  resume,
  rowsIn,
  taken,
  task,
  until,
} from '../../../support/services/datasync.js';

/** Whether something goes wrong now, and if it is done all the same. */
type Fate = () => 'well' | 'failed' | 'failedThoughDone';

const FALLIBLE = ['claim', 'release', 'remove'] as const;

/** Fails at what is done with tokens, and at telling of it. */
function failing(broker: Broker, fate: Fate): Broker {
  const wrap =
    (act: (...args: never[]) => unknown) =>
    async (...args: never[]): Promise<unknown> => {
      const now = fate();
      const answer = now === 'failed' ? undefined : await act(...args);
      if (now !== 'well') throw new Error('The broker cannot be reached');
      return answer;
    };
  const { tokens, topics } = broker;
  for (const name of FALLIBLE) {
    const act = tokens[name].bind(tokens) as (...args: never[]) => unknown;
    Object.assign(tokens, { [name]: wrap(act) });
  }
  const announce = topics.announce.bind(topics);
  Object.assign(topics, {
    announce: wrap(announce as (...args: never[]) => unknown),
  });
  return broker;
}

function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
}

const seed = Date.now() & 0xffff;

describe(`A broker that fails now and then (seed ${seed})`, () => {
  it('leaves no token held by nobody, and nothing of those who are gone', async () => {
    const random = randomOf(seed);
    let fails = true;
    const fate: Fate = () => {
      if (!fails || random() < 0.6) return 'well';
      return random() < 0.5 ? 'failed' : 'failedThoughDone';
    };
    const store = new MemoryStore();
    const start = (node: string, more: number): Promise<DataSyncApp> => {
      const broker = new MemoryBroker({ store, node });
      const far = new DelayedBroker(broker, { seed: seed + more, maxDelay: 2 });
      return DataSyncApp.start({ broker: failing(far, fate) });
    };
    await using a = await start('a', 1);
    await using b = await start('b', 2);
    const nodes = [a, b];
    const tokens = await Promise.all(range(0, 6).map(() => a.authorize()));
    const clients: TestClient[] = [];
    const answers: Promise<unknown>[] = [];
    for (let n = 0; n < 150; n++) {
      const node = nodes[Math.floor(random() * 2)] as DataSyncApp;
      const token = tokens[Math.floor(random() * tokens.length)] as string;
      const which = random();
      if (which < 0.6) {
        const client = await node.connect();
        clients.push(client);
        answers.push(
          which < 0.55 ? resume(client, token) : acquire(client, token),
        );
      } else {
        const index = Math.floor(random() * clients.length);
        const client = clients[index];
        if (client === undefined) continue;
        if (which < 0.65) {
          answers.push(cancel(client, token));
        } else {
          client.disconnect();
          clients.splice(index, 1);
        }
      }
      if (random() < 0.3) await a.publish(task(n));
    }
    fails = false;
    // Each is answered, or its connection is gone.
    await Promise.allSettled(answers);
    await until(
      'one holder of a token at most',
      () =>
        a.held + b.held <= tokens.length &&
        a.held === a.routed &&
        b.held === b.routed,
      5000,
    );
    // Exactly the clients with a held subscription hear of a change. Failed
    // requests are tried again meanwhile, so a client may still be told that
    // another one has its token.
    let [held, heard] = [NaN, 0];
    const end = performance.now() + 5000;
    for (let n = 1000; held !== heard || held !== a.held + b.held; n++) {
      expect(performance.now()).toBeLessThan(end);
      await Promise.all([a.read(), b.read()]);
      for (const client of clients) await taken(client);
      held = a.held + b.held;
      await a.publish(task(n));
      await Promise.all([a.read(), b.read()]);
      heard = (await Promise.all(clients.map(taken))).flatMap(rowsIn).length;
    }
    for (const client of clients) client.disconnect();
    await until('the end', () => a.held + b.held === 0, 5000);
    // What could not be given back at once is given back later: whoever comes
    // gets it, for good, or it is gone.
    const last = await b.connect();
    const patience = performance.now() + 15_000;
    while (store.usage().tokens > 0) {
      expect(performance.now()).toBeLessThan(patience);
      for (const token of tokens) await acquire(last, token).catch(() => {});
    }
  }, 30_000);
});
