import { describe, expect, it } from '@jest/globals';
import { Exclude, instanceToPlain } from 'class-transformer';
import {
  Dealer,
  getRegistryToken,
  type Delta,
  type JsonObject,
  type JsonValue,
  type ModelOptions,
  type ServiceRegistry,
} from 'snorky';
import { callBackend, type TestClient } from 'snorky/testing';
import { DelayedBroker } from '../../../../src/broker/delayed-broker.js';
import { MemoryBroker } from '../../../../src/broker/memory/memory-broker.js';
import {
  acquire,
  DataSyncApp,
  taken,
} from '../../../support/services/datasync.js';
import { AllDocs, DocsByTeam, FilteredDocs } from './docs.js';

class OldDocs extends Dealer<JsonObject> {
  readonly model = 'Doc';
  matches(_: JsonValue, { age }: JsonObject): boolean {
    return Number(age) > 10;
  }
}
class OldDocsThatSay extends OldDocs {
  override readonly fields = ['age'];
}

const doc = (id: number, more: object = {}): object => ({
  id,
  team: 'a',
  age: 1,
  title: 't',
  ...more,
});

type AnyDelta = Delta<unknown>;

const insert = (data: unknown): AnyDelta => ({
  type: 'insert',
  model: 'Doc',
  data,
});
const remove = (data: unknown): AnyDelta => ({
  type: 'delete',
  model: 'Doc',
  data,
});
const update = (newData: unknown, oldData: unknown): AnyDelta => ({
  type: 'update',
  model: 'Doc',
  newData,
  oldData,
});
/** A delta of another model. It is published whatever the others are like. */
const OTHER = { type: 'insert', model: 'Sentinel', data: 'here' } as const;

interface Page {
  readonly client: TestClient;
  /** What it has heard since: rows of deltas, and whether to fetch again. */
  heard(): Promise<{ deltas: JsonValue[]; refetch: boolean }>;
}

const ITEMS = [
  { dealer: 'AllDocs', query: null },
  { dealer: 'Sentinels', query: null },
];

async function follow(app: DataSyncApp): Promise<Page> {
  const client = await app.connect();
  await client.call('snorky', 'hello', { features: ['refetch'] });
  await acquire(client, await app.authorize([ITEMS[0]] as JsonValue));
  await acquire(client, await app.authorize([ITEMS[1]] as JsonValue));
  return {
    client,
    async heard() {
      const messages = await taken(client);
      return {
        deltas: messages.flatMap(({ delta }) => delta ?? []),
        refetch: messages.some(({ type }) => type === 'refetch'),
      };
    },
  };
}

function start(
  doc: ModelOptions | undefined,
  dealers: readonly (new () => Dealer<never>)[] = [AllDocs],
): Promise<DataSyncApp> {
  return DataSyncApp.start({
    dealers,
    ...(doc === undefined ? {} : { models: { Doc: doc } }),
  });
}

function bad(app: DataSyncApp): number {
  const token = getRegistryToken('frontend');
  return app.app.get<ServiceRegistry>(token, { strict: false }).counters
    .badDeltas;
}

const cycle: { id: number; self?: unknown } = { id: 1 };
cycle.self = cycle;

const FAULTS: readonly [what: string, delta: AnyDelta, line: string][] = [
  [
    'a delete that lost its id',
    remove({ team: 'a', age: 1, title: 't' }),
    'its data has no "id"',
  ],
  [
    'a delete whose id is null',
    remove(doc(1, { id: null })),
    'its data has no "id"',
  ],
  ['a delete without a row', remove(undefined), 'its data'],
  ['a delete of no object', remove(7), 'its data is no object'],
  ['an insert without id', insert({ team: 'a' }), 'its data has no "id"'],
  [
    'an insert of nothing but the id',
    insert({ id: 1 }),
    'has nothing but its key',
  ],
  [
    'an update of nothing but the id',
    update({ id: 1 }, doc(1)),
    'its newData has nothing but its key',
  ],
  [
    'an update to no id',
    update({ team: 'a' }, doc(1)),
    'its newData has no "id"',
  ],
  [
    'an update from no id',
    update(doc(1), { team: 'a' }),
    'its oldData has no "id"',
  ],
  ['an update without oldData', update(doc(1), undefined), 'its oldData'],
  ['an update without newData', update(undefined, doc(1)), 'its newData'],
  [
    'a row of NaN',
    insert(doc(1, { age: NaN })),
    'cannot be said as JSON (number)',
  ],
  [
    'a row of a Map',
    insert(doc(1, { age: new Map([[1, 2]]) })),
    'cannot be said as JSON (collection)',
  ],
  [
    'a row of a bigint',
    insert(doc(1, { age: 1n })),
    'cannot be said as JSON (bigint)',
  ],
  [
    'a row that contains itself',
    insert(cycle),
    'cannot be said as JSON (cycle)',
  ],
];

