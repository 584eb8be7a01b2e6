/**
 * The tests of one loaded spec file. Any of them can be run, any number of
 * times.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { dirname, join } from 'node:path';
import { resolveOfJest, requireOfJest } from './parts-of-jest.js';

const { createEmptyTestResult } = requireOfJest('@jest/test-result');
const ADAPTER = join(
  dirname(resolveOfJest('jest-circus/runner')),
  'jestAdapterInit.js',
);
const PROCESS_ERRORS = [
  'uncaughtException',
  'unhandledRejection',
  'rejectionHandled',
];

export class Circus {
  #mutation;
  #start;
  #state;
  #tests = [];
  #describes = 0;
  #outerListeners = listeners();
  #ownListeners;
  #going;

  /** @param mutation The object that switches mutants on. */
  constructor(mutation) {
    this.#mutation = mutation;
  }

  async begin(runtime, environment, { config, globalConfig, testPath }) {
    environment.handleTestEvent = (event, state) => this.#hear(event, state);
    const circus = runtime.requireInternalModule(ADAPTER);
    await circus.initialize({
      config,
      environment,
      globalConfig,
      localRequire: runtime.requireModule.bind(runtime),
      parentProcess: process,
      runtime,
      setGlobalsForRuntime: runtime.setGlobalsForRuntime.bind(runtime),
      testPath,
    });
    this.#ownListeners = listeners();
    this.#start = () =>
      circus.runAndTransformResultsToJestFormat({
        config,
        globalConfig,
        testPath,
      });
  }

  /** The tests of the file, and the mutants that loading it has reached. */
  loaded() {
    this.#walk(this.#state.rootDescribeBlock, [], []);
    this.#mutation.currentTestId = 'between';
    return {
      tests: this.#tests.map(({ title, blocks, skipped }) => ({
        title,
        blocks,
        skipped,
      })),
      reached: Object.keys(this.#mutation.mutantCoverage.static),
    };
  }

  /**
   * Runs the chosen tests, with a mutant or none, until one fails or to the
   * end.
   */
  async run({ mutant, chosen, limits, hookLimit, hitLimit, toTheEnd }) {
    const mutation = this.#mutation;
    mutation.activeMutant = mutant;
    mutation.hitCount = hitLimit === undefined ? undefined : 0;
    mutation.hitLimit = hitLimit;
    this.#prepare(new Set(chosen), limits);
    const going = { failures: [], times: {}, hookLimit, toTheEnd };
    this.#going = going;
    await this.#start();
    // jest removes its listeners after a run, and the next run needs them.
    listen(this.#ownListeners);
    // Work that the tests have left for the next turn still belongs to this
    // mutant.
    await nextTurn();
    for (const error of this.#state.unhandledErrors) {
      going.failures.push({ error: textOf(error) });
    }
    mutation.activeMutant = undefined;
    return { failures: going.failures, times: going.times };
  }

  /**
   * How often each test, and the hooks of each block, have reached each mutant.
   */
  get reached() {
    return this.#mutation.mutantCoverage.perTest;
  }

  end() {
    listen(this.#outerListeners);
    return createEmptyTestResult();
  }

  #walk(block, titles, above) {
    const blocks = [...above, `block ${this.#describes++}`];
    block.mutationId = blocks.at(-1);
    for (const child of block.children) {
      if (child.type === 'describeBlock') {
        this.#walk(child, [...titles, child.name], blocks);
        continue;
      }
      const { mode, timeout } = child;
      child.mutationId = this.#tests.length;
      this.#tests.push({
        test: child,
        title: [...titles, child.name].join(' > '),
        blocks,
        mode,
        timeout,
        skipped: mode === 'skip' || mode === 'todo',
      });
    }
  }

  /**
   * Resets the tests to their state before they ran, and skips those not
   * chosen.
   */
  #prepare(chosen, limits) {
    this.#state.unhandledErrors = [];
    for (const [index, { test, mode, timeout }] of this.#tests.entries()) {
      test.mode = chosen.has(index) ? mode : 'skip';
      test.timeout = limits?.[index] ?? timeout;
      test.errors = [];
      test.invocations = 0;
      test.seenDone = false;
      test.startedAt = null;
      test.status = null;
    }
  }

  #hear(event, state) {
    this.#state = state;
    const going = this.#going;
    switch (event.name) {
      case 'run_start':
        if (going.hookLimit !== undefined) state.testTimeout = going.hookLimit;
        break;
      case 'hook_start':
        if (event.hook.type.endsWith('All')) {
          this.#mutation.currentTestId = event.hook.parent.mutationId;
        }
        break;
      case 'test_start':
        this.#mutation.currentTestId = `test ${event.test.mutationId}`;
        break;
      case 'test_done':
        going.times[event.test.mutationId] = event.test.duration;
        if (event.test.errors.length > 0 && !going.toTheEnd) this.#skipRest();
        break;
      case 'run_finish':
        this.#collect(going.failures);
        break;
    }
  }

  #skipRest() {
    for (const { test } of this.#tests) {
      if (test.status === null) test.mode = 'skip';
    }
  }

  /** Removes the errors: making them readable takes longer than the tests. */
  #collect(failures) {
    for (const { test } of this.#tests) {
      const [error] = test.errors;
      if (error === undefined) continue;
      failures.push({ test: test.mutationId, error: textOf(error) });
      test.errors = [];
    }
    for (const error of this.#state.unhandledErrors) {
      failures.push({ error: textOf(error) });
    }
    this.#state.unhandledErrors = [];
  }
}

function textOf(error) {
  const first = Array.isArray(error) ? error[0] : error;
  return String(first?.message ?? first).slice(0, 400);
}

function listeners() {
  return PROCESS_ERRORS.map((name) => [name, process.listeners(name)]);
}

function listen(all) {
  for (const [name, each] of all) {
    process.removeAllListeners(name);
    for (const listener of each) process.on(name, listener);
  }
}
