import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  compileFile,
  compileProgram,
  ROOT,
} from '../../support/programs/compile.js';
import type { Ending } from './shutdown-order.program.js';

const PROGRAM = 'test/nest/registration/shutdown-order.program.ts';
const SOCKET = 'test/support/sockets/socket';
const FOLDER = join(ROOT, '.build', `shutdown-order-${process.pid}`);

describe('A node that shuts down with held subscriptions and messages under way', () => {
  let endings: Readonly<Record<string, Ending>>;

  beforeAll(async () => {
    const program = await compileProgram(PROGRAM, FOLDER);
    await compileFile(`${SOCKET}.ts`, join(FOLDER, `${SOCKET}.js`));
    const child = fork(program, [], {
      execArgv: [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const exited = once(child, 'exit');
    [endings] = (await once(child, 'message')) as [typeof endings];
    // Nothing is left that keeps the process.
    await exited;
  }, 60_000);

  afterAll(() => rm(FOLDER, { recursive: true, force: true }));

  it.each([
    ['fast', 'after', ['datasync', 'broker'], 'root fast'],
    ['fast', 'before', ['broker', 'datasync'], 'datasync fast'],
    ['slow', 'after', ['datasync', 'broker'], 'root slow'],
    ['slow', 'before', ['broker', 'datasync'], 'datasync slow'],
  ])(
    'loses nothing and logs no error where a %s broker is closed %s DataSync',
    (_speed, _when, called, name) => {
      expect(endings[name]).toEqual({
        called,
        errors: [],
        failed: [],
        unhandled: [],
        held: 0,
        free: 9,
        codes: [1001, 1001, 1001],
      });
    },
  );
});
