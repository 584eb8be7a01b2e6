import { UseGuards, Injectable, type CanActivate } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  BroadcastDealer,
  BrokerUnavailable,
  Client,
  ConnectedClient,
  DataSyncModule,
  DataSyncService,
  MemoryBroker,
  RpcCommand,
  SnorkyGateway,
  SnorkyModule,
  SnorkyService,
  type Broker,
  type IdentifiesClient,
  type JsonValue,
  type ServiceRegistry,
  type UpgradeRequest,
} from 'snorky';
import { connectClient, type TestClient } from 'snorky/testing';
import { DelayedBroker } from '../../../src/broker/delayed-broker.js';
import { MemoryStore } from '../../../src/broker/memory/memory-store.js';
import { registryOf } from '../../../src/testing/application.js';
import { startApp } from '../../support/servers/app.js';
import { RecordedLog } from '../../support/servers/log.js';
import { refusal, TestSocket } from '../../support/sockets/socket.js';
import { wrapLogs } from '../../support/services/wrapped-logs.js';

const seed = Date.now() & 0xffff;

class AllTasks extends BroadcastDealer {
  readonly model = 'Task';
}

const ALL = [{ dealer: 'AllTasks', query: null }];

/** Decides about a log-in for as long as a test wants it to. */
@SnorkyService('auth')
class Auth {
  decide: () => void = () => {};

  @RpcCommand()
  async logIn(@ConnectedClient() client: Client): Promise<void> {
    await new Promise<void>((resolve) => {
      this.decide = resolve;
    });
    client.identity = 'ann';
  }

  @RpcCommand()
  ping(): void {}
}

/** One node of an application. */
class Node implements AsyncDisposable {
  private constructor(
    private readonly app: Awaited<ReturnType<typeof Node.init>>,
    readonly broker: Broker,
    readonly log: RecordedLog,
  ) {}

  static async start(broker: Broker): Promise<Node> {
    const log = new RecordedLog();
    return new Node(await Node.init(broker, log), broker, log);
  }

  private static async init(broker: Broker, log: RecordedLog) {
    const testing = await Test.createTestingModule({
      imports: [
        SnorkyModule.forRoot({
          broker,
          registries: { frontend: { websocket: { path: '/ws' } }, backend: {} },
        }),
        DataSyncModule.register({ dealers: [AllTasks] }),
      ],
      providers: [Auth],
    })
      .setLogger(log)
      .compile();
    return testing.init();
  }

  get registry(): ServiceRegistry {
    return registryOf(this.app, 'frontend');
  }

  get auth(): Auth {
    return this.app.get(Auth);
  }

  get datasync(): DataSyncService {
    return this.app.get(DataSyncService);
  }

  connect(identity: JsonValue): Promise<TestClient> {
    return connectClient(this.app, { identity });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.app.close();
  }
}

const open: Node[] = [];

async function nodes(
  wrap: (broker: MemoryBroker, more: number) => Broker,
): Promise<[Node, Node, MemoryStore]> {
  const store = new MemoryStore();
  const [a, b] = await Promise.all(
    ['a', 'b'].map((node, more) =>
      Node.start(wrap(new MemoryBroker({ store, node }), more)),
    ),
  );
  open.push(a as Node, b as Node);
  return [a as Node, b as Node, store];
}

async function single(): Promise<Node> {
  const node = await Node.start(new MemoryBroker());
  open.push(node);
  return node;
}

afterEach(async () => {
  for (const node of open.splice(0)) await node[Symbol.asyncDispose]();
});