describe('With a declared key', () => {
  it.each(FAULTS)(
    '%s has the model fetched again, and the rest is published',
    async (_, delta, line) => {
      await using app = await start({ key: 'id' });
      await app.service.publishDeltas([insert(doc(0))]);
      const page = await follow(app);
      await app.service.publishDeltas([insert(doc(2)), delta, OTHER]);
      expect(await page.heard()).toEqual({
        deltas: [insert(doc(2)), OTHER],
        refetch: true,
      });
      expect(bad(app)).toBe(1);
      const lines = app.log.with('warn', 'No page can apply');
      expect(lines).toHaveLength(1);
      expect(lines[0]?.text).toContain(line);
      expect(lines[0]?.text).toContain('of "Doc"');
    },
  );

  it.each(FAULTS.filter(([, , line]) => !line.includes('JSON')))(
    '%s of a backend has the model fetched again',
    async (_, delta) => {
      await using app = await start({ key: 'id' });
      const page = await follow(app);
      await app.service.publishDeltas([insert(doc(0))]);
      await app.publish(JSON.parse(JSON.stringify(delta)) as Delta, OTHER);
      expect(await page.heard()).toMatchObject({ refetch: true });
      expect(bad(app)).toBe(1);
    },
  );

  it('of several fields all must be there', async () => {
    await using app = await start({ key: ['team', 'no'] });
    const page = await follow(app);
    await app.service.publishDeltas([remove({ team: 'a', no: 0 })]);
    expect(await page.heard()).toMatchObject({ refetch: false });
    await app.service.publishDeltas([remove({ team: 'a', id: 1 })]);
    expect(await page.heard()).toMatchObject({ deltas: [], refetch: true });
  });

  it('rows that are nothing else are whole', async () => {
    await using app = await start({ key: ['user', 'role'] }, [
      AllDocs,
      FilteredDocs,
    ]);
    await app.service.publishDeltas([insert({ user: 1, role: 2 })]);
    const page = await follow(app);
    const deltas = [insert({ user: 2, role: 2 }), remove({ user: 1, role: 2 })];
    await app.service.publishDeltas(deltas);
    expect(await page.heard()).toEqual({ deltas, refetch: false });
  });

  it('a row that cannot be serialized has the model fetched again', async () => {
    await using app = await start({
      key: 'id',
      serialize: (row: { id: number }) => {
        if (row.id === 13) throw new Error('Unlucky');
        if (row.id === 14) return Promise.reject(new Error('late'));
        return row;
      },
    });
    const page = await follow(app);
    await app.service.publishDeltas([
      insert({ id: 1 }),
      insert({ id: 13 }),
      insert({ id: 14 }),
      insert({ id: 2 }),
    ]);
    expect(await page.heard()).toEqual({
      deltas: [insert({ id: 1 }), insert({ id: 2 })],
      refetch: true,
    });
    expect(app.log.with('error', 'could not be serialized')).toHaveLength(2);
    expect(bad(app)).toBe(2);
  });

  it('does not wait for what is merged into the next second', async () => {
    await using app = await start({ key: 'id' });
    await app.service.publishDeltas([remove({})]);
    const start_ = performance.now();
    await app.service.publishDeltas([remove({})]);
    expect(performance.now() - start_).toBeLessThan(500);
    const page = await follow(app);
    const { message } = (await page.client.next()) as unknown as {
      message: JsonObject;
    };
    expect(message['type']).toBe('refetch');
  });

  it('waits for a slow broker to have it', async () => {
    const broker = new DelayedBroker(new MemoryBroker(), { seed: 3 });
    await using app = await DataSyncApp.start({
      broker,
      dealers: [AllDocs],
      models: { Doc: { key: 'id' } },
    });
    const page = await follow(app);
    await app.service.publishDeltas([insert(doc(1)), remove({})]);
    expect(await page.heard()).toMatchObject({ refetch: true });
  });
});

