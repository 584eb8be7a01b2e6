/**
 * Many clients, each subscribed to a channel and to live rows, whose server goes
 * and comes back. Says when all are there. Arguments: port, clients.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { textOf } from './rows.js';
import { Visitor } from './visitor.js';

/** The questions that the process answers. */
export type RestartQuestion =
  /** Answers `Back` when all clients are, or `patience` is over. */
  | { readonly type: 'back'; readonly patience: number }
  /** Answers `Received` when all clients have the probes, or `patience` is over. */
  | {
      readonly type: 'received';
      readonly probes: readonly number[];
      readonly rows: string;
      readonly patience: number;
    };

/** For each client that is back, in any order; in milliseconds since 1970. */
export interface Back {
  readonly connectedAt: readonly number[];
  readonly backAt: readonly number[];
  /** Attempts to connect, of all clients. */
  readonly attempts: number;
  /** Connections that were lost again. */
  readonly lostAgain: number;
}

/** Numbers of clients. */
export interface Received {
  /** Clients that lack a probe, or have other rows than the server. */
  readonly lost: number;
  /** Clients that have a probe twice. */
  readonly twice: number;
}

/** Clients that connect at the same time in the beginning. */
const SLICE = 50;

const [port, clients] = process.argv.slice(2).map(Number) as [number, number];
const visitors: Visitor[] = [];

async function until(
  condition: (visitor: Visitor) => boolean,
  patience: number,
): Promise<void> {
  const deadline = performance.now() + patience;
  while (!visitors.every(condition) && performance.now() < deadline)
    await sleep(25);
}

async function act(question: RestartQuestion): Promise<Back | Received> {
  if (question.type === 'back') {
    await until(({ isBack }) => isBack, question.patience);
    const back = visitors.filter(({ isBack }) => isBack);
    return {
      connectedAt: back.map(({ connectedAt }) => connectedAt),
      backAt: back.map(({ backAt }) => backAt),
      attempts: visitors.reduce((sum, { attempts }) => sum + attempts, 0),
      lostAgain: visitors.reduce((sum, { losses }) => sum + losses - 1, 0),
    };
  }
  const { probes, rows, patience } = question;
  await until((visitor) => visitor.hasAtLeast(probes), patience);
  const complete = visitors.filter(
    (visitor) =>
      visitor.hasAtLeast(probes) && textOf(visitor.page.rows.items) === rows,
  );
  return {
    lost: visitors.length - complete.length,
    twice: visitors.filter(({ hasTwice }) => hasTwice).length,
  };
}

for (let i = 0; i < clients; i += SLICE) {
  const slice = Array.from(
    { length: Math.min(SLICE, clients - i) },
    () => new Visitor(port),
  );
  visitors.push(...slice);
  await Promise.all(slice.map((visitor) => visitor.arrive()));
}

process.on('message', (question: RestartQuestion) => {
  void act(question).then((answer) => process.send?.(answer));
});
process.on('disconnect', () => process.exit(0));
process.send?.({ ready: true });
