import type { Group, GroupResult, Requirement, Table } from './group.js';
import { loadColumns, measure, withServers } from './measure.js';
import { interleave, ratios } from './rounds.js';
import { type Dialect, NUMBER, type Peer, template } from './wire.js';

const PARAMS = { number1: 12, number2: 30, text: 'A call of ordinary size' };
const RAW = 'raw ws';
const NEST = 'Nest gateway';
const SNORKY = 'Snorky';
const CHECKED = ', guard + interceptor + DTO';

/** A call as `ws` and Snorky take it, or as a Nest gateway does: about as long, with the same content. */
function call(style: 'snorky' | 'nest', name: 'echo' | 'checked'): Dialect {
  const result = name === 'echo' ? PARAMS : PARAMS.number1 + PARAMS.number2;
  const common = { path: '/ws', steps: [], publisherSteps: [] };
  if (style === 'snorky') {
    const service = 'calculator';
    return {
      ...common,
      frame: template({
        service,
        message: { command: name, params: PARAMS, callId: NUMBER },
      }),
      expected: {
        answer: {
          service,
          message: { type: 'response', callId: NUMBER, data: result },
        },
      },
    };
  }
  const data = { callId: NUMBER, params: PARAMS };
  return {
    ...common,
    frame: template({ event: name, data }),
    expected: {
      answer: {
        event: name,
        data: name === 'echo' ? data : { callId: NUMBER, data: result },
      },
    },
  };
}

/** Each has a process of its own: one command's calls do not change how another's are compiled. */
const variants: { name: string; peer: Peer; dialect: Dialect }[] = [
  { name: RAW, peer: 'raw-ws', dialect: call('snorky', 'echo') },
  { name: NEST, peer: 'nest-gateway', dialect: call('nest', 'echo') },
  { name: SNORKY, peer: 'snorky', dialect: call('snorky', 'echo') },
  {
    name: NEST + CHECKED,
    peer: 'nest-gateway',
    dialect: call('nest', 'checked'),
  },
  {
    name: SNORKY + CHECKED,
    peer: 'snorky',
    dialect: call('snorky', 'checked'),
  },
];

const shapes = [
  { connections: 20, per: 16 },
  { connections: 100, per: 1 },
];

function requirements(table: Table | undefined): Requirement[] {
  const atMost = (peer: string, bound: number): Requirement => ({
    text: `RPC, 20 x 16, no enhancers: server CPU per message, Snorky / ${peer}`,
    bound,
    direction: 'at most',
    unit: 'x',
    measured: ratios(table?.rows ?? [], 'cpu', SNORKY, peer),
  });
  return [atMost(RAW, 1.25), atMost(NEST, 0.85)];
}

/** Calls that are answered with their parameters, or checked and added up. */
export const rpc: Group = {
  name: 'rpc',
  run: (context): Promise<GroupResult> =>
    withServers(context, variants, async (servers) => {
      const tables: Table[] = [];
      for (const { connections, per } of shapes)
        tables.push({
          title: `RPC, ${connections} connections x ${per} in flight`,
          columns: loadColumns('call'),
          rows: await interleave(
            context.quick ? 3 : 5,
            [...servers].map(([variant, server]) => ({ ...variant, server })),
            ({ server, dialect }) =>
              measure(context, server, {
                mode: 'rpc',
                connections,
                per,
                warmup: context.quick ? 0.2 : 0.4,
                seconds: context.quick ? 0.3 : 1,
                dialect,
              }),
          ),
        });
      return { tables, requirements: requirements(tables[0]) };
    }),
};
