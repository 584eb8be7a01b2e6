import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { type Dialect, verify } from './wire.js';

const BUILD = new URL('./', import.meta.url);
const SOURCES = new URL('../../bench/load/', import.meta.url);

/** The program that makes the load, and what the report calls it. */
export interface LoadGenerator {
  kind: string;
  command: string[];
}

/** Compiles the load generator; without a compiler the same one in Node takes its place, at several times the CPU. */
export function buildLoadGenerator(): LoadGenerator {
  mkdirSync(BUILD, { recursive: true });
  const directory = fileURLToPath(SOURCES);
  const sources = readdirSync(directory).filter((name) => name.endsWith('.c'));
  const program = fileURLToPath(new URL('load-generator', BUILD));
  const compiled = spawnSync(
    'cc',
    ['-O2', '-o', program, ...sources.map((name) => directory + name)],
    { encoding: 'utf8' },
  );
  if (compiled.status === 0)
    return { kind: 'C (cc -O2, epoll)', command: [program] };
  const fallback = fileURLToPath(new URL('load/fallback.js', BUILD));
  const why = compiled.error?.message ?? compiled.stderr.split('\n')[0] ?? '';
  return {
    kind: `Node, raw sockets (no C compiler: ${why})`,
    command: [process.execPath, fallback],
  };
}

export interface LoadOptions {
  mode: 'rpc' | 'fanout';
  port: number;
  connections: number;
  /** Requests in flight on each connection, or publications in one round. */
  per: number;
  warmup: number;
  seconds: number;
  dialect: Dialect;
}

/** Messages that reached the load process in the window; delays in microseconds, CPU the load process's own. */
export interface LoadResult {
  messages: number;
  bytes: number;
  seconds: number;
  p50: number;
  p99: number;
  cpu: number;
}

/**
 * One run of the load generator. `ready` is called when it is warmed up and nothing is under way: the measured window is
 * from the moment it settles until the promise does.
 */
export async function runLoad(
  generator: LoadGenerator,
  options: LoadOptions,
  ready: () => Promise<void>,
): Promise<LoadResult> {
  const { dialect } = options;
  const [program = '', ...first] = generator.command;
  const child = spawn(
    program,
    [
      ...first,
      `mode=${options.mode}`,
      `port=${options.port}`,
      `path=${dialect.path}`,
      `connections=${options.connections}`,
      `per=${options.per}`,
      `warmup=${options.warmup}`,
      `seconds=${options.seconds}`,
      `frame=${dialect.frame}`,
      ...dialect.steps.map((step) => `step=${step}`),
      ...dialect.publisherSteps.map((step) => `publisher-step=${step}`),
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  ended.catch(() => undefined); // awaited below, after the output has ended
  const samples = new Map<string, string>();
  let result: LoadResult | undefined;
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const [word = '', ...rest] = line.split(' ');
      if (word === 'ready') {
        await ready();
        child.stdin.write('go\n');
      } else if (word === 'sample') {
        samples.set(rest[0] ?? '', rest.slice(1).join(' '));
      } else if (word === 'result') {
        result = JSON.parse(rest.join(' ')) as LoadResult;
      }
    }
  } catch (error) {
    child.kill(); // the server is gone
    throw error;
  }
  if ((await ended) !== 0 || result === undefined)
    throw new Error('the load generator failed');
  verify(samples, dialect);
  return result;
}
