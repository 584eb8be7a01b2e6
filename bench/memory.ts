import type { Context, Group, GroupResult, Sample } from './group.js';
import { runLoad } from './load-process.js';
import { ServerProcess } from './server-process.js';
import { type Peer, pubSubDialects } from './wire.js';

const SNORKY = 'Snorky';

const variants: { name: string; peer: Peer }[] = [
  { name: 'raw ws', peer: 'raw-ws' },
  { name: 'Socket.IO', peer: 'socket-io' },
  { name: SNORKY, peer: 'snorky' },
];

/**
 * Starts a fresh server each time: memory that it kept of an earlier round's
 * connections would not be counted in this one.
 */
async function perConnection(
  context: Context,
  peer: Peer,
  connections: number,
): Promise<Sample> {
  const dialect = pubSubDialects[peer];
  if (dialect === undefined) throw new Error(`no PubSub: ${peer}`);
  const server = await ServerProcess.start(peer);
  try {
    const empty = await server.memory();
    let full = empty;
    // No warm-up: nothing but the set-up happens before memory is read. One publication follows, to prove them subscribed.
    await runLoad(
      context.generator,
      {
        mode: 'fanout',
        port: server.port,
        connections,
        per: 1,
        warmup: 0,
        seconds: 0,
        dialect,
      },
      async () => {
        full = await server.memory();
      },
    );
    return {
      resident: (full.rss - empty.rss) / connections / 1024,
      early: (full.early - empty.early) / connections / 1024,
      heap: (full.heap - empty.heap) / connections / 1024,
      empty: empty.rss / 1024 / 1024,
    };
  } finally {
    await server.stop();
  }
}

/** What an idle connection with one subscription costs beyond the empty server. */
export const memory: Group = {
  name: 'memory',
  async run(context): Promise<GroupResult> {
    const connections = 5000;
    const rows = variants
      .filter(({ peer }) => context.peers.has(peer))
      .map(({ name, peer }) => ({ name, peer, samples: [] as Sample[] }));
    // All at once: they idle nearly all the time, and memory does not feel a busy machine as time does.
    for (let round = 0; round < (context.quick ? 1 : 3); round++)
      await Promise.all(
        rows.map(async ({ peer, samples }) =>
          samples.push(await perConnection(context, peer, connections)),
        ),
      );
    const snorky = rows.find(({ name }) => name === SNORKY)?.samples ?? [];
    return {
      tables: [
        {
          title: `Memory, ${connections} idle subscribed connections`,
          columns: [
            { key: 'resident', heading: 'resident KiB each', digits: 2 },
            { key: 'early', heading: 'before settling', digits: 2 },
            { key: 'heap', heading: 'JS heap KiB each', digits: 2 },
            { key: 'empty', heading: 'empty server MiB', digits: 1 },
          ],
          rows,
        },
      ],
      requirements: [
        {
          text: 'memory: resident per idle subscribed connection, Snorky',
          bound: 9,
          direction: 'at most',
          unit: 'KiB',
          measured: snorky.map(({ resident = NaN }) => resident),
        },
      ],
    };
  },
};
