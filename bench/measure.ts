import type { Column, Context, Sample } from './group.js';
import { type LoadOptions, runLoad } from './load-process.js';
import { ServerProcess } from './server-process.js';
import type { Peer } from './wire.js';

/** One load run against a server, with the CPU time the server used in the measured window. */
export async function measure(
  { generator }: Context,
  server: ServerProcess,
  load: Omit<LoadOptions, 'port'>,
): Promise<Sample> {
  let before = 0;
  const result = await runLoad(
    generator,
    { ...load, port: server.port },
    async () => {
      before = await server.cpu();
    },
  );
  const cpu = (await server.cpu()) - before;
  return {
    cpu: cpu / result.messages,
    rate: result.messages / result.seconds / 1000,
    p50: result.p50 / 1000,
    p99: result.p99 / 1000,
    load: result.cpu / result.messages,
  };
}

/** The columns of what `measure` answers. */
export const loadColumns = (message: string): Column[] => [
  { key: 'cpu', heading: `CPU us/${message}`, digits: 2 },
  { key: 'rate', heading: 'thousands/s', digits: 1 },
  { key: 'p50', heading: 'p50 ms', digits: 2 },
  { key: 'p99', heading: 'p99 ms', digits: 2 },
  { key: 'load', heading: "load's CPU us", digits: 2 },
];

/** Starts a server for each variant, runs the body and stops them all. */
export async function withServers<T extends { name: string; peer: Peer }, R>(
  context: Context,
  variants: readonly T[],
  body: (servers: Map<T, ServerProcess>) => Promise<R>,
): Promise<R> {
  const servers = new Map<T, ServerProcess>();
  try {
    for (const variant of variants) {
      if (!context.peers.has(variant.peer)) continue;
      const { profile } = context;
      const name = variant.name.replaceAll(/\W+/g, '-');
      servers.set(
        variant,
        await ServerProcess.start(variant.peer, { profile, name }),
      );
    }
    return await body(servers);
  } finally {
    await Promise.all([...servers.values()].map((server) => server.stop()));
  }
}
