import { describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import {
  BroadcastDealer,
  DataSyncModule,
  DataSyncService,
  getRegistryToken,
  SnorkyModule,
  type ServiceRegistry,
} from 'snorky';
import { connectClient } from 'snorky/testing';
import { EvictionWatch } from '../../../../src/services/datasync/log/eviction-watch.js';

class Tasks extends BroadcastDealer {
  readonly model = 'Task';
}

const LARGE = { entries: 1e9, size: 1e9, age: 1e9 };

describe('A watch over evictions', () => {
  it.each([
    ['entries', { ...LARGE, entries: 2 }, 1],
    ['size', { ...LARGE, size: 20 }, 10],
  ])('notices a token by the bound of %s, once', (_name, retention, size) => {
    let evicted = 0;
    const watch = new EvictionWatch(retention, 60_000, () => evicted++);
    watch.advance(() => size);
    watch.authorized('token');
    watch.advance(() => size);
    watch.advance(() => size);
    expect(evicted).toBe(0);
    watch.advance(() => size);
    expect(evicted).toBe(1);
    watch.advance(() => size);
    expect(evicted).toBe(1);
  });

  it('has nothing to say of tokens that somebody came with', () => {
    let evicted = 0;
    const retention = { ...LARGE, entries: 1 };
    const watch = new EvictionWatch(retention, 60_000, () => evicted++);
    watch.authorized('early');
    watch.authorized('late');
    watch.forget('early');
    for (let n = 0; n < 3; n++) watch.advance(() => 1);
    expect(evicted).toBe(1);
  });

  it('has nothing to say of tokens whose time is over', () => {
    let evicted = 0;
    const retention = { ...LARGE, entries: 1 };
    const watch = new EvictionWatch(retention, 0, () => evicted++);
    watch.authorized('token');
    for (let n = 0; n < 3; n++) watch.advance(() => 1);
    expect(evicted).toBe(0);
  });
});

describe('A token whose part of the log has gone', () => {
  it('is counted when that happens, and answered Subscription expired', async () => {
    const testing = await Test.createTestingModule({
      imports: [
        SnorkyModule.forRoot({ registries: { frontend: {} } }),
        DataSyncModule.register({ dealers: [Tasks], log: { entries: 2 } }),
      ],
    }).compile();
    const app = await testing.init();
    const { counters } = app.get<ServiceRegistry>(getRegistryToken());
    const datasync = app.get(DataSyncService);
    const items = [{ dealer: 'Tasks', query: null }];
    const token = await datasync.authorizeSubscription(items);
    for (let id = 0; id < 3; id++) {
      await datasync.publishDeltas([
        { type: 'insert', model: 'Task', data: { id } },
      ]);
      expect(counters.evicted).toBe(id < 2 ? 0 : 1);
    }
    await using client = await connectClient(app);
    await expect(
      client.call('datasync', 'acquireSubscription', { token }),
    ).rejects.toThrow('Subscription expired');
    expect(client.unread).toEqual([]);
    expect(counters.evicted).toBe(1);
    await app.close();
  });
});
