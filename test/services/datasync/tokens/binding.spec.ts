import { describe, expect, it } from '@jest/globals';
import {
  BroadcastDealer,
  ConnectedClient,
  DataSyncModule,
  DataSyncService,
  RpcCommand,
  SnorkyGateway,
  SnorkyModule,
  SnorkyService,
  type Client,
  type IdentifiesClient,
  type JsonObject,
  type JsonValue,
} from 'snorky';
import { callBackend, type TestClient } from 'snorky/testing';
import type { ServiceRegistry } from '../../../../src/core/registry/service-registry.js';
import { CloseCode } from '../../../../src/protocol/close-codes.js';
import { registryOf } from '../../../../src/testing/application.js';
import {
  acquire,
  ALL,
  BROKERS,
  connectAs,
  DataSyncApp,
  resume,
  rowsIn,
  taken,
  task,
} from '../../../support/services/datasync.js';
import { startApp } from '../../../support/servers/app.js';
import { TestSocket } from '../../../support/sockets/socket.js';

class AllRows extends BroadcastDealer {
  readonly model = 'Row';
}

const NONE = { value: 'No such subscription' };
const INVALID = { value: 'Invalid params' };

function authorizeFor(
  app: DataSyncApp,
  params: JsonObject,
): Promise<JsonValue> {
  const all = { items: ALL as unknown as JsonValue, ...params };
  return callBackend(app.app, 'datasync_backend', 'authorizeSubscription', all);
}

function counters(app: DataSyncApp): ServiceRegistry['counters'] {
  return registryOf(app.app, 'frontend').counters;
}

describe.each(BROKERS)('A token for one identity over $over', ({ make }) => {
  it.each([true, false])(
    'is of no use to another (resume: %s)',
    async (more) => {
      await using app = await DataSyncApp.start({ broker: make() });
      const ann = { id: 1, roles: ['admin'] };
      const token = (await authorizeFor(app, { for: ann })) as string;
      const come = (client: TestClient): Promise<JsonValue> =>
        acquire(client, token, more ? { resume: true } : {});
      for (const identity of [null, 'bob', { id: 1 }]) {
        const other = await connectAs(app, identity, 'identity');
        await expect(come(other)).rejects.toMatchObject(NONE);
        expect(await taken(other)).toEqual([
          { type: 'mismatch', subscription: token },
        ]);
      }
      const old = await connectAs(app, 'bob');
      await expect(come(old)).rejects.toMatchObject(NONE);
      expect(await taken(old)).toEqual([]);
      expect(counters(app).mismatched).toBe(4);
      expect(app.log.with('warn', 'another identity')).not.toEqual([]);
      // The rightful client has lost nothing by that. Members have no order.
      const client = await connectAs(app, { roles: ['admin'], id: 1 });
      await come(client);
      await app.publish(task(1));
      await app.read();
      expect(rowsIn(await taken(client))).toEqual([1]);
    },
  );

  it('is not taken over by another, and by its own from anywhere', async () => {
    await using app = await DataSyncApp.start({ broker: make() });
    const token = await app.service.authorizeSubscription(ALL, { for: 'ann' });
    const holder = await connectAs(app, 'ann', 'taken');
    await resume(holder, token);
    const thief = await connectAs(app, 'bob');
    await expect(resume(thief, token)).rejects.toMatchObject(NONE);
    await app.publish(task(1));
    await app.read();
    expect(rowsIn(await taken(holder))).toEqual([1]);
    expect([app.held, app.routed]).toEqual([1, 1]);
    const phone = await connectAs(app, 'ann');
    expect((await resume(phone, token)).recovered).toBe(true);
    await app.read();
    await app.read();
    expect(await taken(holder)).toEqual([
      { type: 'taken', subscription: token },
    ]);
  });

  it('ends with the identity of its connection, bearer tokens do not', async () => {
    await using app = await DataSyncApp.start({ broker: make() });
    const [bound, once, bearer] = [
      await app.service.authorizeSubscription(ALL, { for: 'ann' }),
      await app.service.authorizeSubscription(ALL, { for: 'ann' }),
      await app.service.authorizeSubscription(ALL, { bearer: true }),
    ];
    const client = await connectAs(app, 'ann', 'identity');
    await resume(client, bound);
    await acquire(client, once);
    await resume(client, bearer);
    await taken(client);
    client.identity = 'bob';
    // Before the setter returns.
    expect(client.unread.map(({ message }) => message)).toEqual([
      {
        type: 'identity',
        subscriptions: expect.arrayContaining([bound, once]),
      },
    ]);
    expect(app.routed).toBe(1);
    await taken(client);
    await app.publish(task(1));
    await app.read();
    expect(await taken(client)).toMatchObject([
      { type: 'deltas', subscription: bearer },
    ]);
    // The tokens are gone, for whoever she is.
    client.identity = 'ann';
    await expect(resume(client, bound)).rejects.toMatchObject(NONE);
    expect(await taken(client)).toEqual([
      { type: 'identity', subscriptions: [] },
    ]);
  });

  it('is not acquired by who is no longer who asked', async () => {
    await using app = await DataSyncApp.start({ broker: make() });
    const token = await app.service.authorizeSubscription(ALL, { for: 'ann' });
    const client = await connectAs(app, 'ann', 'identity');
    const answer = resume(client, token);
    answer.catch(() => {});
    client.identity = null;
    await Promise.allSettled([answer]);
    await app.read();
    expect([app.held, app.routed]).toEqual([0, 0]);
    await app.publish(task(1));
    await app.read();
    expect(rowsIn(await taken(client))).toEqual([]);
    const again = await connectAs(app, 'ann');
    await expect(resume(again, token)).rejects.toMatchObject(NONE);
  });

  it('closes those who would not understand that it has ended', async () => {
    await using app = await DataSyncApp.start({ broker: make() });
    const [bound, free] = [
      await connectAs(app, 'ann'),
      await connectAs(app, 'ann'),
    ];
    await resume(
      bound,
      await app.service.authorizeSubscription(ALL, { for: 'ann' }),
    );
    await resume(free, await app.authorize());
    bound.identity = null;
    free.identity = null;
    expect(await bound.closed).toMatchObject({ code: CloseCode.changesLost });
    expect(free.connected).toBe(true);
  });
});

