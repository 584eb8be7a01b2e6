import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type {
  Broker,
  DirectoryEvent,
  MaybePromise,
  Position,
  Replay,
  Retention,
  TopicEntry,
} from '../../src/broker/ports.js';
import type { JsonValue } from '../../src/protocol/json.js';
import { Recorder } from '../broker/recorder.js';

/** Two nodes, `a` and `b`, that share what a broker shares. */
export interface BrokerNodes {
  readonly a: Broker;
  readonly b: Broker;
  /** Makes a node look dead. Its leases run out soon: use short ones. */
  cutOff(node: Broker): MaybePromise<void>;
  restore(node: Broker): MaybePromise<void>;
  /** Ends whatever is left; both brokers may be closed already. */
  close(): MaybePromise<void>;
}

const keepAll = { entries: 1000, bytes: 1_000_000, age: 60_000 };

/** Nothing of these was ever issued by a broker under test. */
const foreignPositions: readonly JsonValue[] = [
  null,
  true,
  0,
  1,
  -1,
  1e300,
  '',
  '0',
  '0-0',
  'zzz',
  [],
  {},
  [null, null],
  ['', 1],
  ['aaaaaaaa', 0],
  [['aaaaaaaa'], 1],
  { epoch: 'x', number: 1 },
  { length: 2, 0: 'x', 1: 1 },
];