describe.each([
  ['of one memory', (broker: MemoryBroker): Broker => broker],
  [
    `far apart (seed ${seed})`,
    (broker: MemoryBroker, more: number): Broker =>
      new DelayedBroker(broker, { seed: seed + more }),
  ],
])('Everywhere, with two nodes %s,', (_how, wrap) => {
  it('closes the connections of an identity, and nobody else', async () => {
    const [a, b] = await nodes(wrap);
    const ann = { id: 1 };
    const [here, there, other, nobody] = await Promise.all([
      a.connect(ann),
      b.connect({ id: 1 }),
      b.connect({ id: 2 }),
      a.connect(null),
    ]);
    await a.registry.everywhere.close(ann, 4200, 'Logged out');
    for (const client of [here, there]) {
      expect(await client.closed).toMatchObject({
        code: 4200,
        reason: 'Logged out',
      });
    }
    expect([other.connected, nobody.connected]).toEqual([true, true]);
  });

  it('takes back the tokens of the identity', async () => {
    const [a, b] = await nodes(wrap);
    const [mine, waits, others] = [
      await a.datasync.authorizeSubscription(ALL, { for: 'ann' }),
      await a.datasync.authorizeSubscription(ALL, { for: 'ann' }),
      await a.datasync.authorizeSubscription(ALL, { for: 'bob' }),
    ];
    const params = (token: string): { token: string; resume: true } => {
      return { token, resume: true };
    };
    const ann = await b.connect('ann');
    await ann.call('datasync', 'acquireSubscription', params(mine));
    await b.registry.everywhere.close('ann');
    expect(await ann.closed).toMatchObject({ code: 1000 });
    const again = await a.connect('ann');
    for (const token of [mine, waits]) {
      await expect(
        again.call('datasync', 'acquireSubscription', params(token)),
      ).rejects.toMatchObject({ value: 'No such subscription' });
    }
    const bob = await a.connect('bob');
    expect(
      await bob.call('datasync', 'acquireSubscription', params(others)),
    ).toMatchObject({ recovered: true });
  });
});

describe('Everywhere', () => {
  it.each([1001, 1009, 3000, 4000, 4003, 4100, 4199, 5000, 4200.5, NaN])(
    'refuses the code %p',
    async (code) => {
      const [a] = await nodes((broker) => broker);
      const client = await a.connect('ann');
      expect(() => a.registry.everywhere.close('ann', code)).toThrow(
        RangeError,
      );
      expect(client.connected).toBe(true);
    },
  );

  it('refuses nobody, and what no identity can be', async () => {
    const [a] = await nodes((broker) => broker);
    const nobody = await a.connect(null);
    const { everywhere } = a.registry;
    for (const none of [null, undefined]) {
      expect(() => everywhere.close(none as unknown as string)).toThrow(
        TypeError,
      );
    }
    expect(() => everywhere.close(1n as unknown as string)).toThrow('JSON');
    expect(() => everywhere.close('ann', 4200, 7 as unknown as string)).toThrow(
      TypeError,
    );
    expect(nobody.connected).toBe(true);
  });

  it('closes those who come back with an identity that a closing was lost of', async () => {
    const [a, b, store] = await nodes((broker) => broker);
    const [ann, nobody] = [await a.connect('ann'), await b.connect(null)];
    store.forget();
    expect(await ann.closed).toMatchObject({ code: 4003 });
    expect(nobody.connected).toBe(true);
    expect(a.registry.counters.gaps).toBeGreaterThan(0);
    // Loggers of Nest are one for the process: the last one has the lines.
    const lines = b.log.with('warn', 'who was to be disconnected');
    expect(lines).toHaveLength(1);
  });

  it('takes what another version says for a gap', async () => {
    const [a, b] = await nodes((broker) => broker);
    const ann = await a.connect('ann');
    const keep = { entries: 10, size: 10_000, age: 10_000 };
    await b.broker.topics
      .log('closings:frontend', keep)
      .publish({ v: 2, tenant: 7 });
    expect(await ann.closed).toMatchObject({ code: 4003 });
  });

  it('says that it was done in part where the broker goes after that', async () => {
    const [a] = await nodes((broker) =>
      wrapLogs(broker, (log, name) =>
        name.startsWith('revoked:')
          ? {
              publish: async () => {
                throw new BrokerUnavailable();
              },
              subscribe: (...args) => log.subscribe(...args),
            }
          : {},
      ),
    );
    await expect(
      a.registry.everywhere.close('ann') as Promise<void>,
    ).rejects.toMatchObject({ code: 'BROKER_UNCERTAIN' });
  });
});

