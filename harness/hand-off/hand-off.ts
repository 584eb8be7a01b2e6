import {
  MemoryBroker,
  type Broker,
  type DataSyncOptions,
  type Delta,
} from 'snorky';
import { Random } from '../random.js';
import { Tally, type Context } from './context.js';
import { startNodes } from './nodes.js';
import { interestOf, Source, type Row } from './rows.js';
import { Watcher } from './watcher.js';

export interface HandOffOptions {
  readonly clients: number;
  /** Deltas a second of each of the two publishers. */
  readonly rate: number;
  /** Seconds of publishing. */
  readonly seconds: number;
  /** Milliseconds between two rounds of cutting connections; 0: none is cut. */
  readonly cutEvery: number;
  /** Milliseconds that a client stays away after a cut, at most. @default 20 */
  readonly away?: number;
  readonly seed: number;
  /**
   * The brokers of the nodes; clients connect to any of them. @default one in
   * memory
   */
  readonly brokers?: readonly [Broker, ...Broker[]];
  /** Called every 100 milliseconds, to make other things go wrong. */
  readonly disturb?: () => void;
  readonly datasync?: DataSyncOptions;
}

export interface HandOffOutcome {
  readonly published: number;
  readonly delivered: number;
  /**
   * Connections cut, also those that the server cut because their client was
   * slow.
   */
  readonly cuts: number;
  /** Times that a client resumed where it was. */
  readonly resumed: number;
  /** Times that a client had to fetch, not counting the first. */
  readonly fetched: number;
  /** ... because of a notification, on a connection that went on. */
  readonly told: number;
  /** Times that the broker lost what the service listens to. */
  readonly gaps: number;
  /** Clients whose rows differ from those of the source. */
  readonly unequal: number;
  /** Everything else that must not happen. */
  readonly faults: readonly string[];
}

/** Publishes at a rate for a while, a few deltas in an entry. */
async function publish(
  { nodes, source }: Context,
  { rate, seconds }: HandOffOptions,
  random: Random,
): Promise<void> {
  const start = performance.now();
  const all = rate * seconds;
  let done = 0;
  while (done < all) {
    const due = Math.min(all, ((performance.now() - start) / 1000) * rate);
    while (done < due) {
      const deltas: Delta<Row>[] = [];
      for (let i = 1 + random.below(4); i > 0; i--)
        deltas.push(source.change());
      done += deltas.length;
      // Not awaited one by one: on one node, the order of the calls is that of
      // the log.
      void nodes[0]?.service.publishDeltas(deltas);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function cutNow(
  watchers: readonly Watcher[],
  every: number,
  random: Random,
): Promise<void> {
  await Promise.all(
    watchers
      .filter(() => random.chance(0.5))
      .map(async (watcher) => {
        await new Promise((resolve) =>
          setTimeout(resolve, random.below(every)),
        );
        watcher.cut();
      }),
  );
}

/**
 * Clients authorize, query and acquire while two publishers change the same
 * rows, and connections are cut. In the end every client has to have its part
 * of the source.
 */
export async function handOff(
  options: HandOffOptions,
): Promise<HandOffOutcome> {
  const { clients, cutEvery, seed, datasync = {} } = options;
  const random = new Random(seed);
  const { brokers = [new MemoryBroker()], disturb = () => {} } = options;
  await using started = await startNodes(brokers, datasync);
  const { nodes } = started;
  const context: Context = {
    nodes,
    source: new Source(random),
    broker: brokers[0],
    tally: new Tally(),
  };
  const { tally, source } = context;
  const watchers = Array.from({ length: clients }, (_, n) => {
    const resumes = cutEvery > 0 || n % 2 === 0;
    return new Watcher(
      context,
      interestOf(n),
      resumes,
      n % 3 === 0,
      new Random(random.below(2 ** 31)),
      options.away ?? 20,
    );
  });
  const end = new AbortController();
  const publishing = Promise.all(
    [1, 2].map(() =>
      publish(context, options, new Random(random.below(2 ** 31))),
    ),
  ).then(() => end.abort());
  for (const watcher of watchers) watcher.start();
  const disturbing = setInterval(disturb, 100);
  if (cutEvery > 0) {
    while (!end.signal.aborted) {
      await cutNow(watchers, cutEvery, random);
    }
  }
  await publishing;
  clearInterval(disturbing);
  const late = performance.now() + 10_000;
  while (performance.now() < late && watchers.some(({ equal }) => !equal)) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const unequal = watchers.filter(({ equal }) => !equal).length;
  await Promise.all(watchers.map((watcher) => watcher.stop()));
  const { delivered, cuts, resumed, fetched, told, faults } = tally;
  const published = source.changes;
  let gaps = 0;
  for (const { service } of nodes) gaps += service.registry.counters.gaps;
  return {
    published,
    delivered,
    cuts,
    resumed,
    fetched,
    told,
    gaps,
    unequal,
    faults,
  };
}
