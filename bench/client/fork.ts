import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Milliseconds for an answer, unless the caller gives another time. */
const PATIENCE = 30_000;

/**
 * Runs a script of this folder in a process of its own. The process answers one
 * question after the other.
 */
export class Fork<Question extends { readonly type: string }> {
  private constructor(
    private readonly script: string,
    private readonly child: ChildProcess,
  ) {}

  static start<Question extends { readonly type: string }>(
    script: string,
    ...args: readonly number[]
  ): Fork<Question> {
    const path = fileURLToPath(new URL(`${script}.js`, import.meta.url));
    const env = { ...process.env, NODE_ENV: 'production' };
    const execArgv = ['--expose-gc'];
    return new Fork(script, fork(path, args.map(String), { env, execArgv }));
  }

  /**
   * The next message of the process.
   *
   * @throws Error when the process ends first, or is silent for too long.
   */
  async next<Message>(what: string, patience = PATIENCE): Promise<Message> {
    if (this.hasEnded) throw new Error(`${this.script} has ended`);
    const stop = new AbortController();
    const { signal } = stop;
    const timer = setTimeout(() => stop.abort(), patience);
    try {
      return await Promise.race([
        once(this.child, 'message', { signal }).then(
          ([message]) => message as Message,
        ),
        once(this.child, 'exit', { signal }).then(([code, by]) => {
          throw new Error(`${this.script} ended with ${String(code ?? by)}`);
        }),
      ]);
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new Error(
        `${this.script} did not answer "${what}" within ${patience} ms`,
        { cause: error },
      );
    } finally {
      clearTimeout(timer);
      stop.abort();
    }
  }

  async ask<Answer>(question: Question, patience = PATIENCE): Promise<Answer> {
    const answer = this.next<Answer>(question.type, patience);
    if (this.child.connected) this.child.send(question);
    return answer;
  }

  /**
   * Ends the process as a crash would: nothing is reported and nothing cleaned
   * up.
   */
  async kill(): Promise<void> {
    if (this.hasEnded) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }

  private get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }
}