/** What every broker does, alone and between two nodes. */
export function brokerContract(
  name: string,
  makeNodes: () => MaybePromise<BrokerNodes>,
): void {
  describe(`${name}, as every broker,`, () => {
    let nodes: BrokerNodes;
    let a: Broker;
    let b: Broker;

    beforeEach(async () => {
      nodes = await makeNodes();
      ({ a, b } = nodes);
    });

    afterEach(async () => {
      await nodes.close();
    });

    it('gives each node a name of its own', () => {
      expect(a.node).not.toBe(b.node);
    });

    describe('topics', () => {
      const values = (entries: readonly TopicEntry[]): readonly JsonValue[] =>
        entries.map(({ value }) => value);

      async function replayed(
        broker: Broker,
        topic: string,
        since: Position,
        limit?: number,
      ): Promise<readonly JsonValue[] | 'not covered'> {
        const replay = await broker.topics.replay(topic, since, limit);
        return replay.covered ? values(replay.entries) : 'not covered';
      }

      it("settles a publication after this node's listeners have had it", async () => {
        const first = new Recorder<TopicEntry>();
        const second = new Recorder<TopicEntry>();
        await a.topics.subscribe('t', first.listener);
        await a.topics.subscribe('t', second.listener);
        const position = await a.topics.publish('t', { n: 1 });
        expect(first.seen).toEqual([{ value: { n: 1 }, position }]);
        expect(second.seen).toEqual([{ value: { n: 1 }, position }]);
      });

      it('brings entries of all nodes to all nodes in one order', async () => {
        const atA = new Recorder<TopicEntry>();
        const atB = new Recorder<TopicEntry>();
        await a.topics.subscribe('t', atA.listener);
        await b.topics.subscribe('t', atB.listener);
        const publications: Promise<Position>[] = [];
        const send = async (
          broker: Broker,
          ...args: [string, string, Retention?]
        ) => broker.topics.publish(...args);
        for (let n = 0; n < 20; n += 1) {
          publications.push(send(a, 't', `a${n}`));
          publications.push(send(b, 't', `b${n}`, keepAll));
        }
        await Promise.all(publications);
        await Promise.all([atA.count(40), atB.count(40)]);
        expect(atA.seen).toEqual(atB.seen);
        const own = values(atA.seen).filter((value) =>
          JSON.stringify(value).startsWith('"a'),
        );
        expect(own).toEqual(Array.from({ length: 20 }, (_, n) => `a${n}`));
      });

      it('keeps topics apart', async () => {
        const here = new Recorder<TopicEntry>();
        await a.topics.subscribe('here', here.listener);
        await a.topics.publish('there', 1, keepAll);
        await a.topics.publish('here', 2, keepAll);
        expect(values(here.seen)).toEqual([2]);
      });

      it('gives a listener nothing from before it', async () => {
        const late = new Recorder<TopicEntry>();
        await a.topics.publish('t', 'before', keepAll);
        await a.topics.subscribe('t', late.listener);
        await a.topics.publish('t', 'after', keepAll);
        expect(values(late.seen)).toEqual(['after']);
      });

      it('gives a stopped listener nothing more, and the others theirs', async () => {
        const stopped = new Recorder<TopicEntry>();
        const other = new Recorder<TopicEntry>();
        const stop = await a.topics.subscribe('t', stopped.listener);
        await a.topics.subscribe('t', other.listener);
        await a.topics.publish('t', 1);
        stop();
        stop();
        await a.topics.publish('t', 2);
        expect(values(stopped.seen)).toEqual([1]);
        expect(values(other.seen)).toEqual([1, 2]);
      });

      it('calls a function twice that listens twice', async () => {
        const recorder = new Recorder<TopicEntry>();
        const stop = await a.topics.subscribe('t', recorder.listener);
        await a.topics.subscribe('t', recorder.listener);
        await a.topics.publish('t', 1);
        stop();
        await a.topics.publish('t', 2);
        expect(values(recorder.seen)).toEqual([1, 1, 2]);
      });

      it('keeps a listener that throws from harming anybody', async () => {
        const after = new Recorder<TopicEntry>();
        await a.topics.subscribe('t', () => {
          throw new Error('listener');
        });
        await a.topics.subscribe('t', after.listener);
        await a.topics.publish('t', 1);
        await a.topics.publish('t', 2);
        expect(values(after.seen)).toEqual([1, 2]);
      });

      it('replays on one node what another has published', async () => {
        const since = await b.topics.position('t');
        for (const n of [1, 2, 3]) await a.topics.publish('t', n, keepAll);
        expect(await replayed(b, 't', since)).toEqual([1, 2, 3]);
      });

      it('replays from the position of any entry', async () => {
        await a.topics.publish('t', 1, keepAll);
        const second = await a.topics.publish('t', 2, keepAll);
        const third = await a.topics.publish('t', 3, keepAll);
        expect(await replayed(a, 't', second)).toEqual([3]);
        expect(await replayed(a, 't', third)).toEqual([]);
      });

      it('replays a long past in parts', async () => {
        let since = await a.topics.position('t');
        for (let n = 0; n < 7; n += 1) await a.topics.publish('t', n, keepAll);
        const parts: (readonly JsonValue[])[] = [];
        let replay: Replay;
        do {
          replay = await a.topics.replay('t', since, 3);
          if (!replay.covered) throw new Error('not covered');
          parts.push(values(replay.entries));
          since = replay.position;
        } while (replay.more);
        expect(parts).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
      });

      it('ends a part that fits exactly', async () => {
        const since = await a.topics.position('t');
        for (const n of [1, 2, 3]) await a.topics.publish('t', n, keepAll);
        const replay = await a.topics.replay('t', since, 3);
        expect(replay).toMatchObject({ covered: true, more: false });
      });

      it('goes on from the end of a replay', async () => {
        const since = await a.topics.position('t');
        await a.topics.publish('t', 1, keepAll);
        const replay = await a.topics.replay('t', since);
        if (!replay.covered) throw new Error('not covered');
        await a.topics.publish('t', 2, keepAll);
        expect(await replayed(a, 't', replay.position)).toEqual([2]);
      });

      it('covers the past of a topic to which nothing happened', async () => {
        const since = await a.topics.position('quiet');
        expect(await replayed(b, 'quiet', since)).toEqual([]);
      });

      it('covers no more than the entries it keeps', async () => {
        const retention = { ...keepAll, entries: 2 };
        const zeroth = await a.topics.position('t');
        const first = await a.topics.publish('t', 1, retention);
        await a.topics.publish('t', 2, retention);
        expect(await replayed(a, 't', zeroth)).toEqual([1, 2]);
        await a.topics.publish('t', 3, retention);
        expect(await replayed(a, 't', zeroth)).toBe('not covered');
        expect(await replayed(a, 't', first)).toEqual([2, 3]);
      });

      it('covers no more than the bytes it keeps', async () => {
        const retention = { ...keepAll, bytes: 12 };
        const zeroth = await a.topics.position('t');
        const first = await a.topics.publish('t', '1234', retention);
        await a.topics.publish('t', '1234', retention);
        expect(await replayed(a, 't', zeroth)).toEqual(['1234', '1234']);
        await a.topics.publish('t', '1234', retention);
        expect(await replayed(a, 't', zeroth)).toBe('not covered');
        expect(await replayed(a, 't', first)).toEqual(['1234', '1234']);
      });

      it('keeps nothing of an entry that is too large', async () => {
        const since = await a.topics.position('t');
        const large = await a.topics.publish('t', 'long', {
          ...keepAll,
          bytes: 3,
        });
        expect(await replayed(a, 't', since)).toBe('not covered');
        expect(await replayed(a, 't', large)).toEqual([]);
      });

      it('does not cover an entry that nobody kept', async () => {
        const since = await a.topics.position('t');
        const unkept = await a.topics.publish('t', 1);
        expect(await replayed(a, 't', since)).toBe('not covered');
        expect(await replayed(a, 't', unkept)).toEqual([]);
      });

      it('does not cover an entry that only listeners had', async () => {
        const recorder = new Recorder<TopicEntry>();
        const since = await a.topics.position('t');
        const stop = await a.topics.subscribe('t', recorder.listener);
        await a.topics.publish('t', 1);
        expect(await replayed(a, 't', since)).toBe('not covered');
        stop();
        expect(await replayed(a, 't', since)).toBe('not covered');
        await a.topics.publish('t', 2, keepAll);
        expect(await replayed(a, 't', since)).toBe('not covered');
      });

      it.each(foreignPositions.map((position) => [JSON.stringify(position)]))(
        'does not cover the foreign position %s',
        async (text) => {
          const position = JSON.parse(text) as JsonValue;
          expect(await replayed(a, 't', position)).toBe('not covered');
          await a.topics.publish('t', 1, keepAll);
          expect(await replayed(a, 't', position)).toBe('not covered');
        },
      );

      it('does not cover a position of another store', async () => {
        const others = await makeNodes();
        try {
          const since = await others.a.topics.publish('t', 1, keepAll);
          await a.topics.publish('t', 1, keepAll);
          await a.topics.publish('t', 2, keepAll);
          expect(await replayed(a, 't', since)).toBe('not covered');
        } finally {
          await others.close();
        }
      });

      it('compares positions as its log orders them, on every node', async () => {
        const before = await a.topics.position('log');
        const first = await a.topics.publish('log', 1, keepAll);
        const second = await b.topics.publish('log', 2, keepAll);
        for (const { topics } of [a, b]) {
          expect(topics.compare(first, second)).toBeLessThan(0);
          expect(topics.compare(second, first)).toBeGreaterThan(0);
          expect(topics.compare(before, first)).toBeLessThan(0);
          const sent = JSON.parse(JSON.stringify(first)) as Position;
          expect(topics.compare(sent, first)).toBe(0);
        }
      });

      it.each(foreignPositions)('cannot compare with %j', async (position) => {
        const known = await a.topics.publish('log', 1, keepAll);
        expect(a.topics.compare(position, known)).toBeUndefined();
        expect(a.topics.compare(known, position)).toBeUndefined();
      });

      it('reads positions again that have been sent as JSON', async () => {
        const sent = JSON.stringify(await a.topics.position('t'));
        await a.topics.publish('t', 1, keepAll);
        const since = JSON.parse(sent) as Position;
        expect(await replayed(a, 't', since)).toEqual([1]);
      });
    });

    describe('directory', () => {
      const brief = ({ kind, entry }: DirectoryEvent): string =>
        `${kind} ${entry.key}=${JSON.stringify(entry.value)}@${entry.node}`;

      async function watch(
        broker: Broker,
        set: string,
        since?: Position,
      ): Promise<Recorder<string>> {
        const recorder = new Recorder<string>();
        const from = since ?? (await broker.directory.list(set)).position;
        const answer = await broker.directory.watch(set, from, (event) =>
          recorder.listener(brief(event)),
        );
        expect(answer.covered).toBe(true);
        return recorder;
      }

      it('lists the members that all nodes have joined', async () => {
        await a.directory.join('s', 'x', { n: 1 });
        await b.directory.join('s', 'y', null);
        await b.directory.join('other', 'z', null);
        const { entries } = await a.directory.list('s');
        expect(entries).toEqual([
          { key: 'x', value: { n: 1 }, node: a.node },
          { key: 'y', value: null, node: b.node },
        ]);
      });

      it('tells all watchers of what all nodes do, in one order', async () => {
        const atA = await watch(a, 's');
        const atB = await watch(b, 's');
        await Promise.all(
          Array.from({ length: 10 }, (_, n) => [
            (async () => a.directory.join('s', `a${n}`, n))(),
            (async () => b.directory.join('s', `b${n}`, n))(),
            (async () => a.directory.leave('s', `a${n}`))(),
          ]).flat(),
        );
        await Promise.all([atA.count(30), atB.count(30)]);
        expect(atA.seen).toEqual(atB.seen);
        expect(atA.seen).toContain(`join b0=0@${b.node}`);
        expect(atA.seen.indexOf(`leave a0=0@${a.node}`)).toBeGreaterThan(
          atA.seen.indexOf(`join a0=0@${a.node}`),
        );
      });

      it('tells a watcher first what came since its position', async () => {
        await a.directory.join('s', 'x', 1);
        const { position } = await a.directory.list('s');
        await a.directory.join('s', 'y', 2);
        await a.directory.leave('s', 'x');
        const watcher = await watch(b, 's', position);
        await b.directory.join('s', 'z', 3);
        expect(await watcher.count(3)).toEqual([
          `join y=2@${a.node}`,
          `leave x=1@${a.node}`,
          `join z=3@${b.node}`,
        ]);
      });

      it('watches on from the position of an event or of a join', async () => {
        const joined = await a.directory.join('s', 'x', 1);
        await a.directory.join('s', 'y', 2);
        expect(await (await watch(a, 's', joined)).count(1)).toEqual([
          `join y=2@${a.node}`,
        ]);
        const events = new Recorder<DirectoryEvent>();
        await a.directory.watch('s', joined, events.listener);
        const [event] = await events.count(1);
        await a.directory.leave('s', 'x');
        const watcher = await watch(a, 's', event?.position ?? null);
        expect(await watcher.count(1)).toEqual([`leave x=1@${a.node}`]);
      });

      it('tells a stopped watcher nothing more', async () => {
        const stopped = new Recorder<DirectoryEvent>();
        const { position } = await a.directory.list('s');
        const answer = await a.directory.watch('s', position, stopped.listener);
        if (!answer.covered) throw new Error('not covered');
        const other = await watch(a, 's');
        answer.stop();
        answer.stop();
        await a.directory.join('s', 'x', 1);
        await other.count(1);
        expect(stopped.seen).toEqual([]);
      });

      it('keeps a watcher that throws from harming anybody', async () => {
        const { position } = await a.directory.list('s');
        await a.directory.watch('s', position, () => {
          throw new Error('watcher');
        });
        const other = await watch(a, 's');
        await a.directory.join('s', 'x', 1);
        await a.directory.leave('s', 'x');
        expect(await other.count(2)).toHaveLength(2);
      });

      it('replaces the value of a member that joins again', async () => {
        const watcher = await watch(a, 's');
        await a.directory.join('s', 'x', 1);
        await a.directory.join('s', 'x', 2);
        expect((await a.directory.list('s')).entries).toEqual([
          { key: 'x', value: 2, node: a.node },
        ]);
        expect(await watcher.count(2)).toEqual([
          `join x=1@${a.node}`,
          `join x=2@${a.node}`,
        ]);
      });

      it('takes over a key of another node', async () => {
        await a.directory.join('s', 'x', 1);
        await b.directory.join('s', 'x', 2);
        expect(await a.directory.leave('s', 'x')).toBe(false);
        expect((await a.directory.list('s')).entries).toEqual([
          { key: 'x', value: 2, node: b.node },
        ]);
      });

      it('lets a node remove its own entries only', async () => {
        await a.directory.join('s', 'x', 1);
        expect(await b.directory.leave('s', 'x')).toBe(false);
        expect(await a.directory.leave('s', 'x')).toBe(true);
        expect(await a.directory.leave('s', 'x')).toBe(false);
        expect(await a.directory.leave('nowhere', 'x')).toBe(false);
      });

      it('lets one of several claims win', async () => {
        const claims = await Promise.all([
          a.directory.claim('s', 'x', 'from a'),
          b.directory.claim('s', 'x', 'from b'),
          a.directory.claim('s', 'x', 'from a again'),
        ]);
        const won = claims.filter(({ claimed }) => claimed);
        expect(won).toHaveLength(1);
        const [holder] = (await a.directory.list('s')).entries;
        for (const claim of claims) {
          if (!claim.claimed) expect(claim.holder).toEqual(holder);
        }
      });

      it('lets a key be claimed that was left', async () => {
        await a.directory.claim('s', 'x', 1);
        await a.directory.leave('s', 'x');
        const watcher = await watch(a, 's');
        const claim = await b.directory.claim('s', 'x', 2);
        expect(claim.claimed).toBe(true);
        expect(await watcher.count(1)).toEqual([`join x=2@${b.node}`]);
      });

      it.each(foreignPositions.map((position) => [JSON.stringify(position)]))(
        'does not watch from the foreign position %s',
        async (text) => {
          const position = JSON.parse(text) as JsonValue;
          const recorder = new Recorder<DirectoryEvent>();
          const answer = await a.directory.watch(
            's',
            position,
            recorder.listener,
          );
          expect(answer).toEqual({ covered: false });
          await a.directory.join('s', 'x', 1);
          expect(recorder.seen).toEqual([]);
        },
      );

      it('misses nothing of a set that was empty in between', async () => {
        const { position } = await a.directory.list('s');
        await a.directory.join('s', 'x', 1);
        await a.directory.leave('s', 'x');
        await a.directory.join('s', 'y', 2);
        const recorder = new Recorder<string>();
        const answer = await b.directory.watch('s', position, (event) =>
          recorder.listener(brief(event)),
        );
        // A broker may have forgotten, but then it says so.
        if (answer.covered) expect(await recorder.count(3)).toHaveLength(3);
        else expect(recorder.seen).toEqual([]);
      });

      it('expires the entries of a node that is cut off', async () => {
        await a.directory.join('s', 'x', 1);
        await a.directory.join('s', 'y', 2);
        await b.directory.join('s', 'z', 3);
        const watcher = await watch(b, 's');
        await nodes.cutOff(a);
        expect(await watcher.count(2)).toEqual([
          `expire x=1@${a.node}`,
          `expire y=2@${a.node}`,
        ]);
        expect((await b.directory.list('s')).entries).toEqual([
          { key: 'z', value: 3, node: b.node },
        ]);
        expect((await b.directory.claim('s', 'x', 4)).claimed).toBe(true);
      });

      it('tells a node that comes back that it has lost its leases', async () => {
        const lost = new Recorder<string>();
        const other = new Recorder<string>();
        a.directory.onLost(() => lost.listener('lost'));
        a.directory.onLost(() => {
          throw new Error('listener');
        });
        a.directory.onLost(() => lost.listener('lost too'));
        b.directory.onLost(() => other.listener('lost'));
        const stop = a.directory.onLost(() => lost.listener('stopped'));
        stop();
        await a.directory.join('s', 'x', 1);
        const watcher = await watch(b, 's');
        await nodes.cutOff(a);
        await watcher.count(1);
        await nodes.restore(a);
        await lost.count(2);
        await a.directory.join('s', 'x', 2);
        expect(await watcher.count(2)).toEqual([
          `expire x=1@${a.node}`,
          `join x=2@${a.node}`,
        ]);
        expect([...lost.seen].sort()).toEqual(['lost', 'lost too']);
        expect(other.seen).toEqual([]);
      });

      it('lets the entries of a node leave that is closed', async () => {
        await a.directory.join('s', 'x', 1);
        const watcher = await watch(b, 's');
        await a.close();
        const [event] = await watcher.count(1);
        expect(event).toMatch(/^(leave|expire) x=1@/);
      });
    });

    describe('tokens', () => {
      const long = 60_000;

      it('gives the value to the one who claims it', async () => {
        await a.tokens.put('t', { n: 1 }, long);
        expect(await b.tokens.claim('t', 'me')).toMatchObject({
          value: { n: 1 },
        });
        expect(await a.tokens.claim('t', 'you')).toMatchObject({
          claimed: false,
        });
        expect(await a.tokens.claim('t', 'me')).toMatchObject({
          value: { n: 1 },
        });
      });

      it('keeps a value of null apart from no value', async () => {
        await a.tokens.put('t', null, long);
        expect(await a.tokens.claim('t', 'me')).toMatchObject({ value: null });
      });

      it('knows nothing of a token that was never put', async () => {
        expect(await a.tokens.claim('none', 'me')).toMatchObject({
          claimed: false,
        });
        expect(await a.tokens.release('none', 'me', long)).toBe(false);
        expect(await a.tokens.remove('none')).toBe(false);
      });

      it('lets one of several claims win', async () => {
        await a.tokens.put('t', 'value', long);
        const claims = await Promise.all([
          a.tokens.claim('t', '1'),
          b.tokens.claim('t', '2'),
          a.tokens.claim('t', '3'),
        ]);
        expect(claims.filter(({ claimed }) => claimed)).toHaveLength(1);
      });

      it('takes a token over when told to', async () => {
        await a.tokens.put('t', 1, long);
        await a.tokens.claim('t', 'me');
        expect(
          await b.tokens.claim('t', 'you', { takeOver: false }),
        ).toMatchObject({ claimed: false });
        expect(
          await b.tokens.claim('t', 'you', { takeOver: true }),
        ).toMatchObject({ value: 1 });
        expect(await a.tokens.release('t', 'me', long)).toBe(false);
        expect(await a.tokens.claim('t', 'me')).toMatchObject({
          claimed: false,
        });
      });

      it('takes over a token that nobody holds', async () => {
        await a.tokens.put('t', 1, long);
        expect(
          await a.tokens.claim('t', 'me', { takeOver: true }),
        ).toMatchObject({ value: 1 });
      });

      it('is free again after a release, with a new value if given', async () => {
        await a.tokens.put('t', 1, long);
        await a.tokens.claim('t', 'me');
        expect(await a.tokens.release('t', 'me', long)).toBe(true);
        expect(await a.tokens.release('t', 'me', long)).toBe(false);
        expect(await b.tokens.claim('t', 'you')).toMatchObject({ value: 1 });
        expect(await b.tokens.release('t', 'you', long, 2)).toBe(true);
        expect(await a.tokens.claim('t', 'me')).toMatchObject({ value: 2 });
      });

      it('removes a token, held or not', async () => {
        await a.tokens.put('free', 1, long);
        await a.tokens.put('held', 1, long);
        await a.tokens.claim('held', 'me');
        expect(await b.tokens.remove('free')).toBe(true);
        expect(await b.tokens.remove('held')).toBe(true);
        expect(await b.tokens.remove('held')).toBe(false);
        expect(await a.tokens.claim('free', 'me')).toMatchObject({
          claimed: false,
        });
        expect(await a.tokens.claim('held', 'me')).toMatchObject({
          claimed: false,
        });
      });

      it('says why it refuses a claim', async () => {
        const refusal = (reason: string) => ({ claimed: false, reason });
        expect(await a.tokens.claim('none', 'me')).toEqual(refusal('unknown'));
        await a.tokens.put('t', 1, long, { binding: 'ann' });
        expect(await b.tokens.claim('t', 'me')).toEqual(refusal('binding'));
        const asBob = { binding: 'bob', takeOver: true } as const;
        expect(await b.tokens.claim('t', 'me', asBob)).toEqual(
          refusal('binding'),
        );
        const asAnn = { binding: 'ann' };
        expect(await b.tokens.claim('t', 'me', asAnn)).toMatchObject({
          value: 1,
        });
        expect(await a.tokens.claim('t', 'you', asAnn)).toEqual(
          refusal('held'),
        );
        // Who it is for comes before who has it.
        expect(await a.tokens.claim('t', 'you', asBob)).toEqual(
          refusal('binding'),
        );
      });

      it('leaves a token as it was when its binding refuses a claim', async () => {
        await a.tokens.put('held', 1, long, { binding: 'ann' });
        await a.tokens.claim('held', 'me', { binding: 'ann' });
        for (const more of [{}, { takeOver: true }, { once: true }]) {
          const other = { binding: 'bob', ...more };
          expect(await b.tokens.claim('held', 'you', other)).toMatchObject({
            reason: 'binding',
          });
        }
        expect(await a.tokens.claim('held', 'me', { binding: 'ann' })).toEqual({
          claimed: true,
          value: 1,
        });
        expect(await a.tokens.release('held', 'me', long)).toBe(true);
      });

      it('gives a token without a binding to anybody', async () => {
        await a.tokens.put('t', 1, long);
        expect(
          await b.tokens.claim('t', 'me', { binding: 'ann' }),
        ).toMatchObject({ value: 1 });
      });

      it('removes what is claimed for good in the same step', async () => {
        await a.tokens.put('t', 1, long);
        const claims = await Promise.all([
          a.tokens.claim('t', '1', { once: true }),
          b.tokens.claim('t', '2', { once: true }),
          b.tokens.claim('t', '1', { takeOver: true }),
        ]);
        expect(claims.filter(({ claimed }) => claimed)).toHaveLength(1);
        await a.tokens.remove('t');
        await a.tokens.put('held', 1, long);
        await a.tokens.claim('held', 'me');
        expect(
          await b.tokens.claim('held', 'you', { once: true }),
        ).toMatchObject({ reason: 'held' });
        expect(
          await a.tokens.claim('held', 'me', { once: true }),
        ).toMatchObject({ value: 1 });
        expect(await b.tokens.claim('held', 'you')).toMatchObject({
          reason: 'unknown',
        });
      });

      it('replaces the value of a token for its holder alone', async () => {
        expect(await a.tokens.update('none', 'me', 2)).toBe(false);
        await a.tokens.put('t', 1, long);
        expect(await a.tokens.update('t', 'me', 2)).toBe(false);
        await a.tokens.claim('t', 'me');
        expect(await b.tokens.update('t', 'you', 2)).toBe(false);
        expect(await a.tokens.update('t', 'me', 3)).toBe(true);
        expect(
          await b.tokens.claim('t', 'you', { takeOver: true }),
        ).toMatchObject({ value: 3 });
      });

      it('removes a token only from the holder that is named', async () => {
        await a.tokens.put('t', 1, long);
        expect(await a.tokens.remove('t', { heldBy: 'me' })).toBe(false);
        await a.tokens.claim('t', 'me');
        expect(await b.tokens.remove('t', { heldBy: 'you' })).toBe(false);
        expect(await b.tokens.remove('t', { heldBy: 'me' })).toBe(true);
        expect(await a.tokens.claim('t', 'me')).toMatchObject({
          reason: 'unknown',
        });
      });

      it('expires a token, and tells one node', async () => {
        const expired = new Recorder<string>();
        for (const [name, broker] of [
          ['a', a],
          ['b', b],
        ] as const) {
          broker.tokens.onExpired((token, value) =>
            expired.listener(`${token}=${JSON.stringify(value)}`),
          );
          await broker.tokens.put(`by ${name}`, { name }, 5);
        }
        await expired.count(2);
        // What is put last expires last: a second call would have come before.
        await a.tokens.put('last', null, 30);
        await expired.until((seen) => seen.includes('last=null'));
        expect([...expired.seen].sort()).toEqual([
          'by a={"name":"a"}',
          'by b={"name":"b"}',
          'last=null',
        ]);
        expect(await a.tokens.claim('by a', 'me')).toMatchObject({
          claimed: false,
        });
        expect(await a.tokens.remove('by b')).toBe(false);
      });

      it('expires a token that was released, with its last value', async () => {
        const expired = new Recorder<readonly [string, JsonValue]>();
        a.tokens.onExpired((...args) => expired.listener(args));
        await a.tokens.put('t', 1, long);
        await a.tokens.claim('t', 'me');
        await a.tokens.release('t', 'me', 5, 2);
        expect(await expired.count(1)).toEqual([['t', 2]]);
      });

      it('expires neither what is held nor what is removed', async () => {
        const expired = new Recorder<string>();
        a.tokens.onExpired((token) => expired.listener(token));
        // Long enough for the delays of a broker to pass before.
        await a.tokens.put('held', 1, 60);
        await a.tokens.put('removed', 1, 60);
        expect(await a.tokens.claim('held', 'me')).toMatchObject({ value: 1 });
        expect(await a.tokens.remove('removed')).toBe(true);
        await a.tokens.put('last', 1, 100);
        expect(await expired.count(1)).toEqual(['last']);
        expect(await a.tokens.claim('held', 'me')).toMatchObject({ value: 1 });
      });

      it('keeps a listener that throws from harming anybody', async () => {
        const expired = new Recorder<string>();
        const stopped = new Recorder<string>();
        a.tokens.onExpired(() => {
          throw new Error('listener');
        });
        const stop = a.tokens.onExpired((token) => stopped.listener(token));
        a.tokens.onExpired((token) => expired.listener(token));
        stop();
        await a.tokens.put('t', 1, 5);
        await a.tokens.put('u', 1, 5);
        await expired.count(2);
        expect(stopped.seen).toEqual([]);
      });
    });

    it('calls no listener of a closed node, and closes twice', async () => {
      const atA = new Recorder<unknown>();
      const atB = new Recorder<TopicEntry>();
      await a.topics.subscribe('t', atA.listener);
      await b.topics.subscribe('t', atB.listener);
      a.tokens.onExpired((token) => atA.listener(token));
      a.directory.onLost(() => atA.listener('lost'));
      const { position } = await a.directory.list('s');
      await a.directory.watch('s', position, atA.listener);
      await a.close();
      await a.close();
      await b.topics.publish('t', 1);
      await b.directory.join('s', 'x', 1);
      expect(atB.seen).toHaveLength(1);
      expect(atA.seen).toEqual([]);
    });
  });
}
