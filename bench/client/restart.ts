import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Sample } from '../group.js';
import { Fork } from './fork.js';
import type { Changed, Listening, ServerQuestion } from './questions.js';
import type { Back, Received, RestartQuestion } from './restart-process.js';

const LOADS = 2;
const ROWS = 20;
/** Milliseconds for the clients to come back, and for probes to arrive. */
const RETURN = 60_000;
const DELIVERY = 20_000;

type Server = Fork<ServerQuestion>;
type Load = Fork<RestartQuestion>;

/**
 * One restart, with the times at which clients connected after the new server
 * had started.
 */
export interface Restart {
  readonly sample: Sample;
  /** In milliseconds, one for each client that is back. */
  readonly connected: readonly number[];
}

/**
 * Kills the server of many clients, and starts another one at its address,
 * which does not know them and has other rows. Checks that all of them come
 * back and hear everything once.
 */
export async function restart(clients: number): Promise<Restart> {
  checkFiles(2 * clients + 100);
  const port = await quietPort();
  const servers: Server[] = [];
  const loads: Load[] = [];
  const serve = async (revision: number): Promise<Listening> => {
    const server: Server = Fork.start('server', port, ROWS, revision);
    servers.push(server);
    return server.next<Listening>('listening');
  };
  try {
    await serve(0);
    for (let i = 0; i < LOADS; i++) {
      const share = Math.floor((clients + i) / LOADS);
      loads.push(Fork.start('restart-process', port, share));
    }
    await Promise.all(loads.map((load) => load.next('ready', RETURN)));
    const before = await probe(servers[0] as Server, loads);
    if (before.lost + before.twice > 0) {
      throw new Error(
        `before the restart, ${before.lost} of ${clients} clients lack what ` +
          `was published and ${before.twice} have it twice`,
      );
    }

    const killedAt = Date.now();
    await servers[0]?.kill();
    const { listeningAt, cpu } = await serve(1_000_000);
    const back = await returned(loads);
    const after = await probe(servers[1] as Server, loads);
    const connected = back.connectedAt.map((at) => at - listeningAt);
    const [busiest] = histogram(connected).toSorted((a, b) => b - a);
    const backAt = back.backAt.toSorted((a, b) => a - b);
    /** Seconds after which this part of all was there. */
    const waited = (part: number): number =>
      ((backAt[Math.ceil(part * clients) - 1] ?? NaN) - listeningAt) / 1000;
    return {
      connected,
      sample: {
        away: (listeningAt - killedAt) / 1000,
        half: waited(0.5),
        most: waited(0.99),
        back: waited(1),
        attempts: back.attempts / clients,
        lostAgain: back.lostAgain,
        fetches: after.fetches,
        cpu: (after.cpu - cpu) / clients,
        missing: clients - back.backAt.length,
        lost: after.lost,
        twice: after.twice,
        busiest: busiest === undefined ? NaN : (100 * busiest) / clients,
      },
    };
  } finally {
    await Promise.all([...servers, ...loads].map((fork) => fork.kill()));
  }
}

/** How many of the times are in each tenth of a second. */
export function histogram(times: readonly number[]): number[] {
  const bins: number[] = [];
  for (const time of times) {
    const bin = Math.max(0, Math.floor(time / 100));
    while (bins.length <= bin) bins.push(0);
    bins[bin] = (bins[bin] ?? 0) + 1;
  }
  return bins;
}

async function returned(loads: readonly Load[]): Promise<Back> {
  const question: RestartQuestion = { type: 'back', patience: RETURN };
  const answers = await Promise.all(
    loads.map((load) => load.ask<Back>(question, 2 * RETURN)),
  );
  return {
    connectedAt: answers.flatMap(({ connectedAt }) => connectedAt),
    backAt: answers.flatMap(({ backAt }) => backAt),
    attempts: sum(answers, 'attempts'),
    lostAgain: sum(answers, 'lostAgain'),
  };
}

/**
 * Two publications and two deltas. On one connection they are in order: whoever
 * has the second ones and a double subscription, has the first ones twice.
 */
async function probe(
  server: Server,
  loads: readonly Load[],
): Promise<Received & Omit<Changed, 'rows'>> {
  const publish = (number: number): Promise<Changed> =>
    server.ask({ type: 'probe', number });
  await publish(1);
  const { rows, ...figures } = await publish(2);
  const question: RestartQuestion = {
    type: 'received',
    probes: [1, 2],
    rows,
    patience: DELIVERY,
  };
  const answers = await Promise.all(
    loads.map((load) => load.ask<Received>(question, 2 * DELIVERY)),
  );
  return {
    lost: sum(answers, 'lost'),
    twice: sum(answers, 'twice'),
    ...figures,
  };
}

function sum<Key extends string>(
  answers: readonly Readonly<Record<Key, number>>[],
  key: Key,
): number {
  return answers.reduce((total, answer) => total + answer[key], 0);
}

/** Node raises the soft limit by itself, up to the hard one. */
function checkFiles(needed: number): void {
  const report = process.report.getReport() as {
    readonly userLimits?: Readonly<
      Record<string, { readonly hard: number | string }>
    >;
  };
  const limit = Number(report.userLimits?.['open_files']?.hard ?? NaN);
  if (!(limit < needed)) return;
  throw new Error(
    `a process may have ${limit} open files, and the server needs ${needed}: ` +
      'raise the hard limit (ulimit -Hn), or run with --quick',
  );
}

/**
 * A free port that is nobody's outgoing one. Of those that systems choose, a
 * client that comes back would sooner or later be given the server's own as its
 * source, and be connected to itself.
 */
async function quietPort(): Promise<number> {
  for (let tries = 0; tries < 20; tries++) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const server = createServer();
    try {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      server.close();
      await once(server, 'close');
      return port;
    } catch {
      await sleep(10);
    }
  }
  throw new Error('none of 20 ports between 20000 and 30000 is free');
}
