import { Child } from './datasync/child.js';
import type {
  Context,
  Group,
  GroupResult,
  Requirement,
  Sample,
} from './group.js';

const KEY = 'swordfish';

/** Runs a body against a fresh server. */
async function withServer<R>(
  body: (server: Child, port: string) => Promise<R>,
): Promise<R> {
  const server = Child.start('server');
  try {
    const { port } = await server.next<{ port: number }>();
    return await body(server, String(port));
  } finally {
    await server.stop();
  }
}

async function one<Answer>(script: string, args: string[]): Promise<Answer> {
  const child = Child.start(script, args);
  try {
    return await child.next<Answer>();
  } finally {
    await child.stop();
  }
}

const index = (kind: string, filters: number, seed: number): Promise<Sample> =>
  one('index-process', [kind, String(filters), String(seed)]);

const delivery = (seconds: number, mode: string): Promise<Sample> =>
  withServer(async (server, port) => {
    const load = Child.start('delivery-process', [
      port,
      KEY,
      String(seconds),
      mode,
    ]);
    try {
      await load.next();
      const before = await server.ask<{ cpu: number }>({ type: 'reset' });
      const figures = await load.ask<Sample>({ type: 'go' });
      const { cpu } = await server.ask<{ cpu: number }>({ type: 'report' });
      const delivered = figures['delivered'] ?? NaN;
      return { ...figures, cpu: (cpu - before.cpu) / delivered };
    } finally {
      await load.stop();
    }
  });

const resume = (clients: number, missed: number): Promise<Sample> =>
  withServer(async (server, port) => {
    const load = Child.start('resume-process', [
      port,
      KEY,
      String(clients),
      String(missed),
    ]);
    try {
      await load.next();
      await server.ask({ type: 'reset' });
      await load.ask({ type: 'connect' });
      const connecting = await server.ask<{ loop: number }>({ type: 'reset' });
      const figures = await load.ask<Sample>({ type: 'resume' });
      const { loop } = await server.ask<{ loop: number }>({ type: 'report' });
      return { ...figures, loop, connecting: connecting.loop };
    } finally {
      await load.stop();
    }
  });

const handOff = (
  seconds: number,
  cutEvery: number,
  seed: number,
): Promise<Sample> =>
  one('hand-off-process', [String(seconds), String(cutEvery), String(seed)]);

async function rounds(
  count: number,
  measure: (round: number) => Promise<Sample>,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let round = 0; round < count; round++)
    samples.push(await measure(round));
  return samples;
}

const column = (key: string, heading: string, digits = 2) => ({
  key,
  heading,
  digits,
});

/** Live data: the filter index, delivery under load, and everybody coming back. */
export const datasync: Group = {
  name: 'datasync',
  async run({ quick }: Context): Promise<GroupResult> {
    const many = quick ? 100_000 : 1_000_000;
    const count = quick ? 1 : 3;
    const distinct = await rounds(count, (seed) =>
      index('distinct', many, seed),
    );
    const ranges = await rounds(count, (seed) =>
      index('intervals', 100_000, seed),
    );
    const seconds = quick ? 5 : 15;
    const plain = await rounds(count, () => delivery(seconds, 'plain'));
    const resumable = await rounds(count, () => delivery(seconds, 'resume'));
    const clients = quick ? 500 : 2000;
    const back = await rounds(count, () => resume(clients, 1000));
    const steady = await rounds(1, () => handOff(quick ? 5 : 20, 0, 1));
    const cut = await rounds(1, () => handOff(quick ? 8 : 60, 1000, 2));
    const requirement = (
      text: string,
      bound: number,
      unit: string,
      samples: Sample[],
      key: string,
    ): Requirement => {
      const values = samples.map((sample) => sample[key] ?? NaN);
      const sum = values.reduce((all, value) => all + value, 0);
      return {
        text,
        bound,
        direction: 'at most',
        unit,
        // What may not happen may not happen in any round: no median of those.
        measured: bound === 0 ? [sum] : values,
      };
    };
    const delivered = [...plain, ...resumable];
    return {
      tables: [
        {
          title: 'Filter index',
          columns: [
            column('find', 'find, median us'),
            column('scan', 'linear scan us', 0),
            column('found', 'found', 1),
            column('insert', 'insert us'),
            column('remove', 'remove us'),
            column('bytes', 'heap bytes/filter', 0),
          ],
          rows: [
            { name: `${many} distinct filters`, samples: distinct },
            { name: '100000 intervals', samples: ranges },
          ],
        },
        {
          title:
            'Delivery, 1000 connections x 10 subscriptions, 2000 deltas/s in batches of 50, each to 20',
          columns: [
            column('rate', 'thousands/s', 1),
            column('p50', 'p50 ms'),
            column('p99', 'p99 ms'),
            column('cpu', 'CPU us/delivery'),
            column('lost', 'lost', 0),
            column('wrong', 'twice or out of order', 0),
          ],
          rows: [
            { name: "the original's deltas", samples: plain },
            { name: 'resumable', samples: resumable },
          ],
        },
        {
          title: `Resume of ${clients} clients with 1000 missed entries each`,
          columns: [
            column('seconds', 'seconds', 1),
            column('connecting', 'loop held while they connect, ms', 1),
            column('loop', 'while they resume, most ms', 1),
            column('recovered', 'recovered', 0),
            column('lost', 'lost', 0),
            column('wrong', 'twice or out of order', 0),
          ],
          rows: [{ name: 'Snorky', samples: back }],
        },
        {
          title:
            'Hand-off, 200 clients, two publishers of 1000 deltas/s on the same rows',
          columns: [
            column('published', 'published', 0),
            column('delivered', 'delivered', 0),
            column('cuts', 'cut', 0),
            column('resumed', 'resumed', 0),
            column('fetched', 'fetched again', 0),
            column('unequal', 'unequal at the end', 0),
            column('faults', 'other faults', 0),
          ],
          rows: [
            { name: 'connections stay', samples: steady },
            { name: 'cut every second, half of them half-open', samples: cut },
          ],
        },
      ],
      requirements: [
        requirement(
          `${many} distinct filters: find, median`,
          10,
          'us',
          distinct,
          'find',
        ),
        requirement(
          '100000 intervals, about 10 match: find, median',
          50,
          'us',
          ranges,
          'find',
        ),
        requirement(`insert at ${many} filters`, 20, 'us', distinct, 'insert'),
        requirement(`remove at ${many} filters`, 20, 'us', distinct, 'remove'),
        requirement(
          'heap per distinct filter',
          800,
          'bytes',
          distinct,
          'bytes',
        ),
        requirement('delivery: p99', 100, 'ms', delivered, 'p99'),
        requirement('delivery: lost', 0, 'deltas', delivered, 'lost'),
        requirement(
          'delivery: twice or out of order',
          0,
          'deltas',
          delivered,
          'wrong',
        ),
        requirement(
          `resume of ${clients}: loop held at most`,
          100,
          'ms',
          back,
          'loop',
        ),
        requirement(
          'hand-off: unequal at the end',
          0,
          'clients',
          [...steady, ...cut],
          'unequal',
        ),
        requirement(
          'hand-off: other faults',
          0,
          'faults',
          [...steady, ...cut],
          'faults',
        ),
        requirement(`resume of ${clients}: lost`, 0, 'entries', back, 'lost'),
      ],
    };
  },
};
