import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileProgram } from '../programs/compile.js';
import type { HostileServerOptions, Order, ServerState } from './server.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PROGRAM = 'test/support/hostile/server.ts';

interface Report {
  readonly id: number;
  readonly state: ServerState;
}

/**
 * A server in a child process, compiled from the sources as they are now. Its
 * memory is its own, and tests outlive it.
 */
export class ServerProcess implements AsyncDisposable {
  private readonly waiting = new Map<number, (state: ServerState) => void>();
  private readonly exited: Promise<unknown[]>;
  private stderr = '';
  private orders = 0;
  /** Rejects when the process ends before it is told to. */
  private readonly died: Promise<never>;

  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
    readonly backendPort: number,
  ) {
    this.exited = once(child, 'exit');
    child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
    });
    child.on('message', ({ id, state }: Report) => {
      this.waiting.get(id)?.(state);
      this.waiting.delete(id);
    });
    this.died = this.exited.then(([code, signal]) => {
      throw new Error(
        `The server died (${String(code ?? signal)}): ${this.stderr}`,
      );
    });
    this.died.catch(() => {});
  }

  static async start(
    options: HostileServerOptions = {},
  ): Promise<ServerProcess> {
    const folder = join(
      ROOT,
      '.build',
      `hostile-${process.pid}-${performance.now().toString(36).replace('.', '')}`,
    );
    try {
      const program = await compileProgram(PROGRAM, folder);
      const child = fork(program, [JSON.stringify(options)], {
        execArgv: ['--expose-gc'],
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      });
      let stderr = '';
      child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      const [ready] = (await Promise.race([
        once(child, 'message'),
        once(child, 'exit').then(() => {
          throw new Error(`The server did not start: ${stderr}`);
        }),
      ])) as [{ port: number; backendPort: number }];
      return new ServerProcess(child, ready.port, ready.backendPort);
    } finally {
      // All of it is loaded by now.
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Has the server do something; answers its state after it. */
  ask(order: Order): Promise<ServerState> {
    if (!this.child.connected) return this.died;
    const id = ++this.orders;
    const done = new Promise<ServerState>((resolve) => {
      this.waiting.set(id, resolve);
    });
    this.child.send({ id, order });
    return Promise.race([done, this.died]);
  }

  state(): Promise<ServerState> {
    return this.ask({ do: 'state' });
  }

  /** Asks until something holds; fails with the last state. */
  async until(
    holds: (state: ServerState) => boolean,
    limit = 10_000,
  ): Promise<ServerState> {
    const deadline = performance.now() + limit;
    for (;;) {
      const state = await this.state();
      if (holds(state)) return state;
      if (performance.now() > deadline) {
        throw new Error(
          `Never came about: ${String(holds)}\n${JSON.stringify(state)}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.connected) this.child.disconnect();
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const deadline = setTimeout(() => this.child.kill('SIGKILL'), 3000);
      await this.exited;
      clearTimeout(deadline);
    }
  }
}
