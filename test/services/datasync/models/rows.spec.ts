import { describe, expect, it } from '@jest/globals';
import {
  Exclude,
  Expose,
  Transform,
  Type,
  instanceToPlain,
} from 'class-transformer';
import { Test } from '@nestjs/testing';
import {
  BroadcastDealer,
  DataSyncModule,
  DataSyncService,
  FilterDealer,
  SimpleDealer,
  SnorkyModule,
  type Delta,
  type JsonObject,
  type JsonValue,
  type ModelOptions,
} from 'snorky';
import { connectClient } from 'snorky/testing';
import { ServiceRegistry } from '../../../../src/core/registry/service-registry.js';
import { transformerRules } from '../../../../src/nest/class-rules/transformer-rules.js';
import { CloseCode } from '../../../../src/protocol/close-codes.js';
import { parseFilter } from '../../../../src/services/datasync/filter/parse.js';
import { FilterFields } from '../../../../src/services/datasync/models/filter-fields.js';
import { Model } from '../../../../src/services/datasync/models/model.js';
import {
  acquire,
  DataSyncApp,
  taken,
  resume,
} from '../../../support/services/datasync.js';
import { footprint } from '../../../support/lifetimes/footprint.js';
import { RecordedLog } from '../../../support/servers/log.js';

class Address {
  city = 'Rome';
  @Exclude() code = 'secret';
}

class User {
  id = 1;
  name = 'ann';
  @Exclude() hash = 'secret';
  @Type(() => Address) home: Address | object = new Address();
  @Type(() => Address) others: (Address | object)[] = [new Address()];
  @Transform(({ value }) => String(value).slice(0, 4)) since = '2026-05-01';
  @Expose() get shout(): string {
    return this.name.toUpperCase();
  }
  @Expose({ groups: ['staff'] }) note = 'secret';
}

/** With the members of an instance and no class, as spreads and rows of SQL. */
function plain(more: object = {}): object {
  const home = { city: 'Rome', code: 'secret' };
  return { ...new User(), home, others: [home], ...more };
}

const SEEN = {
  id: 1,
  name: 'ann',
  home: { city: 'Rome' },
  others: [{ city: 'Rome' }],
  since: '2026',
  shout: 'ANN',
};

class AllUsers extends BroadcastDealer {
  readonly model = 'User';
}
class UsersByName extends SimpleDealer<JsonObject> {
  readonly model = 'User';
  getKeyForModel({ name }: JsonObject): JsonValue | undefined {
    return name;
  }
}
class UsersByHash extends SimpleDealer<JsonObject> {
  readonly model = 'User';
  getKeyForModel({ hash }: JsonObject): JsonValue {
    return hash ?? 'none';
  }
}
class FilteredUsers extends FilterDealer {
  readonly model = 'User';
}

const ALL = [{ dealer: 'AllUsers', query: null }];

function start(user?: ModelOptions): Promise<DataSyncApp> {
  return DataSyncApp.start({
    dealers: [AllUsers, UsersByName, UsersByHash, FilteredUsers],
    ...(user === undefined ? {} : { models: { User: user } }),
  });
}

function deltasIn(messages: readonly JsonObject[]): JsonValue[] {
  return messages.flatMap(
    ({ delta, deltas }) => (deltas ?? [delta]) as JsonValue[],
  );
}

/** What subscribers see of what the application publishes. */
async function seen(
  app: DataSyncApp,
  ...deltas: Delta<unknown>[]
): Promise<JsonValue[]> {
  const [once, resumable] = [await app.connect(), await app.connect()];
  await acquire(once, await app.authorize(ALL));
  await resume(resumable, await app.authorize(ALL));
  const late = await app.authorize(ALL);
  await app.service.publishDeltas(deltas);
  const heard = deltasIn(await taken(once));
  expect(deltasIn(await taken(resumable))).toEqual(heard);
  const replayed = await app.connect();
  await acquire(replayed, late);
  expect(deltasIn(await taken(replayed))).toEqual(heard);
  return heard;
}

