import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Broker } from '../../src/broker/ports/broker.js';
import type { DirectoryEvent } from '../../src/broker/ports/directory.js';
import type {
  Position,
  Replay,
  ReplayLimits,
  Retention,
  TopicEntry,
  TopicLog,
} from '../../src/broker/ports/log.js';
import type { MaybePromise } from '../../src/protocol/maybe-promise.js';
import type { JsonValue } from '../../src/protocol/json.js';
import { Recorder } from '../broker/recorder.js';

/** Two nodes, `a` and `b`, that share what a broker shares. */
export interface BrokerNodes {
  readonly a: Broker;
  readonly b: Broker;
  /** Makes a node look dead. Its leases run out soon: use short ones. */
  cutOff(node: Broker): MaybePromise<void>;
  restore(node: Broker): MaybePromise<void>;
  /** Loses the logs, as a server does that comes back without what it knew. */
  forget(): MaybePromise<void>;
  /**
   * Interrupts the connection of a node that listens: what it would hear meanwhile
   * may be lost to it.
   */
  cut(node: Broker): MaybePromise<void>;
  /** Ends whatever is left; both brokers may be closed already. */
  close(): MaybePromise<void>;
}

const keepAll = { entries: 1000, size: 1_000_000, age: 60_000 };

/** What listeners are told of lost entries, beside entries. */
const GAP = 'a gap';

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

    /** The log that most tests are about. */
    function log(broker: Broker, name = 't', retention?: Retention): TopicLog {
      return broker.topics.log(name, retention ?? keepAll);
    }

    describe('logs', () => {
      const values = (entries: readonly TopicEntry[]): readonly JsonValue[] =>
        entries.map(({ value }) => value);

      async function replayed(
        from: TopicLog,
        since: Position,
        limits?: ReplayLimits,
      ): Promise<readonly JsonValue[] | 'not covered'> {
        const replay = await from.replay(since, limits);
        return replay.covered ? values(replay.entries) : 'not covered';
      }

      /** What a listener hears, gaps too. */
      async function listen(to: TopicLog): Promise<Recorder<JsonValue>> {
        const recorder = new Recorder<JsonValue>();
        await to.subscribe(({ value }) => recorder.listener(value), {
          onGap: () => recorder.listener(GAP),
        });
        return recorder;
      }

      it("settles a publication after this node's listeners have had it", async () => {
        const first = new Recorder<TopicEntry>();
        const second = new Recorder<TopicEntry>();
        await log(a).subscribe(first.listener);
        await log(a).subscribe(second.listener);
        const position = await log(a).publish({ n: 1 });
        expect(first.seen).toEqual([{ value: { n: 1 }, position }]);
        expect(second.seen).toEqual([{ value: { n: 1 }, position }]);
      });

      it('brings entries of all nodes to all nodes in one order', async () => {
        const atA = new Recorder<TopicEntry>();
        const atB = new Recorder<TopicEntry>();
        await log(a).subscribe(atA.listener);
        await log(b).subscribe(atB.listener);
        const publications: Promise<Position>[] = [];
        const send = async (broker: Broker, value: string): Promise<Position> =>
          log(broker).publish(value);
        for (let n = 0; n < 20; n += 1) {
          publications.push(send(a, `a${n}`), send(b, `b${n}`));
        }
        await Promise.all(publications);
        await Promise.all([atA.count(40), atB.count(40)]);
        expect(atA.seen).toEqual(atB.seen);
        const own = values(atA.seen).filter((value) =>
          JSON.stringify(value).startsWith('"a'),
        );
        expect(own).toEqual(Array.from({ length: 20 }, (_, n) => `a${n}`));
      });

      it('are apart, by name', async () => {
        const here = await listen(log(a, 'here'));
        await log(a, 'there').publish(1);
        await log(a, 'here').publish(2);
        expect(here.seen).toEqual([2]);
      });

      it('give a listener nothing from before it', async () => {
        await log(a).publish('before');
        const late = await listen(log(a));
        await log(a).publish('after');
        expect(late.seen).toEqual(['after']);
      });

      it('give a stopped listener nothing more, and the others theirs', async () => {
        const stopped = new Recorder<TopicEntry>();
        const stop = await log(a).subscribe(stopped.listener);
        const other = await listen(log(a));
        await log(a).publish(1);
        stop();
        stop();
        await log(a).publish(2);
        expect(values(stopped.seen)).toEqual([1]);
        expect(other.seen).toEqual([1, 2]);
      });

      it('call a function twice that listens twice', async () => {
        const recorder = new Recorder<TopicEntry>();
        const stop = await log(a).subscribe(recorder.listener);
        await log(a).subscribe(recorder.listener);
        await log(a).publish(1);
        stop();
        await log(a).publish(2);
        expect(values(recorder.seen)).toEqual([1, 1, 2]);
      });

      it('keep a listener that throws from harming anybody', async () => {
        await log(a).subscribe(() => {
          throw new Error('listener');
        });
        const after = await listen(log(a));
        await log(a).publish(1);
        await log(a).publish(2);
        expect(after.seen).toEqual([1, 2]);
      });

      it('replay on one node what another has published', async () => {
        const since = await log(b).position();
        for (const n of [1, 2, 3]) await log(a).publish(n);
        expect(await replayed(log(b), since)).toEqual([1, 2, 3]);
      });

      it('replay from the position of any entry', async () => {
        await log(a).publish(1);
        const second = await log(a).publish(2);
        const third = await log(a).publish(3);
        expect(await replayed(log(a), second)).toEqual([3]);
        expect(await replayed(log(a), third)).toEqual([]);
      });

      /** All parts of a replay under limits. */
      async function parts(
        from: TopicLog,
        start: Position,
        limits: ReplayLimits,
      ): Promise<readonly (readonly JsonValue[])[]> {
        const found: (readonly JsonValue[])[] = [];
        let since = start;
        let replay: Replay;
        do {
          replay = await from.replay(since, limits);
          if (!replay.covered) throw new Error('not covered');
          found.push(values(replay.entries));
          since = replay.position;
        } while (replay.more);
        return found;
      }

      it('replay a long past in parts', async () => {
        const since = await log(a).position();
        for (let n = 0; n < 7; n += 1) await log(a).publish(n);
        expect(await parts(log(a), since, { entries: 3 })).toEqual([
          [0, 1, 2],
          [3, 4, 5],
          [6],
        ]);
      });

      it('replay what is large in parts of fewer entries', async () => {
        const since = await log(a).position();
        const large = (n: number): string => `${n}`.padEnd(98, '.');
        for (let n = 0; n < 5; n += 1) await log(a).publish(large(n));
        const limits = { entries: 10, size: 250 };
        expect(await parts(log(a), since, limits)).toEqual([
          [large(0), large(1)],
          [large(2), large(3)],
          [large(4)],
        ]);
      });

      it('replay an entry that is larger than the limit by itself', async () => {
        const since = await log(a).position();
        for (const n of ['a', 'b']) await log(a).publish(n.repeat(100));
        expect(await parts(log(a), since, { size: 10 })).toEqual([
          ['a'.repeat(100)],
          ['b'.repeat(100)],
        ]);
      });

      it('end a part that fits exactly', async () => {
        const since = await log(a).position();
        for (const n of [1, 2, 3]) await log(a).publish(n);
        const replay = await log(a).replay(since, { entries: 3 });
        expect(replay).toMatchObject({ covered: true, more: false });
      });

      it('go on from the end of a replay', async () => {
        const since = await log(a).position();
        await log(a).publish(1);
        const replay = await log(a).replay(since);
        if (!replay.covered) throw new Error('not covered');
        await log(a).publish(2);
        expect(await replayed(log(a), replay.position)).toEqual([2]);
      });

      it('cover a past in which nothing happened', async () => {
        const since = await log(a, 'quiet').position();
        expect(await replayed(log(b, 'quiet'), since)).toEqual([]);
      });

      it('cover no more than the entries they keep', async () => {
        const short = log(a, 't', { ...keepAll, entries: 2 });
        const zeroth = await short.position();
        const first = await short.publish(1);
        await short.publish(2);
        expect(await replayed(short, zeroth)).toEqual([1, 2]);
        await short.publish(3);
        expect(await replayed(short, zeroth)).toBe('not covered');
        expect(await replayed(short, first)).toEqual([2, 3]);
      });

      it('cover no more than the size they keep', async () => {
        const short = log(a, 't', { ...keepAll, size: 12 });
        const zeroth = await short.position();
        const first = await short.publish('1234');
        await short.publish('1234');
        expect(await replayed(short, zeroth)).toEqual(['1234', '1234']);
        await short.publish('1234');
        expect(await replayed(short, zeroth)).toBe('not covered');
        expect(await replayed(short, first)).toEqual(['1234', '1234']);
      });

      it('keep nothing of an entry that is too large', async () => {
        const short = log(a, 't', { ...keepAll, size: 3 });
        const since = await short.position();
        const large = await short.publish('long');
        expect(await replayed(short, since)).toBe('not covered');
        expect(await replayed(short, large)).toEqual([]);
      });

      it('cover no entry that only listeners had', async () => {
        const recorder = new Recorder<TopicEntry>();
        const none = log(a, 't', { ...keepAll, entries: 0 });
        const since = await none.position();
        const stop = await none.subscribe(recorder.listener);
        const last = await none.publish(1);
        expect(values(recorder.seen)).toEqual([1]);
        expect(await replayed(none, since)).toBe('not covered');
        stop();
        expect(await replayed(none, since)).toBe('not covered');
        await log(a).publish(2);
        expect(await replayed(log(a), since)).toBe('not covered');
        expect(await replayed(log(a), last)).toEqual([2]);
      });

      it.each(foreignPositions.map((position) => [JSON.stringify(position)]))(
        'do not cover the foreign position %s',
        async (text) => {
          const position = JSON.parse(text) as JsonValue;
          expect(await replayed(log(a), position)).toBe('not covered');
          await log(a).publish(1);
          expect(await replayed(log(a), position)).toBe('not covered');
        },
      );

      it('do not cover a position of another store', async () => {
        const others = await makeNodes();
        try {
          const since = await log(others.a).publish(1);
          await log(a).publish(1);
          await log(a).publish(2);
          expect(await replayed(log(a), since)).toBe('not covered');
        } finally {
          await others.close();
        }
      });

      it('have positions that compare as they are ordered, on every node', async () => {
        const before = await log(a).position();
        const first = await log(a).publish(1);
        const second = await log(b).publish(2);
        for (const { topics } of [a, b]) {
          expect(topics.compare(first, second)).toBeLessThan(0);
          expect(topics.compare(second, first)).toBeGreaterThan(0);
          expect(topics.compare(before, first)).toBeLessThan(0);
          const sent = JSON.parse(JSON.stringify(first)) as Position;
          expect(topics.compare(sent, first)).toBe(0);
        }
      });

      it.each(foreignPositions)('cannot compare with %j', async (position) => {
        const known = await log(a).publish(1);
        expect(a.topics.compare(position, known)).toBeUndefined();
        expect(a.topics.compare(known, position)).toBeUndefined();
      });

      it('read positions again that have been sent as JSON', async () => {
        const sent = JSON.stringify(await log(a).position());
        await log(a).publish(1);
        const since = JSON.parse(sent) as Position;
        expect(await replayed(log(a), since)).toEqual([1]);
      });

      describe('that are lost', () => {
        it('tell a gap once, before the next entry, on every node', async () => {
          const heard = await Promise.all([listen(log(a)), listen(log(b))]);
          await log(a).publish('before');
          await nodes.forget();
          await log(a).publish('after');
          await log(b).publish('later');
          for (const each of heard) {
            expect(await each.count(4)).toEqual([
              'before',
              GAP,
              'after',
              'later',
            ]);
          }
        });

        it('tell a gap while nothing is published', async () => {
          const heard = await listen(log(b));
          await nodes.forget();
          expect(await heard.count(1)).toEqual([GAP]);
        });

        it('tell no gap to who has begun to listen since', async () => {
          await log(a).publish('before');
          await nodes.forget();
          const heard = await listen(log(b));
          await log(a).publish('after');
          expect(await heard.count(1)).toEqual(['after']);
        });

        it('have nothing missing after the gap', async () => {
          const heard = await listen(log(b));
          const numbers = Array.from({ length: 40 }, (_, n) => n);
          const send = async (n: number): Promise<unknown> => log(a).publish(n);
          const done: Promise<unknown>[] = [];
          for (const n of numbers) {
            if (n === 20) done.push((async () => nodes.forget())());
            done.push(send(n));
          }
          await Promise.all(done);
          await log(a).publish('end');
          const seen = await heard.until((all) => all.includes('end'));
          const after = seen.slice(seen.lastIndexOf(GAP) + 1);
          expect(seen).toContain(GAP);
          // Numbers in their order, each once; after the gap all that are left.
          const last = after.filter((value) => typeof value === 'number');
          expect(last).toEqual(numbers.slice(numbers.length - last.length));
        });

        it('cover no position from before', async () => {
          const since = await log(a).position();
          const entry = await log(a).publish('before');
          await nodes.forget();
          expect(await replayed(log(a), since)).toBe('not covered');
          expect(await replayed(log(b), entry)).toBe('not covered');
          const begun = await log(a).position();
          const after = await log(a).publish('after');
          expect(await replayed(log(b), entry)).toBe('not covered');
          expect(await replayed(log(b), begun)).toEqual(['after']);
          expect(a.topics.compare(entry, after)).toBeUndefined();
          expect(b.topics.compare(after, entry)).toBeUndefined();
          expect(b.topics.compare(begun, after)).toBeLessThan(0);
        });
      });

      describe('over an interrupted connection', () => {
        it('take calls in the order in which they were made, each once', async () => {
          const since = await log(a).position();
          const published: Promise<Position>[] = [];
          const send = async (n: number): Promise<Position> =>
            log(a).publish(n);
          for (let n = 0; n < 30; n += 1) {
            if (n % 7 === 0) await nodes.cut(a);
            published.push(send(n));
          }
          await Promise.all(published);
          expect(await replayed(log(b), since)).toEqual(
            Array.from({ length: 30 }, (_, n) => n),
          );
        });

        it('give a listener all, in order and once, or tell it of a gap', async () => {
          const heard = await listen(log(a));
          for (let n = 0; n < 60; n += 1) {
            if (n % 9 === 0) await nodes.cut(a);
            void log(b).publish(n);
          }
          await log(b).publish('end');
          const seen = await heard.until(
            (all) => all.includes('end') || all.at(-1) === GAP,
          );
          let expected = 0;
          for (const value of seen) {
            if (value === GAP) expected = NaN;
            else if (typeof value === 'number') {
              if (Number.isNaN(expected)) expected = value;
              expect(value).toBe(expected);
              expected += 1;
            }
          }
          const numbers = seen.filter((value) => typeof value === 'number');
          expect(new Set(numbers).size).toBe(numbers.length);
        });

        it('settle a publication when it was heard, or its gap told', async () => {
          const heard = await listen(log(a));
          for (let n = 0; n < 20; n += 1) {
            await nodes.cut(a);
            await log(a).publish(n);
            expect([n, GAP]).toContain(heard.seen.at(-1));
          }
        });
      });
    });

    describe('announcements', () => {
      async function listen(
        broker: Broker,
        name = 't',
      ): Promise<Recorder<JsonValue>> {
        const recorder = new Recorder<JsonValue>();
        await broker.topics.listen(name, recorder.listener, {
          onGap: () => recorder.listener(GAP),
        });
        return recorder;
      }

      it("settle after this node's listeners have had them", async () => {
        const first = await listen(a);
        const second = await listen(a);
        await a.topics.announce('t', { n: 1 });
        expect(first.seen).toEqual([{ n: 1 }]);
        expect(second.seen).toEqual([{ n: 1 }]);
      });

      it('reach all nodes, those of one node in order', async () => {
        const atB = await listen(b);
        const numbers = Array.from({ length: 20 }, (_, n) => n);
        await Promise.all(numbers.map(async (n) => a.topics.announce('t', n)));
        expect(await atB.count(20)).toEqual(numbers);
      });

      it('are apart, by name, and apart from logs', async () => {
        const here = await listen(a, 'here');
        const entries = new Recorder<TopicEntry>();
        await log(a, 'here').subscribe(entries.listener);
        await a.topics.announce('there', 1);
        await log(a, 'here').publish(2);
        await a.topics.announce('here', 3);
        expect(here.seen).toEqual([3]);
        expect(entries.seen.map(({ value }) => value)).toEqual([2]);
      });

      it('are no entries of a log of that name', async () => {
        const since = await log(a).position();
        await a.topics.announce('t', 1);
        const replay = await log(a).replay(since);
        expect(replay).toMatchObject({ covered: true, entries: [] });
      });

      it('give a listener nothing from before it, nor after it', async () => {
        await a.topics.announce('t', 'before');
        const recorder = new Recorder<JsonValue>();
        const stop = await a.topics.listen('t', recorder.listener);
        const other = await listen(a);
        await a.topics.announce('t', 1);
        stop();
        stop();
        await a.topics.announce('t', 2);
        expect(recorder.seen).toEqual([1]);
        expect(other.seen).toEqual([1, 2]);
      });

      it('keep a listener that throws from harming anybody', async () => {
        await a.topics.listen('t', () => {
          throw new Error('listener');
        });
        const after = await listen(a);
        await a.topics.announce('t', 1);
        await a.topics.announce('t', 2);
        expect(after.seen).toEqual([1, 2]);
      });

      it('tell a gap where the broker comes back without what it knew', async () => {
        const heard = await listen(b);
        await a.topics.announce('t', 1);
        await heard.count(1);
        await nodes.forget();
        await a.topics.announce('t', 2);
        expect(await heard.count(3)).toEqual([1, GAP, 2]);
      });

      it('settle when they were heard, or their gap told', async () => {
        const heard = await listen(a);
        for (let n = 0; n < 20; n += 1) {
          await nodes.cut(a);
          await a.topics.announce('t', n);
          expect([n, GAP]).toContain(heard.seen.at(-1));
        }
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

      it('tells watchers of a gap, after which they list again', async () => {
        const { position } = await b.directory.list('s');
        const heard = new Recorder<string>();
        await b.directory.watch(
          's',
          position,
          (event) => heard.listener(brief(event)),
          { onGap: () => heard.listener(GAP) },
        );
        await a.directory.join('s', 'x', 1);
        await heard.count(1);
        await nodes.forget();
        await heard.count(2);
        const listing = await b.directory.list('s');
        expect(listing.entries).toEqual([{ key: 'x', value: 1, node: a.node }]);
        expect(await b.directory.watch('s', position, () => undefined)).toEqual(
          { covered: false },
        );
        const again = await watch(b, 's', listing.position);
        await a.directory.leave('s', 'x');
        expect(await again.count(1)).toEqual([`leave x=1@${a.node}`]);
        expect(await heard.count(3)).toEqual([
          `join x=1@${a.node}`,
          GAP,
          `leave x=1@${a.node}`,
        ]);
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

      /** Settles when there is no such token; asking changes nothing. */
      async function expectGone(broker: Broker, token: string): Promise<void> {
        const late = performance.now() + 5_000;
        for (;;) {
          const claim = await broker.tokens.claim(token, 'x', {
            binding: 'nobody',
          });
          if (!claim.claimed && claim.reason === 'unknown') return;
          if (performance.now() > late) throw new Error(`${token} is there`);
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      }

      const bound = { binding: 'ann' };

      it('expires a token that nobody holds', async () => {
        const put = performance.now();
        await a.tokens.put('t', 1, 20, bound);
        await expectGone(b, 't');
        expect(performance.now() - put).toBeGreaterThanOrEqual(19);
        expect(await a.tokens.claim('t', 'me', bound)).toMatchObject({
          reason: 'unknown',
        });
        expect(await a.tokens.remove('t')).toBe(false);
      });

      it('expires a token that was released', async () => {
        await a.tokens.put('t', 1, long, bound);
        await a.tokens.claim('t', 'me', bound);
        await a.tokens.release('t', 'me', 5, 2);
        await expectGone(a, 't');
      });

      it('expires nothing that is held', async () => {
        // Long enough for the delays of a broker to pass before.
        await a.tokens.put('held', 1, 60, bound);
        expect(await a.tokens.claim('held', 'me', bound)).toMatchObject({
          value: 1,
        });
        await a.tokens.put('free', 1, 100, bound);
        await expectGone(a, 'free');
        expect(await a.tokens.claim('held', 'me', bound)).toMatchObject({
          value: 1,
        });
      });
    });

    it('says how it is: ready, and closed for good', async () => {
      expect([a.state, b.state]).toEqual(['ready', 'ready']);
      await a.close();
      expect([a.state, b.state]).toEqual(['closed', 'ready']);
    });

    it('calls no listener of a closed node, and closes twice', async () => {
      const atA = new Recorder<unknown>();
      const atB = new Recorder<TopicEntry>();
      const onGap = (): void => atA.listener(GAP);
      await log(a).subscribe(atA.listener, { onGap });
      await log(b).subscribe(atB.listener);
      await a.topics.listen('t', atA.listener, { onGap });
      a.directory.onLost(() => atA.listener('lost'));
      const { position } = await a.directory.list('s');
      await a.directory.watch('s', position, atA.listener, { onGap });
      await a.close();
      await a.close();
      await log(b).publish(1);
      await b.topics.announce('t', 1);
      await nodes.forget();
      await b.directory.join('s', 'x', 1);
      expect(atB.seen).toHaveLength(1);
      expect(atA.seen).toEqual([]);
    });
  });
}