describe('A row as it was', () => {
  const whole = doc(1);
  it.each<
    [
      what: string,
      dealers: (new () => Dealer<never>)[],
      old: object,
      refetch: boolean,
    ]
  >([
    ['nobody looks at anything needs its id', [AllDocs], { id: 1 }, false],
    ['a dealer looks at a missing field', [DocsByTeam], { id: 1 }, true],
    [
      'a dealer looks at a field that is there',
      [DocsByTeam],
      { id: 1, team: 'a' },
      false,
    ],
    [
      'filters may look at any field',
      [FilteredDocs],
      { id: 1, team: 'a' },
      true,
    ],
    ['filters may look at any field, all of it', [FilteredDocs], whole, false],
    ['an own dealer may look at any field', [OldDocs], { id: 1, age: 1 }, true],
    ['an own dealer says at which', [OldDocsThatSay], { id: 1, age: 1 }, false],
    ['an own dealer says at a missing one', [OldDocsThatSay], { id: 1 }, true],
  ])('of which %s', async (_, dealers, old, refetch) => {
    for (const delta of [remove(old), update(doc(1, { title: 'new' }), old)]) {
      for (const known of [true, false]) {
        await using app = await start({ key: 'id' }, [
          AllDocs,
          ...dealers.filter((one) => one !== AllDocs),
        ]);
        if (known) await app.service.publishDeltas([insert(doc(0))]);
        const page = await follow(app);
        await app.service.publishDeltas([delta]);
        // Before any row was seen, one with more than its id may be whole.
        const unsure =
          !known && delta.type === 'delete' && Object.keys(old).length > 1;
        expect(await page.heard()).toEqual(
          refetch && !unsure
            ? { deltas: [], refetch: true }
            : { deltas: [delta], refetch: false },
        );
      }
    }
  });

  it('a field may be missing that other rows lack, too', async () => {
    await using app = await start({ key: 'id' }, [AllDocs, FilteredDocs]);
    await app.service.publishDeltas([
      insert(doc(0)),
      insert({ id: 2, team: 'b', age: 2 }),
    ]);
    const page = await follow(app);
    const delta = remove({ id: 2, team: 'b', age: 2 });
    await app.service.publishDeltas([delta]);
    expect(await page.heard()).toEqual({ deltas: [delta], refetch: false });
  });
});

describe('Without a declared key', () => {
  it('deltas go on as they came; what seems to have lost its id is told', async () => {
    await using app = await start(undefined, [AllDocs, FilteredDocs]);
    await app.service.publishDeltas([insert(doc(0))]);
    const page = await follow(app);
    const deltas = [
      remove({ team: 'a' }),
      update({ team: 'b' }, { team: 'a' }),
      remove(doc(0)),
      remove(null),
    ];
    await app.service.publishDeltas(deltas);
    expect(await page.heard()).toEqual({ deltas, refetch: false });
    expect(bad(app)).toBe(3);
    expect(app.log.with('warn', 'No page can apply')[0]?.text).toBe(
      'No page can apply a delete of "Doc": its data has no "id", which other ' +
        "rows have. Declare `models: { Doc: { key: 'id' } }`, so that pages " +
        'fetch again then.',
    );
  });

  it('what JSON cannot express has the model fetched again all the same', async () => {
    await using app = await start(undefined);
    const page = await follow(app);
    await app.service.publishDeltas([insert({ a: 1n }), OTHER]);
    expect(await page.heard()).toEqual({ deltas: [OTHER], refetch: true });
    expect(bad(app)).toBe(1);
  });

  it.each(['data', 'newData', 'oldData'])('%s must be there', async (name) => {
    await using app = await start(undefined);
    const page = await follow(app);
    const type = name === 'data' ? 'delete' : 'update';
    const delta = { ...update(1, 2), data: 1, type, [name]: undefined };
    expect(() => app.service.publishDeltas([OTHER, delta as AnyDelta])).toThrow(
      'Missing field',
    );
    await expect(
      callBackend(app.app, 'datasync_backend', 'publishDeltas', {
        deltas: JSON.parse(JSON.stringify([OTHER, delta])) as JsonValue,
      }),
    ).rejects.toMatchObject({ value: 'Missing field' });
    expect(await page.heard()).toEqual({ deltas: [], refetch: false });
  });
});