describe('An authorization', () => {
  it.each([
    { for: null },
    { for: 'ann', bearer: true },
    { bearer: 'yes' },
    { bearer: 1 },
  ])('of a backend does not take %j', async (params) => {
    await using app = await DataSyncApp.start();
    await expect(authorizeFor(app, params)).rejects.toMatchObject(INVALID);
  });

  it.each([{ bearer: true }, { bearer: false }, { bearer: null }, {}])(
    'of a backend with %j is for whoever has it',
    async (params) => {
      await using app = await DataSyncApp.start();
      const token = await authorizeFor(app, params);
      expect(await acquire(await connectAs(app, 'bob'), token)).toBeNull();
    },
  );

  it.each([undefined, null])(
    'in process for nobody, %s, is refused with a sentence',
    async (nobody) => {
      await using app = await DataSyncApp.start();
      const options = { for: nobody as unknown as string };
      expect(() => app.service.authorizeSubscription(ALL, options)).toThrow(
        /nobody is no identity.*`bearer: true`/,
      );
      await expect(
        app.service.snapshot(ALL, () => [], options),
      ).rejects.toThrow(TypeError);
    },
  );

  it.each([
    ['a number that is none', NaN],
    ['what loses its members', new Map([['id', 1]])],
    ['an instance of which nothing is left', new (class UserId {})()],
  ])('in process is not for %s: others would have it too', async (_, what) => {
    await using app = await DataSyncApp.start();
    const options = { for: what };
    expect(() => app.service.authorizeSubscription(ALL, options)).toThrow(
      'JSON cannot express for',
    );
  });

  it.each([{ fro: 'ann' }, { For: 'ann', bearer: false }, { identity: 'ann' }])(
    'in process does not take %j: it would be for everybody',
    async (options) => {
      await using app = await DataSyncApp.start();
      expect(() =>
        app.service.authorizeSubscription(ALL, options as object),
      ).toThrow('It knows `for`, `bearer`, `expiresAt`, `renewal`.');
      expect(() =>
        app.service.authorizeSubscription(ALL, null as unknown as object),
      ).toThrow('authorizeSubscription takes its options as an object.');
    },
  );

  it('in process is for one or for all', async () => {
    await using app = await DataSyncApp.start();
    expect(() =>
      app.service.authorizeSubscription(ALL, { for: 'ann', bearer: true }),
    ).toThrow('not both');
  });
});

@SnorkyService('session')
class Session {
  @RpcCommand()
  logOut(@ConnectedClient() client: Client): string {
    client.identity = null;
    return 'Good bye';
  }

  @RpcCommand()
  async logOutLater(@ConnectedClient() client: Client): Promise<string> {
    client.identity = null;
    await new Promise((resolve) => setImmediate(resolve));
    return 'Good bye';
  }
}

@SnorkyGateway('frontend')
class Ann implements IdentifiesClient {
  identify(): string {
    return 'ann';
  }
}

describe('Who logs out with a subscription of their own', () => {
  it.each(['logOut', 'logOutLater'])(
    'is answered before the connection ends (%s)',
    async (command) => {
      await using app = await startApp({
        imports: [
          SnorkyModule.forRoot({
            registries: { frontend: { websocket: { path: '/ws' } } },
          }),
          DataSyncModule.register({ dealers: [AllRows] }),
        ],
        providers: [Session, Ann],
      });
      const token = await app.app
        .get(DataSyncService)
        .authorizeSubscription([{ dealer: 'AllRows', query: null }], {
          for: 'ann',
        });
      await using socket = await TestSocket.connect(`${app.ws}/ws`);
      await socket.call('datasync', 'acquireSubscription', { token });
      expect(await socket.call('session', command)).toMatchObject({
        type: 'response',
        data: 'Good bye',
      });
      expect(await socket.closed).toMatchObject({
        code: CloseCode.changesLost,
      });
    },
  );
});
