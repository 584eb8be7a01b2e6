import { Test } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import { PubSubModule, PubSubService, SnorkyModule } from 'snorky';
import { connectClient } from 'snorky/testing';
import { DelayedBroker } from '../../../src/broker/delayed-broker.js';
import { MemoryBroker } from '../../../src/broker/memory/memory-broker.js';
import { RecordedLog } from '../../support/servers/log.js';

const seed = Date.now() & 0xffff;

describe(`Publications that a broker loses (seed ${seed})`, () => {
  it('are counted for each channel that somebody listens to, and missed', async () => {
    const broker = new DelayedBroker(new MemoryBroker(), { seed });
    const log = new RecordedLog();
    const testing = await Test.createTestingModule({
      imports: [
        SnorkyModule.forRoot({
          broker,
          registries: { frontend: { websocket: { path: '/ws' } }, backend: {} },
        }),
        PubSubModule.register(),
      ],
    })
      .setLogger(log)
      .compile();
    const app = await testing.init();
    const service = app.get(PubSubService);
    const { counters } = service.registry;
    const client = await connectClient(app);
    await client.call('pubsub', 'subscribe', { channel: 'a' });
    await client.call('pubsub', 'subscribe', { channel: 'b' });
    for (let n = 0; n < 20; n++) {
      broker.lose();
      // Settles though nobody may hear it: then its loss was told.
      await service.broadcast('a', n);
    }
    await service.broadcast('b', 'b');
    await service.broadcast('a', 'end');
    const heard: unknown[] = [];
    while (client.unread.length > 0) {
      const { message } = await client.next();
      heard.push((message as { readonly message: unknown }).message);
    }
    expect(heard.length).toBeLessThan(20);
    expect(heard.at(-1)).toBe('end');
    // Once each time for this channel, and at least once for the other one.
    expect(counters.gaps).toBeGreaterThan(20);
    expect(counters.gaps).toBeLessThanOrEqual(40);
    expect(log.with('warn', 'were lost').length).toBeGreaterThan(0);
    client.disconnect();
    await app.close();
  });

  it('never keep a publisher waiting, nor come twice or out of order', async () => {
    const broker = new DelayedBroker(new MemoryBroker(), {
      seed,
      losses: 0.1,
    });
    const testing = await Test.createTestingModule({
      imports: [
        SnorkyModule.forRoot({
          broker,
          registries: { frontend: { websocket: { path: '/ws' } }, backend: {} },
        }),
        PubSubModule.register(),
      ],
    })
      .setLogger(new RecordedLog())
      .compile();
    const app = await testing.init();
    const service = app.get(PubSubService);
    const client = await connectClient(app);
    await client.call('pubsub', 'subscribe', { channel: 'a' });
    const numbers = Array.from({ length: 200 }, (_, n) => n);
    await Promise.all(numbers.map(async (n) => service.broadcast('a', n)));
    const heard: unknown[] = [];
    while (client.unread.length > 0) {
      const { message } = await client.next();
      heard.push((message as { readonly message: number }).message);
    }
    expect(heard.length).toBeLessThan(200);
    expect(heard).toEqual(numbers.filter((n) => heard.includes(n)));
    expect(new Set(heard).size).toBe(heard.length);
    expect(service.registry.counters.gaps).toBeGreaterThan(0);
    client.disconnect();
    await app.close();
  });
});
