import { applying } from './client/applying.js';
import { offline, type OfflineOptions } from './client/offline.js';
import { histogram, restart, type Restart } from './client/restart.js';
import type {
  Context,
  Group,
  GroupResult,
  Requirement,
  Sample,
  Table,
} from './group.js';
import { median } from './rounds.js';

const column = (key: string, heading: string, digits = 0) => ({
  key,
  heading,
  digits,
});

/** Requires something of every round, not of their median. */
function everyRound(
  text: string,
  bound: number,
  unit: string,
  samples: readonly Sample[],
  key: string,
  combine: (...values: number[]) => number = total,
): Requirement {
  const measured = [combine(...samples.map((sample) => sample[key] ?? NaN))];
  return { text, bound, direction: 'at most', unit, measured };
}

const total = (...values: number[]): number =>
  values.reduce((sum, value) => sum + value, 0);

/** Beyond this, the distribution has only one line. In milliseconds. */
const LATER = 4000;

/** One row for each tenth of a second, with a bar. */
function distribution(title: string, restarts: readonly Restart[]): Table {
  const last = LATER / 100;
  const rounds = restarts.map(({ connected }) =>
    histogram(connected.map((time) => Math.min(time, LATER))),
  );
  const bins = Array.from({ length: last + 1 }, (_, bin) =>
    rounds.map((counts) => counts[bin] ?? 0),
  );
  const medians = bins.map(median);
  const scale = 50 / Math.max(...medians, 1);
  return {
    title,
    columns: [column('clients', 'clients')],
    rows: bins.map((counts, bin) => {
      const bar = '#'.repeat(Math.round((medians[bin] ?? 0) * scale));
      return {
        name: `${bin === last ? '   later' : `${bin * 100} ms`.padStart(8)} ${bar}`.trimEnd(),
        samples: counts.map((clients) => ({ clients })),
      };
    }),
  };
}

/** The connector: applying deltas, coming back after an absence and a restart. */
export const client: Group = {
  name: 'client',
  async run({ quick }: Context): Promise<GroupResult> {
    const rows = 100_000;
    const deltas = 10_000;
    const batches = [deltas, 100, 1];
    const applied: Sample[][] = [];
    for (const batch of batches) {
      // Each batch with a new row checks all rows, so fewer deltas are enough.
      const size = { rows, deltas: Math.min(deltas, batch * 1000), batch };
      applied.push(await applying(size, quick ? 3 : 9));
    }
    const missed = 1000;
    const away = (halfOpen: boolean): OfflineOptions => ({
      rounds: quick ? 3 : 15,
      missed,
      halfOpen,
    });
    const noticed = await offline(away(false));
    const halfOpen = await offline(away(true));
    const clients = quick ? 200 : 2000;
    const restarts: Restart[] = [];
    for (let round = 0; round < (quick ? 1 : 3); round++)
      restarts.push(await restart(clients));
    const restarted = restarts.map(({ sample }) => sample);
    const absent = [...noticed, ...halfOpen];
    const absence = `offline for ${missed} changes`;
    const again = `restart with ${clients} clients`;
    return {
      tables: [
        {
          title: `Deltas applied to ${rows} rows, ${deltas} of them or 1000 batches: us/delta`,
          columns: [
            column('live', 'live list', 2),
            column('array', 'ArrayCollection', 2),
            column('plain', 'JSON.parse and Map', 2),
            column('liveRatio', 'live list, ratio', 2),
            column('arrayRatio', 'ArrayCollection, ratio', 2),
          ],
          rows: batches.map((batch, i) => ({
            name: `in batches of ${batch}`,
            samples: applied[i] ?? [],
          })),
        },
        {
          title: `Offline for ${missed} changes of 1000 rows, each a batch of its own`,
          columns: [
            column('took', 'equal again after connecting, ms', 1),
            column('fetched', 'fetched'),
            column('unequal', 'unequal'),
          ],
          rows: [
            { name: 'both ends notice', samples: noticed },
            { name: 'the server does not', samples: halfOpen },
          ],
        },
        {
          title: `Restart of the server of ${clients} clients, each with a channel and a live collection`,
          columns: [
            column('away', 'server away, s', 2),
            column('half', 'half back after its return, s', 2),
            column('most', '99 %', 2),
            column('back', 'all', 2),
            column('attempts', 'attempts per client', 2),
            column('fetches', 'fetches'),
            column('cpu', "server's CPU ms/client", 2),
            column('busiest', 'in the busiest 100 ms, %', 1),
            column('missing', 'not back'),
            column('lostAgain', 'lost again'),
            column('lost', 'lack what was published'),
            column('twice', 'have it twice'),
          ],
          rows: [{ name: 'Snorky', samples: restarted }],
        },
        distribution(
          'When they connected after the return of the server',
          restarts,
        ),
      ],
      requirements: [
        ...(['live', 'array'] as const).map((kind): Requirement => ({
          text: `${deltas} deltas at once, ${kind === 'live' ? 'live list' : 'ArrayCollection'}: to JSON.parse and Map`,
          bound: 3,
          direction: 'at most',
          unit: 'x',
          measured: (applied[0] ?? []).map(
            (sample) => sample[`${kind}Ratio`] ?? NaN,
          ),
        })),
        everyRound(
          `${absence}: equal again, worst`,
          1000,
          'ms',
          absent,
          'took',
          Math.max,
        ),
        everyRound(`${absence}: fetched`, 0, 'times', absent, 'fetched'),
        everyRound(`${absence}: unequal`, 0, 'rounds', absent, 'unequal'),
        everyRound(`${again}: not back`, 0, 'clients', restarted, 'missing'),
        everyRound(
          `${again}: lack what was published`,
          0,
          'clients',
          restarted,
          'lost',
        ),
        everyRound(`${again}: have it twice`, 0, 'clients', restarted, 'twice'),
        // Spread evenly over the longest first delay, it would be 10 %; without
        // jitter, all.
        everyRound(
          `${again}: in the busiest 100 ms`,
          25,
          '%',
          restarted,
          'busiest',
          Math.max,
        ),
      ],
    };
  },
};
