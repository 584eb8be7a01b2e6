import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConsoleLogger } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { Exclude, instanceToPlain, Transform } from 'class-transformer';
import {
  BroadcastDealer,
  DataSyncModule,
  DataSyncService,
  getRegistryToken,
  NotJsonError,
  PubSubModule,
  PubSubService,
  SimpleDealer,
  SnorkyGateway,
  SnorkyModule,
  type JsonObject,
  type JsonValue,
  type ServiceRegistry,
} from 'snorky';
import { connectClient, type TestClient } from 'snorky/testing';
import { MAX_PARTS } from '../../src/protocol/limits.js';

/** Forty objects; written out, a million million. */
function shared(): JsonObject {
  let value: JsonObject = { leaf: 1 };
  for (let i = 0; i < 40; i++) value = { left: value, right: value };
  return value;
}

/** The same of lists. */
function sharedList(): JsonValue {
  let value: JsonValue = 1;
  for (let i = 0; i < 40; i++) value = [value, value];
  return value;
}

class Node {
  @Exclude() secret = 's';
  id = 1;
  constructor(
    readonly left: unknown,
    readonly right = left,
  ) {}
}

/** The same of instances of a class with rules. */
function sharedNodes(): Node {
  let value = new Node(1);
  for (let i = 0; i < 40; i++) value = new Node(value);
  return value;
}

/** Instances in lists in lists. */
function sharedLists(): Node {
  return new Node(sharedList());
}

/** What it gives is new each time, and forty levels deep. */
class Growing {
  constructor(private readonly levels = 40) {}

  toJSON(): unknown {
    const next = new Growing(this.levels - 1);
    return this.levels === 0 ? 1 : [next, next];
  }
}

class Rows extends BroadcastDealer {
  readonly model = 'Row';
}
class Typed extends BroadcastDealer {
  readonly model = 'Typed';
}
class Serialized extends BroadcastDealer {
  readonly model = 'Serialized';
}
class ByKey extends SimpleDealer {
  readonly model = 'Keyed';
  getKeyForModel(): JsonValue {
    return shared();
  }
}

@SnorkyGateway('frontend')
class Gateway {
  identify(): JsonValue {
    return shared();
  }
}

const sentence = (what: string): string =>
  `JSON cannot express ${what}: it has more than 250000 parts, where what is referred to several times counts each time. Give what is needed of it.`;