describe('Rows leave by the rules of', () => {
  it('their class, where they have one', async () => {
    await using app = await start();
    expect(
      await seen(
        app,
        { type: 'insert', model: 'User', data: new User() },
        { type: 'delete', model: 'User', data: new User() },
        {
          type: 'update',
          model: 'User',
          newData: new User(),
          oldData: new User(),
        },
      ),
    ).toEqual([
      { type: 'insert', model: 'User', data: SEEN },
      { type: 'delete', model: 'User', data: SEEN },
      { type: 'update', model: 'User', newData: SEEN, oldData: SEEN },
    ]);
  });

  it('a class inside of them', async () => {
    await using app = await start();
    const data = { list: [{ user: new User() }], at: new Date(0) };
    expect(await seen(app, { type: 'insert', model: 'User', data })).toEqual([
      {
        type: 'insert',
        model: 'User',
        data: { list: [{ user: SEEN }], at: '1970-01-01T00:00:00.000Z' },
      },
    ]);
  });

  it.each<[what: string, row: () => object]>([
    ['instances', () => new User()],
    ['plain rows', plain],
    [
      'rows without a prototype',
      () => Object.assign(Object.create(null), plain()),
    ],
    ['frozen rows', () => Object.freeze(plain())],
    [
      'rows of another class',
      () => Object.assign(new (class Other {})(), plain()),
    ],
    [
      'rows that make JSON of themselves',
      () => ({ $: 1, toJSON: () => plain() }),
    ],
    ['rows with a member like a class', () => plain({ constructor: Object })],
  ])('their declared class: %s', async (_, row) => {
    await using app = await start({ type: User, key: 'id' });
    expect(
      await seen(app, {
        type: 'update',
        model: 'User',
        newData: row(),
        oldData: row(),
      }),
    ).toMatchObject([{ newData: SEEN, oldData: SEEN }]);
    const [{ newData }] = (await seen(app, {
      type: 'update',
      model: 'User',
      newData: row(),
      oldData: row(),
    })) as unknown as [{ newData: object }];
    expect(JSON.stringify(newData)).not.toContain('secret');
  });

  it('their declared class, also when a backend sends them', async () => {
    await using app = await start({ type: User });
    const client = await app.connect();
    await acquire(client, await app.authorize(ALL));
    const data = JSON.parse(JSON.stringify(plain())) as JsonValue;
    await app.publish({ type: 'insert', model: 'User', data });
    expect(deltasIn(await taken(client))).toEqual([
      { type: 'insert', model: 'User', data: SEEN },
    ]);
  });

  it('`serialize`, whoever publishes', async () => {
    await using app = await start({
      serialize: ({ id }: User) => ({ id, by: 'hand', home: new Address() }),
    });
    const by = { id: 1, by: 'hand', home: { city: 'Rome' } };
    expect(
      await seen(app, { type: 'insert', model: 'User', data: new User() }),
    ).toMatchObject([{ data: by }]);
    const client = await app.connect();
    await acquire(client, await app.authorize(ALL));
    await app.publish({ type: 'delete', model: 'User', data: { id: 1 } });
    expect(deltasIn(await taken(client))).toMatchObject([{ data: by }]);
  });

  it('`serialize`, which gets instances of the declared class', async () => {
    await using app = await start({
      type: User,
      serialize: (user: User) => {
        expect(user).toBeInstanceOf(User);
        return instanceToPlain(user, { groups: ['staff'] });
      },
    });
    expect(
      await seen(app, { type: 'insert', model: 'User', data: plain() }),
    ).toMatchObject([{ data: { ...SEEN, note: 'secret' } }]);
  });

  it('`serialize`, which gets no promises, that fail where nobody looks', async () => {
    await using app = await start({
      serialize: (row) => ({ id: (row as User).id }),
    });
    const client = await app.connect();
    await acquire(client, await app.authorize(ALL));
    await app.service.publishDeltas([
      {
        type: 'insert',
        model: 'User',
        data: Promise.reject(new Error('No database')),
      },
    ]);
    // Fetch again.
    expect(await client.closed).toMatchObject({ code: CloseCode.changesLost });
  });

  it('what a factory says of their model, in place of what is static', async () => {
    const testing = await Test.createTestingModule({
      imports: [
        SnorkyModule.forRoot({
          registries: { frontend: { websocket: { path: '/ws' } } },
        }),
        DataSyncModule.registerAsync({
          dealers: [AllUsers],
          models: { User: { serialize: () => 'static' } },
          useFactory: () => ({ models: { User: { serialize: () => 'late' } } }),
        }),
      ],
    }).compile();
    const app = await testing.init();
    const datasync = app.get(DataSyncService, { strict: false });
    const client = await connectClient(app);
    await acquire(client, await datasync.authorizeSubscription(ALL));
    await datasync.publishDeltas([{ type: 'insert', model: 'User', data: 1 }]);
    expect(deltasIn(await taken(client))).toMatchObject([{ data: 'late' }]);
    await app.close();
  });

  it('nobody where there are none: as JSON has it', async () => {
    await using app = await start();
    class Free {
      id = 1;
      when = new Date(0);
      ref = { toJSON: (): string => 'ref' };
      get not(): number {
        return 1;
      }
    }
    expect(
      await seen(app, { type: 'insert', model: 'User', data: new Free() }),
    ).toMatchObject([
      { data: { id: 1, when: '1970-01-01T00:00:00.000Z', ref: 'ref' } },
    ]);
  });
});

