import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Broker } from 'snorky';
import type { TestClient } from 'snorky/testing';
import { DelayedBroker } from '../../../../src/broker/delayed-broker.js';
import { MemoryBroker } from '../../../../src/broker/memory/memory-broker.js';
import { MemoryStore } from '../../../../src/broker/memory/memory-store.js';
import {
  acquire,
  DataSyncApp,
  rowsIn,
  taken,
  task,
} from '../../../support/services/datasync.js';
import { seedOfRun } from '../../../../harness/random.js';

const seed = seedOfRun();
const index = fc.nat({ max: 7 });
const node = fc.nat({ max: 1 });

const step = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      authorize: fc.constantFrom('ann', 'bob', undefined),
      on: node,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      come: index,
      on: node,
      resumes: fc.boolean(),
      waits: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ leave: index }) },
  {
    weight: 2,
    arbitrary: fc.record({
      revoke: fc.constantFrom('token', 'identity', 'query' as const),
      which: index,
      on: node,
      waits: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ turns: fc.nat({ max: 4 }) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** What has been authorized, and what the test knows of it. */
interface Authorized {
  readonly token: string;
  readonly who: string | undefined;
  /** Rows from this number on are published after it was revoked. */
  revokedFrom: number;
  /** Whether something was called that may revoke it. */
  isDoubtful: boolean;
}

/** A connection that has come with one token. */
interface Visit {
  readonly of: Authorized;
  readonly client: TestClient;
  readonly on: number;
  /** Whether the revocation had settled before it came. */
  readonly isLate: boolean;
  isHere: boolean;
  outcome: 'pending' | 'had' | 'refused';
}

const NODES = [
  { over: 'one memory', wrap: (broker: Broker): Broker => broker, runs: 60 },
  {
    over: 'slow networks',
    wrap: (broker: Broker, more: number): Broker =>
      new DelayedBroker(broker, { seed: seed + more, maxDelay: 3 }),
    runs: 30,
  },
];

describe.each(NODES)(
  `Subscriptions that are revoked over $over (seed ${seed})`,
  ({ wrap, runs }) => {
    const store = new MemoryStore();
    let nodes: readonly DataSyncApp[];
    let run = 0;
    const count = { revoked: 0, refused: 0, spared: 0 };

    beforeAll(async () => {
      const start = (name: string, more: number): Promise<DataSyncApp> =>
        DataSyncApp.start({
          broker: wrap(new MemoryBroker({ store, node: name }), more),
        });
      nodes = [await start('a', 1), await start('b', 2)];
    });

    afterAll(async () => {
      for (const each of nodes) await each[Symbol.asyncDispose]();
    });

    it('get no row that was published after it, and others all of theirs', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { maxLength: 30, size: 'max' }),
          async (steps) => check(`run ${++run}`, steps),
        ),
        { numRuns: runs, seed },
      );
      for (const each of Object.values(count)) expect(each).toBeGreaterThan(0);
    }, 60_000);

    async function check(owner: string, steps: readonly Step[]): Promise<void> {
      const all: Authorized[] = [];
      const visits: Visit[] = [];
      const underWay: Promise<unknown>[] = [];
      let rows = 0;
      const at = (on: number): DataSyncApp => nodes[on] as DataSyncApp;
      const publish = (): void => {
        const delta = task(rows, { owner });
        underWay.push(at(rows++ % 2).publish(delta));
      };

      const authorize = async (
        who: string | undefined,
        on: number,
      ): Promise<void> => {
        const token = await at(on).service.authorizeSubscription(
          [{ dealer: 'TasksByOwner', query: owner }],
          who === undefined ? {} : { for: `${owner} ${who}` },
        );
        all.push({ token, who, revokedFrom: Infinity, isDoubtful: false });
      };

      const come = async (
        of: Authorized,
        on: number,
        resumes: boolean,
      ): Promise<void> => {
        const client = await at(on).connect();
        if (of.who !== undefined) client.identity = `${owner} ${of.who}`;
        const features = ['revoked', 'taken', 'identity'];
        client.emit('snorky', { command: 'hello', params: { features } });
        const visit: Visit = {
          of,
          client,
          on,
          isLate: of.revokedFrom < Infinity,
          isHere: true,
          outcome: 'pending',
        };
        visits.push(visit);
        const answer = acquire(
          client,
          of.token,
          resumes ? { resume: true } : {},
        );
        await answer.then(
          () => (visit.outcome = 'had'),
          () => (visit.outcome = 'refused'),
        );
      };

      const revoke = async ({
        revoke: what,
        which,
        on,
      }: Extract<Step, { readonly revoke: string }>): Promise<void> => {
        const one = all[which % all.length];
        if (one === undefined) return;
        const before = all.filter((each) => {
          if (what === 'token') return each === one;
          if (what === 'query') return true;
          return each.who !== undefined && each.who === one.who;
        });
        if (before.length === 0) return;
        for (const each of before) each.isDoubtful = true;
        const options =
          what === 'token'
            ? { token: one.token }
            : what === 'query'
              ? { dealer: 'TasksByOwner', query: owner }
              : { identity: `${owner} ${one.who}` };
        await at(on).service.revoke(options);
        for (const each of before) {
          each.revokedFrom = Math.min(each.revokedFrom, rows);
        }
        // Here they are silent, whatever was published before.
        for (const visit of visits) {
          if (visit.on === on && before.includes(visit.of)) {
            const heard = rowsIn(await taken(visit.client));
            if (visit.isLate) expect(heard).toEqual([]);
            silent.add(visit);
          }
        }
      };
      const silent = new Set<Visit>();

      await authorize('ann', 0);
      await authorize(undefined, 1);
      for (const each of steps) {
        publish();
        if ('authorize' in each) await authorize(each.authorize, each.on);
        else if ('come' in each) {
          const of = all[each.come % all.length] as Authorized;
          const coming = come(of, each.on, each.resumes);
          if (each.waits) await coming;
          else underWay.push(coming);
        } else if ('leave' in each) {
          const visit = visits[each.leave % Math.max(visits.length, 1)];
          if (visit !== undefined) {
            visit.isHere = false;
            visit.client.disconnect();
          }
        } else if ('revoke' in each) {
          const revoking = revoke(each);
          if (each.waits) await revoking;
          else underWay.push(revoking);
        } else {
          for (let turn = 0; turn < each.turns; turn++) {
            await new Promise(setImmediate);
          }
        }
      }
      publish();
      await Promise.all(underWay);
      for (const each of [...nodes, ...nodes]) await each.read();
      publish();
      const last = rows - 1;
      await Promise.all(underWay);
      for (const each of [...nodes, ...nodes]) await each.read();

      for (const visit of visits) {
        const { of, client, isLate } = visit;
        const messages = await taken(client);
        const heard = rowsIn(messages).map(Number);
        expect(new Set(heard).size).toBe(heard.length);
        expect(heard.filter((n) => n >= of.revokedFrom)).toEqual([]);
        if (silent.has(visit)) expect(heard).toEqual([]);
        if (isLate) {
          expect([visit.outcome, heard]).toEqual(['refused', []]);
          count.refused++;
        }
        const types = messages.map(({ type }) => type);
        if (of.revokedFrom < Infinity) {
          count.revoked += Number(types.includes('revoked'));
        } else if (!of.isDoubtful) {
          expect(types).not.toContain('revoked');
          const isLast = visits.findLast((other) => other.of === of) === visit;
          const hasIt = visit.isHere && visit.outcome === 'had';
          if (isLast && hasIt && !types.includes('taken')) {
            expect(heard).toContain(last);
            count.spared++;
          }
        }
      }
      // Nothing of them is left for those who come now.
      for (const of of all) {
        if (of.revokedFrom === Infinity) continue;
        await come(of, 0, true);
        expect(visits.at(-1)?.outcome).toBe('refused');
      }
      for (const { client } of visits) client.disconnect();
    }
  },
);
