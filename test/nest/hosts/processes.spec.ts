import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { severalProcesses } from '../../../src/nest/hosts/several-processes.js';
import {
  compileFile,
  installCopy,
  ROOT,
} from '../../support/programs/compile.js';

const FOLDER = join(ROOT, '.build', `processes-${process.pid}`);

/** Runs a program of this folder to its end. */
async function run(
  name: string,
  argument = {},
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  return promisify(execFile)(
    process.execPath,
    [join(FOLDER, `${name}.js`), JSON.stringify(argument)],
    { env: { ...process.env, ...env }, timeout: 30_000 },
  );
}

beforeAll(async () => {
  await installCopy(FOLDER);
  for (const name of ['context', 'cluster']) {
    const program = `test/nest/hosts/${name}.program.ts`;
    await compileFile(program, join(FOLDER, `${name}.js`));
  }
}, 60_000);

afterAll(() => rm(FOLDER, { recursive: true, force: true }));

describe('A process with an application context', () => {
  it('ends by itself when its work is done', async () => {
    const { stdout, stderr } = await run('context');
    expect(stderr).toBe('');
    expect(stdout.match(/no HTTP server/g)).toHaveLength(1);
  }, 40_000);
});

describe('A cluster of workers', () => {
  const warned = async (
    argument: { workers: number; shared?: boolean },
    env?: Readonly<Record<string, string>>,
  ): Promise<string[]> => {
    const { stdout } = await run('cluster', argument, env);
    return (JSON.parse(stdout) as string[][]).flat();
  };

  it('is told once, by the second, that a broker in memory divides it', async () => {
    expect(await warned({ workers: 2 })).toEqual([
      'This process is worker 2 of a cluster. Its broker is in memory and ' +
        'reaches no other process: clients hear only what is published in the ' +
        'process that they are connected to. Give SnorkyModule.forRoot() a ' +
        'broker that the processes share ({ broker }), or run one process.',
    ]);
  }, 40_000);

  it('hears nothing with a shared broker', async () => {
    expect(await warned({ workers: 2, shared: true })).toEqual([]);
  }, 40_000);

  it('hears nothing when it has one worker', async () => {
    expect(await warned({ workers: 1 })).toEqual([]);
  }, 40_000);

  it('hears it from an instance under pm2', async () => {
    const pm2 = { pm_id: '7', NODE_APP_INSTANCE: '1' };
    const [line] = await warned({ workers: 1 }, pm2);
    expect(line).toContain('instance 1 of several under pm2. Its broker is');
  }, 40_000);
});

describe('The signs of several processes', () => {
  it.each([
    ['a process alone', {}, undefined],
    ['the first worker', { worker: 1 }, undefined],
    ['a second worker', { worker: 2 }, 'worker 2 of a cluster'],
    [
      'a second worker where one is planned (the first has died)',
      { worker: 2, env: { WEB_CONCURRENCY: '1' } },
      undefined,
    ],
    [
      'a process alone on a host that plans several',
      { env: { WEB_CONCURRENCY: '4' } },
      undefined,
    ],
    [
      'an application of pm2 in fork mode',
      { env: { pm_id: '3', NODE_APP_INSTANCE: '0', instances: '1' } },
      undefined,
    ],
    [
      'a single instance among the workers of other applications of pm2',
      { worker: 9, env: { pm_id: '3', NODE_APP_INSTANCE: '0' } },
      undefined,
    ],
    [
      'a single instance of pm2 that was started again',
      { env: { pm_id: '3', NODE_APP_INSTANCE: '2', instances: '1' } },
      undefined,
    ],
    [
      'the first instance of several of pm2',
      {
        worker: 1,
        env: { pm_id: '0', NODE_APP_INSTANCE: '0', instances: '4' },
      },
      'instance 0 of several under pm2',
    ],
    [
      'a second instance of pm2',
      { env: { pm_id: '1', NODE_APP_INSTANCE: '1' } },
      'instance 1 of several under pm2',
    ],
    [
      'a second instance whose variable has another name',
      { env: { pm_id: '1', instance_var: 'NUMBER', NUMBER: '1' } },
      'instance 1 of several under pm2',
    ],
  ])('of %s are read right', (_who, { env = {}, ...signs }: Signs, which) => {
    const told = severalProcesses({ env, ...signs });
    if (which === undefined) expect(told).toBeUndefined();
    else expect(told).toBe(`This process is ${which}`);
  });
});

interface Signs {
  readonly env?: Readonly<Record<string, string>>;
  readonly worker?: number;
}
