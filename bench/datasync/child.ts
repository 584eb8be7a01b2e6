import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A script of this folder in a process of its own. */
export class Child {
  private constructor(private readonly process: ChildProcess) {}

  static start(script: string, args: readonly string[] = []): Child {
    return new Child(
      fork(fileURLToPath(new URL(`${script}.js`, import.meta.url)), args, {
        execArgv: ['--expose-gc', '--max-old-space-size=6000'],
        env: { ...process.env, NODE_ENV: 'production' },
      }),
    );
  }

  /** Its next message; fails when it ends before it sends one. */
  async next<Message>(): Promise<Message> {
    const stop = new AbortController();
    const { signal } = stop;
    try {
      return await Promise.race([
        once(this.process, 'message', { signal }).then(
          ([message]) => message as Message,
        ),
        once(this.process, 'exit', { signal }).then(([code]) => {
          throw new Error(`the process ended with ${String(code)}`);
        }),
      ]);
    } finally {
      stop.abort();
    }
  }

  async ask<Answer>(question: object): Promise<Answer> {
    const answer = this.next<Answer>();
    this.process.send(question);
    return answer;
  }

  async stop(): Promise<void> {
    if (this.process.exitCode !== null) return;
    const exited = once(this.process, 'exit');
    this.process.kill();
    await exited;
  }
}
