import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Dealer, type Delta, type JsonObject, type JsonValue } from 'snorky';
import {
  acquire,
  DataSyncApp,
  resume,
  taken,
} from '../../../support/services/datasync.js';
import type { TestClient } from 'snorky/testing';
import { AllDocs, DocsByTeam, FilteredDocs } from './docs.js';

class OldDocs extends Dealer<JsonObject> {
  readonly model = 'Doc';
  matches(_: JsonValue, { age }: JsonObject): boolean {
    return Number(age) > 2;
  }
}

interface Doc {
  readonly id: number;
  readonly team: string;
  readonly age: number;
  readonly note?: string;
}

/** What pages follow, and which rows that is. */
const VIEWS: readonly (readonly [
  dealer: string,
  query: JsonValue,
  has: (doc: Doc) => boolean,
])[] = [
  ['AllDocs', null, () => true],
  ['DocsByTeam', 'a', ({ team }) => team === 'a'],
  ['FilteredDocs', ['==', 'team', 'b'], ({ team }) => team === 'b'],
  ['FilteredDocs', ['not', ['>', 'age', 2]], ({ age }) => !(age > 2)],
  ['OldDocs', null, ({ age }) => age > 2],
];

/** A page, as a connector has it. */
class Page {
  readonly rows: Map<unknown, JsonObject>;
  live = true;

  constructor(
    readonly client: TestClient,
    readonly has: (doc: Doc) => boolean,
    table: ReadonlyMap<number, Doc>,
  ) {
    this.rows = new Map(view(table, has));
  }

  async hear(): Promise<void> {
    for (const { type, delta, deltas } of await taken(this.client)) {
      if (type === 'refetch') this.live = false;
      const all = (deltas ?? (delta === undefined ? [] : [delta])) as unknown;
      for (const each of all as Delta<JsonObject>[]) this.apply(each);
    }
  }

  private apply(delta: Delta<JsonObject>): void {
    const row = delta.type === 'update' ? delta.newData : delta.data;
    if (delta.type === 'update') this.rows.delete(delta.oldData['id']);
    if (delta.type === 'delete') this.rows.delete(row['id']);
    else this.rows.set(row['id'], row);
  }
}

function view(
  table: ReadonlyMap<number, Doc>,
  has: (doc: Doc) => boolean,
): [number, JsonObject][] {
  return [...table]
    .filter(([, doc]) => has(doc))
    .map(([id, doc]) => [id, { ...doc } as unknown as JsonObject]);
}

const docs = fc.record(
  {
    id: fc.nat(5),
    team: fc.constantFrom('a', 'b'),
    age: fc.nat(5),
    note: fc.constant('n'),
  },
  { requiredKeys: ['id', 'team', 'age'] },
);

type Spoil = (row: object) => unknown;

const cycle: { self?: unknown; id: number } = { id: 1 };
cycle.self = cycle;

/** What an ORM, or somebody in a hurry, makes of a row as it was. */
const oldRows = fc.oneof(
  { arbitrary: fc.constant<Spoil>((row) => row), weight: 6 },
  fc
    .subarray(['id', 'team', 'age', 'note'])
    .map<Spoil>(
      (fields) => (row) =>
        Object.fromEntries(
          Object.entries(row).filter(([name]) => fields.includes(name)),
        ),
    ),
  fc.constantFrom<Spoil>(
    () => undefined,
    () => null,
    () => 7,
    (row) => ({ ...row, id: null }),
    (row) => ({ ...row, extra: NaN }),
    () => cycle,
  ),
);

/** What can be told of a new row that is not whole. */
const newRows = fc.oneof(
  { arbitrary: fc.constant<Spoil>((row) => row), weight: 9 },
  fc.constantFrom<Spoil>(
    () => undefined,
    (row) => ({ ...row, id: undefined }),
    ({ id }: { id?: unknown }) => ({ id }),
    (row) => ({ ...row, big: 1n }),
    (row) => ({ ...row, map: new Map() }),
  ),
);

const changes = fc.record({
  doc: docs,
  gone: fc.boolean(),
  spoilOld: oldRows,
  spoilNew: newRows,
});

const runs = fc.record({
  before: fc.array(docs, { maxLength: 6 }),
  batches: fc.array(fc.array(changes, { minLength: 1, maxLength: 4 }), {
    maxLength: 6,
  }),
  resumes: fc.boolean(),
});

const seed = Date.now() & 0x7fffffff;

it(`Every page is right, or not live, whatever deltas are like (seed ${seed})`, async () => {
  let [lives, deads] = [0, 0];
  await fc.assert(
    fc.asyncProperty(runs, async ({ before, batches, resumes }) => {
      await using app = await DataSyncApp.start({
        dealers: [AllDocs, DocsByTeam, FilteredDocs, OldDocs],
        models: { Doc: { key: 'id' } },
      });
      const table = new Map<number, Doc>(before.map((doc) => [doc.id, doc]));
      // So that it is known what rows are like.
      await app.service.publishDeltas(
        [{ id: 9, team: 'c', age: 1 }, ...table.values()].map((data) => ({
          type: 'insert',
          model: 'Doc',
          data,
        })),
      );
      const pages: Page[] = [];
      for (const [dealer, query, has] of VIEWS) {
        const client = await app.connect();
        await client.call('snorky', 'hello', { features: ['refetch'] });
        const token = await app.authorize([{ dealer, query }]);
        pages.push(new Page(client, has, table));
        await (resumes ? resume(client, token) : acquire(client, token));
      }
      for (const batch of batches) {
        const deltas: unknown[] = [];
        for (const { doc, gone, spoilOld, spoilNew } of batch) {
          const was = table.get(doc.id);
          const oldData = was && spoilOld({ ...was });
          const newData = spoilNew({ ...doc });
          const model = 'Doc';
          if (gone) {
            table.delete(doc.id);
            if (was) deltas.push({ type: 'delete', model, data: oldData });
          } else {
            table.set(doc.id, doc);
            deltas.push(
              was
                ? { type: 'update', model, newData, oldData }
                : { type: 'insert', model, data: newData },
            );
          }
        }
        await app.service.publishDeltas(deltas as Delta<unknown>[]);
        for (const page of pages) {
          await page.hear();
          if (page.live) lives++;
          else deads++;
          if (!page.live) continue;
          expect(new Map([...page.rows].sort())).toEqual(
            new Map(view(table, page.has).sort()),
          );
        }
      }
    }),
    { numRuns: 100, seed },
  );
  // Of neither kind only.
  expect(Math.min(lives, deads)).toBeGreaterThan(50);
}, 60_000);
