import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileProgram } from '../../support/programs/compile.js';
import { send } from '../../support/sockets/http.js';
import { TestSocket } from '../../support/sockets/socket.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PROGRAM = 'test/nest/hosts/signal.program.ts';
const FOLDER = join(ROOT, '.build', `signal-${process.pid}`);

let program: string;

describe('A process that gets a signal', () => {
  beforeAll(async () => {
    program = await compileProgram(PROGRAM, FOLDER);
  }, 30_000);

  afterAll(() => rm(FOLDER, { recursive: true, force: true }));

  async function start(): Promise<{
    child: ChildProcess;
    port: number;
    backendPort: number;
  }> {
    const child = fork(program, [], {
      execArgv: [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const [ready] = (await once(child, 'message')) as [
      { port: number; backendPort: number },
    ];
    return { child, ...ready };
  }

  it.each(['SIGTERM', 'SIGINT'] as const)(
    '%s answers what runs, closes connections with 1001, and ends',
    async (signal) => {
      const { child, port, backendPort } = await start();
      const agent = new Agent({ keepAlive: true });
      const kept = await send(`http://127.0.0.1:${backendPort}/backend`, {
        method: 'GET',
        agent,
      });
      expect(kept.status).toBe(405);
      const idle = await TestSocket.connect(`ws://127.0.0.1:${port}/ws`);
      const busy = await TestSocket.connect(`ws://127.0.0.1:${port}/ws`);
      const answer = busy.call('work', 'slow');
      await once(child, 'message');
      const exited = once(child, 'exit');
      child.kill(signal);
      expect(await answer).toMatchObject({
        type: 'response',
        data: 'finished',
      });
      expect(await idle.closed).toEqual({ code: 1001, reason: '' });
      expect(await busy.closed).toEqual({ code: 1001, reason: '' });
      expect(await exited).toEqual([null, signal]);
      agent.destroy();
    },
    20_000,
  );

  it('ends by SIGTERM although a command never does', async () => {
    const { child, port } = await start();
    const socket = await TestSocket.connect(`ws://127.0.0.1:${port}/ws`);
    socket.call('work', 'stuck').catch(() => {});
    await once(child, 'message');
    const exited = once(child, 'exit');
    const began = performance.now();
    child.kill('SIGTERM');
    expect(await socket.closed).toEqual({ code: 1001, reason: '' });
    expect(await exited).toEqual([null, 'SIGTERM']);
    expect(performance.now() - began).toBeLessThan(3000);
  }, 20_000);
});