describe('A log-in by a command that is under way', () => {
  it.each([false, true])(
    'ends its connection where the identity is closed meanwhile (other messages: %p)',
    async (busy) => {
      const node = await single();
      const client = await node.connect(null);
      const other = await node.connect('ann');
      const loggingIn = client.call('auth', 'logIn', {});
      loggingIn.catch(() => {});
      await new Promise(setImmediate);
      await node.registry.everywhere.close('ann', 4200, 'Banned');
      expect(await other.closed).toMatchObject({ code: 4200 });
      // What comes after the closing does not make the log-in younger.
      if (busy) await client.call('auth', 'ping', {});
      node.auth.decide();
      expect(await client.closed).toMatchObject({
        code: 1000,
        reason: 'Try again',
      });
      expect([...node.registry.clientsOf('ann')]).toEqual([]);
    },
  );

  it('is as good as any where it begins afterwards', async () => {
    const node = await single();
    const client = await node.connect(null);
    await client.call('auth', 'ping', {});
    await node.registry.everywhere.close('ann', 4200, 'Banned');
    const loggingIn = client.call('auth', 'logIn', {});
    await new Promise(setImmediate);
    node.auth.decide();
    await loggingIn;
    await client.call('auth', 'ping', {});
    expect(client.connected).toBe(true);
    expect([...node.registry.clientsOf('ann')]).toHaveLength(1);
  });
});

describe('A handshake that is under way', () => {
  /** Looks, and waits; who may was decided by then. */
  @Injectable()
  class Slow implements CanActivate {
    static looked = (): void => {};
    static go: Promise<void> = Promise.resolve();

    async canActivate(): Promise<boolean> {
      Slow.looked();
      await Slow.go;
      return true;
    }
  }

  @SnorkyGateway('frontend')
  @UseGuards(Slow)
  class Gateway implements IdentifiesClient {
    identify({ query }: UpgradeRequest): JsonValue {
      return (query as { readonly as?: string }).as ?? null;
    }
  }

  async function start(store: MemoryStore, node: string) {
    return startApp({
      imports: [
        SnorkyModule.forRoot({
          broker: new MemoryBroker({ store, node }),
          registries: { frontend: { websocket: { path: '/ws' } } },
        }),
      ],
      providers: [Gateway],
    });
  }

  it('is not let in as an identity that is closed meanwhile, on any node', async () => {
    const store = new MemoryStore();
    await using a = await start(store, 'a');
    await using b = await start(store, 'b');
    const looked = new Promise<void>((resolve) => {
      let count = 0;
      Slow.looked = () => {
        if (++count === 3) resolve();
      };
    });
    let go = (): void => {};
    Slow.go = new Promise((resolve) => (go = resolve));
    const comes = [
      refusal(`${a.ws}/ws?as=ann`),
      TestSocket.connect(`${a.ws}/ws?as=bob`),
      TestSocket.connect(`${a.ws}/ws`),
    ] as const;
    await looked;
    await registryOf(b.app, 'frontend').everywhere.close('ann', 4200, 'Out');
    go();
    expect(await comes[0]).toMatchObject({ status: 503 });
    await using bob = await comes[1];
    await using nobody = await comes[2];
    expect(bob).toBeDefined();
    expect(nobody).toBeDefined();
    // Guards that look again may let them in.
    await using ann = await TestSocket.connect(`${a.ws}/ws?as=ann`);
    expect(ann).toBeDefined();
    expect(registryOf(a.app, 'frontend').clientsOf('ann').size).toBe(1);
  });
});
