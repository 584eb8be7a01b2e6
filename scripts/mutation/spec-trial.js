/**
 * Tries mutants on one spec file. All tests run once without a mutant, which
 * shows which test reaches which mutant. Then each mutant is tried with the
 * tests that reach it.
 */
import { SpecProcess } from './spec-process.js';

/**
 * A test that hangs is given up after five times its usual time and these
 * milliseconds.
 */
const PATIENCE = 2_000;
const HOOK_LIMIT = 6_000;

/**
 * Milliseconds of a quick test. The quick tests of all spec files come first:
 * most mutants are killed there.
 */
const QUICK = 200;

/** Rounds after which a loop ends that a mutant has made endless. */
const MORE_HITS = 10_000;

/**
 * Mutants after which modules are loaded anew: what some of them leave behind
 * adds up.
 */
const MUTANTS_PER_LOAD = 200;

/** Spec files on which a mutant is tried that needs a load of its own. */
const LOADS_PER_MUTANT = 5;

/**
 * @typedef {import('./mutants.js').Mutant & {
 *   outcome?: 'killed' | 'timed out', reached?: boolean, loads?: number, by?: string,
 * }} Tried
 */

export class SpecTrial {
  #spec;
  #process;
  #tests = [];
  #steady = [];
  #times = {};
  #perTest = {};
  #onLoad = new Set();
  #since = 0;
  #isQuick = (test) => (this.#times[test] ?? 0) < QUICK;

  /** @param {string} spec @param {{ sources: string, log: string }} where */
  constructor(spec, where) {
    this.#spec = spec;
    this.#process = new SpecProcess(spec, where);
  }

  /**
   * Finds out which mutants each test reaches. Returns a line about a faulty
   * file, or undefined.
   */
  async look() {
    const loaded = await this.#process.load();
    if (loaded.type !== 'loaded') return `could not be loaded: ${loaded.error}`;
    this.#tests = loaded.tests;
    this.#onLoad = new Set(loaded.reached);
    const all = [...this.#tests.keys()].filter(
      (index) => !this.#tests[index].skipped,
    );
    const ran = await this.#process.run(
      { chosen: all, toTheEnd: true },
      600_000,
    );
    if (ran.type !== 'ran') return `${ran.type} without a mutant`;
    const failed = new Set(ran.failures.map(({ test }) => test));
    this.#times = ran.times;
    this.#perTest = ran.reached;
    this.#steady = all.filter((index) => !failed.has(index));
    if (failed.size === 0) return undefined;
    const [{ test, error }] = ran.failures;
    return `without a mutant ${failed.size} fail: ${this.#tests[test]?.title}: ${error.split('\n')[0]}`;
  }

  /** Tries a mutant with the quick tests. @param {Tried} mutant */
  async tryQuick(mutant) {
    const by = this.#testsBy(mutant.id);
    if (by.length > 0 || this.#onLoad.has(mutant.id)) mutant.reached = true;
    await this.#tryLoaded(mutant, by.filter(this.#isQuick));
  }

  /**
   * Tries a mutant with the other tests, and with modules that load with it.
   * @param {Tried} mutant
   */
  async tryThoroughly(mutant) {
    const slow = this.#testsBy(mutant.id).filter(
      (test) => !this.#isQuick(test),
    );
    if (await this.#tryLoaded(mutant, slow)) return;
    if (!this.#onLoad.has(mutant.id)) return;
    mutant.loads = (mutant.loads ?? 0) + 1;
    if (mutant.loads <= LOADS_PER_MUTANT) await this.#tryLoading(mutant);
  }

  end() {
    this.#process.end();
  }

  /**
   * Tries a mutant on the loaded modules. If a test fails, it is because of the
   * mutant.
   */
  async #tryLoaded(mutant, chosen) {
    if (chosen.length === 0) return false;
    for (const last of [false, true]) {
      await this.#fresh();
      const verdict = await this.#verdict(mutant, chosen);
      if (verdict === undefined) return false;
      const wasFirst = this.#since === 1;
      const { test } = verdict;
      if (test !== undefined && !(await this.#passes(test))) {
        // The test may have failed because of an earlier mutant, or may fail at
        // random.
        const isSteady = await this.#passesAnew(test);
        if (!isSteady || (!last && !wasFirst)) continue;
      }
      this.#mark(mutant, verdict);
      return true;
    }
    return false;
  }

  async #tryLoading(mutant) {
    this.#since = MUTANTS_PER_LOAD;
    const loaded = await this.#process.load(mutant.id);
    if (loaded.type === 'unloadable' || loaded.type === 'ended') {
      return this.#mark(mutant, { title: 'loading' });
    }
    if (loaded.type === 'late') {
      return this.#mark(mutant, { title: 'loading', late: true });
    }
    if (loaded.tests.length !== this.#tests.length) {
      return this.#mark(mutant, { title: 'the tests there are' });
    }
    const verdict = await this.#verdict(mutant, this.#steady);
    if (verdict === undefined) return;
    const { test } = verdict;
    // A test that also fails without the mutant tells nothing about it.
    if (test === undefined || (await this.#passesAnew(test))) {
      this.#mark(mutant, verdict);
    }
  }

  #mark(mutant, { title, late }) {
    mutant.outcome = late ? 'timed out' : 'killed';
    mutant.by = `${this.#spec}: ${title}`;
  }

  async #fresh() {
    if (this.#process.running && this.#since++ < MUTANTS_PER_LOAD) return;
    this.#since = 1;
    await this.#process.load();
  }

  /** Whether a test passes on modules that no mutant has touched. */
  async #passesAnew(test) {
    this.#since = MUTANTS_PER_LOAD;
    await this.#fresh();
    return this.#passes(test);
  }

  async #passes(test) {
    if (test === undefined || !this.#process.running) return false;
    const ran = await this.#run({ chosen: [test] });
    return ran.type === 'ran' && ran.failures.length === 0;
  }

  async #verdict(mutant, chosen) {
    const ran = await this.#run({
      mutant: mutant.id,
      chosen,
      hitLimit: this.#hits(mutant.id) * 100 + MORE_HITS,
    });
    if (ran.type === 'late') return { title: 'the time for all', late: true };
    if (ran.type === 'ended') return { title: 'the end of the process' };
    if (ran.failures.length === 0) return undefined;
    const [{ test, error }] = ran.failures;
    const title = `${this.#tests[test]?.title ?? 'after the tests'}: ${error}`;
    return {
      test,
      title,
      late: /^Exceeded timeout of|thrown: "Exceeded timeout/.test(error),
    };
  }

  #run({ mutant, chosen, hitLimit }) {
    const limits = {};
    let within = 2 * HOOK_LIMIT;
    for (const index of chosen) {
      limits[index] = Math.round((this.#times[index] ?? 0) * 5 + PATIENCE);
      within += limits[index];
    }
    return this.#process.run(
      { mutant, chosen, limits, hookLimit: HOOK_LIMIT, hitLimit },
      within,
    );
  }

  #hits(id) {
    let most = 0;
    for (const hits of Object.values(this.#perTest)) {
      most = Math.max(most, hits[id] ?? 0);
    }
    return most;
  }

  #testsBy(id) {
    return this.#steady.filter((index) =>
      [`test ${index}`, ...this.#tests[index].blocks].some(
        (name) => this.#perTest[name]?.[id] !== undefined,
      ),
    );
  }
}
