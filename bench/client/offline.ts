import type { Sample } from '../group.js';
import { Fork } from './fork.js';
import { Line } from '../../harness/line.js';
import type { OfflineQuestion, Returned } from './offline-process.js';
import type { Changed, Listening, ServerQuestion } from './questions.js';

const ROWS = 1000;

export interface OfflineOptions {
  readonly rounds: number;
  /** Changes while the page is away, each a batch of its own. */
  readonly missed: number;
  /** Whether the server does not notice that the page has gone. */
  readonly halfOpen: boolean;
}

/**
 * A page goes offline, its rows change, and it comes back by itself. Each round
 * gives one sample, with a page of its own. Rows are not fetched over the line
 * that is cut, so that a fetch would succeed and be counted.
 */
export async function offline(options: OfflineOptions): Promise<Sample[]> {
  const server = Fork.start<ServerQuestion>('server', 0, ROWS, 0);
  const browser = Fork.start<OfflineQuestion>('offline-process');
  try {
    const { port } = await server.next<Listening>('listening');
    const samples: Sample[] = [];
    for (let round = 0; round < options.rounds; round++)
      samples.push(await absence(server, browser, port, options));
    return samples;
  } finally {
    await Promise.all([server.kill(), browser.kill()]);
  }
}

async function absence(
  server: Fork<ServerQuestion>,
  browser: Fork<OfflineQuestion>,
  port: number,
  { missed, halfOpen }: OfflineOptions,
): Promise<Sample> {
  const change = (times: number): Promise<Changed> =>
    server.ask({ type: 'change', times });
  await using line = await Line.to(port);
  await browser.ask({ type: 'open', line: line.port, port });
  line.break({ halfOpen });
  await browser.ask({ type: 'lost' });
  const before = await change(0);
  const { rows } = await change(missed);
  await browser.ask({ type: 'expect', rows });
  line.repair();
  const { took, equal } = await browser.ask<Returned>({ type: 'return' });
  const after = await change(0);
  return {
    took,
    unequal: equal ? 0 : 1,
    fetched: after.fetches - before.fetches,
  };
}
