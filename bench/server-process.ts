import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { Memory, Report, Request } from './servers/control.js';
import type { Peer } from './wire.js';

const BUILD = new URL('./', import.meta.url);

export interface ServerOptions {
  /** Directory for a CPU profile, written when the server stops. */
  profile?: string | undefined;
  /** Tells profiles of servers of one peer apart. */
  name?: string;
}

/** A peer in a process of its own, steered by the messages of a fork. */
export class ServerProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
  ) {}

  static async start(
    peer: Peer,
    { profile, name = peer }: ServerOptions = {},
  ): Promise<ServerProcess> {
    const child = fork(
      fileURLToPath(new URL(`servers/${peer}.js`, BUILD)),
      [],
      {
        env: { ...process.env, NODE_ENV: 'production' },
        execArgv: [
          '--expose-gc',
          ...(profile === undefined
            ? []
            : [
                '--cpu-prof',
                `--cpu-prof-dir=${profile}`,
                `--cpu-prof-name=${name}.cpuprofile`,
              ]),
        ],
      },
    );
    const { port } = await answer(child, 'listening');
    return new ServerProcess(child, port);
  }

  /** CPU time so far in microseconds, all threads of the process. */
  async cpu(): Promise<number> {
    return (await this.ask('cpu')).cpu;
  }

  /** Resident and heap bytes after several collections. */
  async memory(): Promise<Memory> {
    return (await this.ask('memory')).memory;
  }

  async stop(): Promise<void> {
    if (!this.child.connected) return;
    const exited = once(this.child, 'exit');
    const deadline = setTimeout(() => this.child.kill('SIGKILL'), 10_000);
    this.child.send({ type: 'stop' } satisfies Request);
    await exited;
    clearTimeout(deadline);
  }

  private ask<T extends 'cpu' | 'memory'>(
    type: T,
  ): Promise<Extract<Report, { type: T }>> {
    const answered = answer(this.child, type);
    this.child.send({ type } satisfies Request);
    return answered;
  }
}

function answer<T extends Report['type']>(
  child: ChildProcess,
  type: T,
): Promise<Extract<Report, { type: T }>> {
  return new Promise((resolve, reject) => {
    const exited = (code: number | null): void =>
      reject(
        new Error(
          `${child.spawnargs.at(-1)} ended with code ${code} before "${type}"`,
        ),
      );
    child.once('exit', exited);
    child.once('message', (message) => {
      child.off('exit', exited);
      const report = message as Report;
      if (report.type === type) resolve(report as Extract<Report, { type: T }>);
      else reject(new Error(`"${report.type}" instead of "${type}"`));
    });
  });
}
