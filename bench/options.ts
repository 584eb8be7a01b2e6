import { parseArgs } from 'node:util';

import type { Peer } from './wire.js';

const PEERS: readonly Peer[] = [
  'raw-ws',
  'nest-gateway',
  'socket-io',
  'snorky',
];

export const USAGE = `npm run bench -- [group...] [options]
  --quick          fewer and shorter rounds: a look, not a figure to quote
  --check          exit 1 when a must-reach line is missed
  --json FILE      where the results go (default .build/bench/results.json)
  --peers A,B      only these servers: ${PEERS.join(', ')}
  --prof           CPU profiles of the servers in .build/bench/profiles (figures suffer)`;

export interface Options {
  groups: string[];
  quick: boolean;
  check: boolean;
  json: string | undefined;
  peers: ReadonlySet<Peer>;
  profile: boolean;
}

export function parseOptions(args: string[]): Options {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      json: { type: 'string' },
      peers: { type: 'string', default: PEERS.join(',') },
      prof: { type: 'boolean', default: false },
    },
  });
  const peers = values.peers.split(',').map((name) => {
    const peer = PEERS.find((known) => known === name);
    if (peer === undefined) throw new Error(`no peer "${name}"`);
    return peer;
  });
  return {
    groups: positionals,
    quick: values.quick,
    check: values.check,
    json: values.json,
    peers: new Set(peers),
    profile: values.prof,
  };
}