describe('Dealers', () => {
  it('see what pages see', async () => {
    await using app = await start({ type: User });
    const client = await app.connect();
    const by = (dealer: string, query: JsonValue): Promise<string> =>
      app.authorize([{ dealer, query }]);
    await acquire(client, await by('UsersByName', 'ann'));
    await acquire(client, await by('UsersByHash', 'secret'));
    await acquire(client, await by('UsersByHash', 'none'));
    await app.service.publishDeltas([
      { type: 'insert', model: 'User', data: plain() },
    ]);
    expect(deltasIn(await taken(client))).toHaveLength(2);
  });

  it.each([
    ['hash', 'hash'],
    ['note', 'note'],
    ['home.code', 'home.code'],
    ['hash.length', 'hash.length'],
    ['hash and more', `hash${'.x'.repeat(1000)}`],
  ])('refuse a filter about %s, which does not leave', async (_, field) => {
    await using app = await start({ type: User });
    for (const filter of [
      ['==', field, 'secret'],
      ['not', ['and', ['<', 'id', 1], ['or', ['in', field, ['a']]]]],
    ]) {
      await expect(
        app.authorize([{ dealer: 'FilteredUsers', query: filter }]),
      ).rejects.toMatchObject({
        value: `Invalid filter: the field "${field.slice(0, 50)}" does not leave the server`,
      });
    }
  });

  it('ask the rules of a class once for all fields of a filter', async () => {
    let asked = 0;
    class Counted {
      @Expose()
      @Transform(() => (asked += 1))
      often?: number;
      @Type(() => Counted) boss?: Counted;
      @Transform(({ value }) => (value as string).trim()) name?: string;
      @Exclude() hash?: string;
    }
    await using app = await start({ type: Counted });
    const ask = (...fields: string[]): Promise<string> => {
      const parts = fields.map((field) => ['==', field, 1]);
      const query = ['and', ...parts] as JsonValue;
      return app.authorize([{ dealer: 'FilteredUsers', query }]);
    };
    asked = 0;
    const deep = 'boss.'.repeat(30);
    await ask(...Array.from({ length: 900 }, (_, i) => `${deep}${i}`));
    // Once for each boss, as deep as it looks.
    expect(asked).toBeLessThan(10);
    asked = 0;
    const fields = Array.from({ length: 900 }, (_, i) => `x${i}`);
    await ask(...fields);
    await ask(...fields);
    expect(asked).toBe(1);
    // What its rule cannot make anything of does not hide what others hide.
    for (const field of ['hash', 'boss.hash', 'boss.boss.hash.x']) {
      for (const all of [
        ['a', 'name', field],
        [field, 'name', 'name.x', 'boss', 'b'],
      ]) {
        await expect(ask(...all)).rejects.toMatchObject({
          value: `Invalid filter: the field "${field}" does not leave the server`,
        });
      }
    }
    await ask('name', 'boss', 'boss.boss', '__proto__x', 'boss.name');
  });

  it.each(['name', 'home.city', 'shout', 'since', 'others', 'unheard'])(
    'take a filter about %s',
    async (field) => {
      await using app = await start({ type: User });
      const query = ['==', field, 1];
      const token = await app.authorize([{ dealer: 'FilteredUsers', query }]);
      expect(token).toMatch(/^\w{32}$/);
    },
  );

  it('refuse filters on fields other than those that they list', async () => {
    class ByTeam extends FilterDealer {
      readonly model = 'User';
      override readonly fields = ['team', 'home.city'];
    }
    await using app = await DataSyncApp.start({ dealers: [ByTeam] });
    const asked = (field: string): Promise<string> =>
      app.authorize([{ dealer: 'ByTeam', query: ['==', field, 1] }]);
    await asked('team');
    await asked('home.city');
    await expect(asked('home')).rejects.toMatchObject({
      value:
        'Invalid filter: "home" is none of the fields that may be asked for',
    });
  });
});