describe('What cannot be a delta', () => {
  it.each<[what: string, delta: unknown, error: string]>([
    ['null', null, 'A delta should be an object'],
    ['a list', [], 'A delta should be an object'],
    ['nothing', undefined, 'A delta should be an object'],
    ['an object', {}, 'Missing field'],
    [
      'of a numbered model',
      { type: 'insert', model: 7 },
      'model must be string',
    ],
    ['of another type', { type: 'upsert', model: 'Doc' }, 'Invalid delta type'],
    [
      'unreadable',
      Object.defineProperty({}, 'type', {
        get: () => {
          throw new Error('No');
        },
      }),
      'JSON cannot express deltas: it throws when it is read.',
    ],
  ])('is refused with all of the batch: %s', async (_, delta, error) => {
    await using app = await start({ key: 'id' });
    const page = await follow(app);
    expect(() => app.service.publishDeltas([OTHER, delta as AnyDelta])).toThrow(
      error,
    );
    expect(await page.heard()).toEqual({ deltas: [], refetch: false });
  });

  it('leaves no failure behind', async () => {
    await using app = await start(undefined);
    const failing = (): Promise<never> => Promise.reject(new Error('late'));
    await app.service.publishDeltas([
      { ...insert(failing()), model: 'Nothing' },
      insert(failing()),
    ]);
    for (const batch of [
      failing(),
      [failing()],
      [insert(failing()), 1],
      [{ data: failing() }],
    ]) {
      expect(() => app.service.publishDeltas(batch as AnyDelta[])).toThrow();
    }
    await new Promise(setImmediate);
  });

  it('is what is no list', async () => {
    await using app = await start({ key: 'id' });
    for (const value of [null, undefined, {}, 'x', new Set()]) {
      expect(() => app.service.publishDeltas(value as [])).toThrow(
        'deltas should be a list',
      );
    }
  });
});

describe('A published row', () => {
  it('is as it was when it was given', async () => {
    await using app = await start({ key: 'id' });
    const page = await follow(app);
    const row = { id: 1, list: [1] };
    const deltas = [insert(row)];
    const published = app.service.publishDeltas(deltas);
    row.list.push(2);
    deltas.length = 0;
    await published;
    expect((await page.heard()).deltas).toEqual([insert({ id: 1, list: [1] })]);
    expect(Object.isFrozen(row)).toBe(false);
  });

  it('has a version that is a finite number, or none', async () => {
    await using app = await start({ key: 'id' });
    const client = await app.connect();
    await acquire(client, await app.authorize([ITEMS[0]] as JsonValue), {
      resume: true,
    });
    const versions = [1, NaN, Infinity, '1', 1n, null] as number[];
    await app.service.publishDeltas(
      versions.map((version) => ({ ...insert(doc(1)), version })),
    );
    const [message] = await taken(client);
    expect(message?.['deltas']).toEqual([
      { ...insert(doc(1)), version: 1 },
      ...Array.from({ length: 5 }, () => insert(doc(1))),
    ]);
  });
});

class Team {
  id = 1;
  @Exclude() key = 'secret';
  docs: TeamDoc[] = [];
}
class TeamDoc {
  @Exclude() hash = 'secret';
  constructor(
    readonly id: number,
    readonly team: Team,
  ) {}
}

describe('Rows of entities that contain each other', () => {
  it.each<[string, ModelOptions | undefined]>([
    ['by their own rules', undefined],
    ['by a declared class', { type: TeamDoc, key: 'id' }],
    ['by `serialize`', { serialize: (row) => instanceToPlain(row) }],
  ])(
    'cost a batch the time of one, since they have no end: %s',
    async (_, options) => {
      await using app = await start(options);
      const page = await follow(app);
      const team = new Team();
      for (let id = 0; id < 300; id++) team.docs.push(new TeamDoc(id, team));
      await app.service.publishDeltas([...team.docs.map(insert), OTHER]);
      await app.read();
      const { deltas, refetch } = await page.heard();
      expect(refetch).toBe(true);
      expect(deltas).toContainEqual(OTHER);
      expect(bad(app)).toBe(1);
    },
  );
});
