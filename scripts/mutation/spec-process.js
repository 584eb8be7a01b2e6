/**
 * A process that has loaded one spec file, and runs the tests of it that it is
 * told to.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';

const JEST = 'node_modules/jest/bin/jest.js';
const CONFIG = 'scripts/mutation/jest/config.js';

/**
 * Milliseconds to start Node and jest and to load everything, on a busy
 * machine.
 */
const LOADING = 120_000;

/**
 * Loaded modules stay in memory. Beyond this many bytes, a new process is
 * started.
 */
const MEMORY = 1.2 * 2 ** 30;

export class SpecProcess {
  #spec;
  #where;
  #child;
  #memory = 0;

  /** @param {string} spec @param {{ sources: string, log: string }} where */
  constructor(spec, where) {
    this.#spec = spec;
    this.#where = where;
  }

  get running() {
    return this.#child !== undefined;
  }

  /**
   * Loads all modules anew; a mutant, if given, is switched on from the first
   * one.
   */
  load(mutant) {
    if (this.#memory > MEMORY) this.end();
    this.#child ??= this.#start();
    return this.#ask({ type: 'load', mutant }, LOADING);
  }

  /** Runs tests. `within` is the time for all of them, in milliseconds. */
  run(order, within) {
    return this.#ask({ type: 'run', ...order }, within);
  }

  end() {
    this.#memory = 0;
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }

  #start() {
    const output = openSync(this.#where.log, 'a');
    return fork(JEST, ['--config', CONFIG, '--runTestsByPath', this.#spec], {
      execArgv: [
        '--disable-warning=ExperimentalWarning',
        '--experimental-vm-modules',
        '--max-old-space-size=3000',
      ],
      env: { ...process.env, MUTATION_SOURCES: this.#where.sources },
      stdio: ['ignore', output, output, 'ipc'],
    });
  }

  async #ask(order, within) {
    const child = this.#child;
    // The process may have ended between two orders.
    if (!child.connected) return this.#gone('ended');
    const over = new AbortController();
    const { signal } = over;
    const timer = setTimeout(() => over.abort(), within);
    try {
      child.send(order);
      const answer = await Promise.race([
        once(child, 'message', { signal }).then(([message]) => message),
        once(child, 'exit', { signal }).then(() => this.#gone('ended')),
      ]);
      this.#memory = answer.memory ?? 0;
      return answer;
    } catch (error) {
      if (error.name !== 'AbortError') throw error;
      return this.#gone('late');
    } finally {
      clearTimeout(timer);
      over.abort();
    }
  }

  #gone(type) {
    this.end();
    return { type };
  }
}