describe('What is remembered of what clients ask for', () => {
  it('stays within a bound', async () => {
    const registry = new ServiceRegistry('frontend', new RecordedLog());
    const settings = { type: User, key: ['id'], serialize: undefined };
    const rules = await transformerRules();
    const model = new Model('User', [], settings, rules);
    const fields = new FilterFields(model, registry.log, 'datasync');
    model.waiting = fields;
    const kept = (): number => footprint({ model, fields }).text;
    const ask = (name: string): string | undefined =>
      fields.hiddenOf(parseFilter(['==', name, 1]));
    const askAll = (): void => {
      // Few that are long, and many that are as long as a name may be.
      const long = 'x'.repeat(500_000);
      for (let i = 0; i < 50; i++) ask(`${i}${long}`);
      for (let i = 0; i < 50; i++) ask(`${i}.${long}`);
      for (let i = 0; i < 2000; i++) ask(`${i} `.padEnd(200, 'y'));
    };
    askAll();
    expect(kept()).toBeLessThan(300_000);
    model.learn(model.json(plain(), 'data', false));
    askAll();
    expect(kept()).toBeLessThan(300_000);
  });
});

describe('A start fails', () => {
  const problem = (message: string): object => ({
    code: 'SNORKY_SERVICE_OPTION_INVALID',
    message: `The options of service "datasync" cannot be used: ${message}`,
  });

  it.each<[string, unknown, string]>([
    [
      'a model without a dealer',
      { Usr: { key: 'id' } },
      '"models" has "Usr", for which there is no dealer. Did you mean "User"?',
    ],
    [
      'a model like no other',
      { Nothing: {} },
      '"models" has "Nothing", for which there is no dealer. They are for: Task, Sentinel, User.',
    ],
    [
      'a misspelt member',
      { User: { serialise: () => 1 } },
      '"models.User" has a member "serialise". It may have `type`, `key` and `serialize`.',
    ],
    [
      'no class',
      { User: { type: 'User' } },
      '"models.User.type" must be a class.',
    ],
    [
      'no function',
      { User: { serialize: 1 } },
      '"models.User.serialize" must be a function.',
    ],
    ...[7, '', ['id', 'id'], [null], Array.from({ length: 17 }, String)].map(
      (key): [string, unknown, string] => [
        `the key ${JSON.stringify(key)}`,
        { User: { key } },
        '"models.User.key" must be the name of a field, or a list of at most 16 names.',
      ],
    ),
    [
      'a key that does not leave',
      { User: { type: User, key: ['id', 'hash'] } },
      '"models.User.key" has "hash", which the rules of User leave out: no page could tell rows apart. Name it as pages see it.',
    ],
  ])('that is given %s', async (_, models, message) => {
    await expect(
      DataSyncApp.start({ dealers: [AllUsers], models: models as never }),
    ).rejects.toMatchObject(problem(message));
  });
});
