import type { Group, GroupResult, Requirement, Table } from './group.js';
import { loadColumns, measure, withServers } from './measure.js';
import { interleave, ratios } from './rounds.js';
import { type Peer, pubSubDialects } from './wire.js';

const SUBSCRIBERS = 1000;
const RAW = 'raw ws';
const SOCKET_IO = 'Socket.IO';
const SNORKY = 'Snorky';

const variants: { name: string; peer: Peer }[] = [
  { name: RAW, peer: 'raw-ws' },
  { name: SOCKET_IO, peer: 'socket-io' },
  { name: SNORKY, peer: 'snorky' },
];

function requirements(one?: Table, sixteen?: Table): Requirement[] {
  const cpu = (peer: string, bound: number): Requirement => ({
    text: `fan-out, 1 per round: server CPU per delivery, Snorky / ${peer}`,
    bound,
    direction: 'at most',
    unit: 'x',
    measured: ratios(one?.rows ?? [], 'cpu', SNORKY, peer),
  });
  return [
    cpu(RAW, 1),
    cpu(SOCKET_IO, 0.9),
    {
      text: `fan-out, 16 per round: deliveries/s, Snorky / ${SOCKET_IO}`,
      bound: 12,
      direction: 'at least',
      unit: 'x',
      measured: ratios(sixteen?.rows ?? [], 'rate', SNORKY, SOCKET_IO),
    },
  ];
}

/**
 * A publisher's messages to 1,000 subscribers. The publisher is a connection of the load process: it writes the round's
 * publications in one TCP write, so that every peer reads them in one turn of its loop, and one clock takes both ends of a
 * delay. The next round starts when all subscribers have everything and the publisher its acknowledgements: no backlog can
 * grow, and a delay is from the publisher's write to the subscriber's read.
 */
export const fanout: Group = {
  name: 'fanout',
  run: (context): Promise<GroupResult> =>
    withServers(context, variants, async (servers) => {
      const tables: Table[] = [];
      for (const per of [1, 16])
        tables.push({
          title: `Fan-out to ${SUBSCRIBERS} subscribers, ${per} per round`,
          columns: loadColumns('delivery'),
          rows: await interleave(
            context.quick ? 3 : 9,
            [...servers].map(([variant, server]) => ({ ...variant, server })),
            ({ server, peer }) => {
              const dialect = pubSubDialects[peer];
              if (dialect === undefined) throw new Error(`no PubSub: ${peer}`);
              return measure(context, server, {
                mode: 'fanout',
                connections: SUBSCRIBERS,
                per,
                warmup: context.quick ? 0.2 : 0.3,
                seconds: context.quick ? 0.3 : 0.8,
                dialect,
              });
            },
          ),
        });
      return { tables, requirements: requirements(tables[0], tables[1]) };
    }),
};