describe('Values that share references', () => {
  let app: TestingModule;
  let registry: ServiceRegistry;
  let datasync: DataSyncService;
  let pubsub: PubSubService;
  let client: TestClient;

  beforeAll(async () => {
    app = await Test.createTestingModule({
      imports: [
        SnorkyModule.forRoot({
          registries: { frontend: { websocket: { path: '/ws' } } },
        }),
        PubSubModule.register(),
        DataSyncModule.register({
          dealers: [Rows, Typed, Serialized, ByKey],
          models: {
            Typed: { type: Node },
            Serialized: { serialize: (row) => row },
          },
        }),
      ],
      providers: [Gateway],
    })
      .setLogger(new ConsoleLogger({ logLevels: [] }))
      .compile();
    await app.init();
    registry = app.get(getRegistryToken('frontend'));
    datasync = app.get(DataSyncService);
    pubsub = app.get(PubSubService);
    client = await connectClient(app, { identity: 'ann' });
  });

  afterAll(() => app.close());

  it.each<[door: string, what: string, give: () => unknown]>([
    [
      'an identity',
      'identity',
      () => {
        const [one] = registry.clients();
        if (one !== undefined) one.identity = shared();
      },
    ],
    [
      'closing an identity',
      'identity',
      () => registry.everywhere.close(shared()),
    ],
    ['a channel', 'channel', () => pubsub.broadcast(sharedList(), 1)],
    ['a message', 'message', () => pubsub.broadcast('news', shared())],
    [
      'a message of instances',
      'message',
      () => pubsub.broadcast('news', { of: sharedNodes() } as never),
    ],
    [
      'a message of lists in an instance',
      'message',
      () => pubsub.broadcast('news', sharedLists() as never),
    ],
    [
      'a query',
      'items',
      () =>
        datasync.authorizeSubscription([{ dealer: 'Rows', query: shared() }]),
    ],
    [
      'whom a token is for',
      'for',
      () => datasync.authorizeSubscription([], { for: shared() }),
    ],
    [
      'whose subscriptions are revoked',
      'identity',
      () => datasync.revoke({ identity: shared() }),
    ],
    [
      'what toJSON() makes of it',
      'identity',
      () => registry.clientsOf(new Growing() as never),
    ],
  ])('are refused by a sentence: %s', async (_door, what, give) => {
    const given = async (): Promise<unknown> => give();
    const error = await given().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NotJsonError);
    expect(error).toMatchObject({ kind: 'size', message: sentence(what) });
  });

  it('of whoever connects refuse the connection', async () => {
    await expect(connectClient(app)).rejects.toThrow(sentence('identity'));
  });

  it.each<[row: string, model: string, make: () => unknown]>([
    ['objects', 'Row', shared],
    ['lists', 'Row', sharedList],
    ['instances with rules', 'Row', sharedNodes],
    ['instances of a declared class', 'Typed', sharedNodes],
    ['objects for a declared class', 'Typed', shared],
    ['what `serialize` returns', 'Serialized', shared],
  ])(
    'count as rows that JSON cannot express: %s',
    async (_row, model, make) => {
      const bad = registry.counters.badDeltas;
      await datasync.publishDeltas([
        { type: 'insert', model, data: make() as JsonValue },
      ]);
      expect(registry.counters.badDeltas).toBe(bad + 1);
    },
  );

  it('cost a batch the time of one row', async () => {
    const bad = registry.counters.badDeltas;
    const row = { type: 'insert', model: 'Row' } as const;
    await datasync.publishDeltas(
      Array.from({ length: 100 }, () => ({ ...row, data: sharedNodes() })),
    );
    expect(registry.counters.badDeltas).toBe(bad + 1);
  });

  it('are left out by a dealer whose keys they are', async () => {
    const query = [{ dealer: 'ByKey', query: 1 }];
    const token = await datasync.authorizeSubscription(query);
    await client.call('datasync', 'acquireSubscription', { token });
    const { failures } = registry.counters;
    await datasync.publishDeltas([
      { type: 'insert', model: 'Keyed', data: { id: 1 } },
    ]);
    expect(registry.counters.failures).toBeGreaterThan(failures);
  });

  it('are taken while they are small', async () => {
    const pair = { leaf: 1 };
    await pubsub.broadcast('news', [new Node(pair), pair] as never);
    expect(registry.clientsOf([pair, pair]).size).toBe(0);
  });
});

describe('The limit of parts', () => {
  it('counts members and items at any depth, and the value itself', async () => {
    const app = await Test.createTestingModule({
      imports: [SnorkyModule.forRoot({ registries: { frontend: {} } })],
    }).compile();
    await app.init();
    const token = getRegistryToken('frontend');
    const registry = app.get<ServiceRegistry>(token);
    const list = Array.from({ length: MAX_PARTS - 1 }, () => 0);
    expect(registry.clientsOf(list).size).toBe(0);
    list.push(0);
    expect(() => registry.clientsOf(list)).toThrow(sentence('identity'));
    await app.close();
  });
});

describe('What a class leaves out', () => {
  class Leaf {
    @Exclude() secret = 1;
    @Transform(({ value }) => `${String(value)}!`) shown = 'a';
  }
  class Tree {
    leaves = new Map([['a', new Leaf()]]);
    list = new Set([new Leaf()]);
    when = new Date(0);
    nothing = undefined;
    deep = { one: [new Leaf()] };
  }

  it('is what class-transformer leaves out', async () => {
    const { transformerRules } =
      await import('../../src/nest/class-rules/transformer-rules.js');
    const rules = await transformerRules();
    for (const value of [new Leaf(), new Node(new Leaf()), new Node([1])]) {
      expect(rules?.apply(value)).toEqual(instanceToPlain(value));
    }
    const { boundedWriting } =
      await import('../../src/nest/class-rules/bounded-writing.js');
    const writesOut = await boundedWriting(await import('class-transformer'));
    expect(writesOut(new Tree())).toEqual(instanceToPlain(new Tree()));
  });
});
