import { MemoryBroker } from '../../../src/broker/memory/memory-broker.js';
import { MemoryStore } from '../../../src/broker/memory/memory-store.js';
import { brokerContract } from '../../contract/broker.contract.js';

brokerContract('The memory broker', () => {
  const store = new MemoryStore({ lease: 10 });
  const a = new MemoryBroker({ store, node: 'a' });
  const b = new MemoryBroker({ store, node: 'b' });
  return {
    a,
    b,
    cutOff: ({ node }) => store.cutOff(node),
    restore: ({ node }) => store.restore(node),
    forget: () => store.forget(),
    // There is no connection.
    cut: () => {},
    close: async () => {
      await a.close();
      await b.close();
    },
  };
});
