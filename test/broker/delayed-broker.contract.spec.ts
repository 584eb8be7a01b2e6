import { describe } from '@jest/globals';
import { DelayedBroker } from '../../src/broker/delayed-broker.js';
import { MemoryBroker } from '../../src/broker/memory/memory-broker.js';
import { MemoryStore } from '../../src/broker/memory/memory-store.js';
import { brokerContract } from '../contract/broker.contract.js';

describe.each([1, 2, 3, 4, 5])('With seed %i', (seed) => {
  brokerContract('the delayed broker', () => {
    const store = new MemoryStore({ lease: 10 });
    const make = (node: string, ownSeed: number): DelayedBroker =>
      new DelayedBroker(new MemoryBroker({ store, node }), {
        seed: ownSeed,
        maxDelay: 3,
      });
    const a = make('a', seed);
    const b = make('b', seed + 1000);
    return {
      a,
      b,
      cutOff: ({ node }) => store.cutOff(node),
      restore: ({ node }) => store.restore(node),
      forget: () => store.forget(),
      cut: (node) => (node as DelayedBroker).lose(),
      close: async () => {
        await Promise.all([a.close(), b.close()]);
      },
    };
  });
});
