import { afterAll, beforeAll } from '@jest/globals';
import type { RunningFixture } from './start-fixture.js';

/**
 * Fixtures of one kind for cases that run beside each other, since a case mostly
 * waits. Each case has one to itself, so none sees what another does.
 */
export class FixturePool<Fixture extends RunningFixture = RunningFixture> {
  private readonly started: Promise<Fixture>[] = [];
  private readonly free: Fixture[] = [];
  private readonly waiting: ((fixture: Fixture) => void)[] = [];

  /**
   * Belongs to the block of tests in which it is made.
   *
   * @param start Starts one more.
   * @param size How many there may be. Default: one for each case that is running.
   */
  constructor(
    private readonly start: () => Promise<Fixture>,
    private readonly size = Infinity,
  ) {
    // The first start takes long, and cases that run meanwhile would run out of time.
    beforeAll(() => this.use(async () => {}));
    afterAll(async () => {
      for (const fixture of this.started) await (await fixture).stop();
    });
  }

  /** Lends a fixture until the work is done. */
  async use(work: (fixture: Fixture) => Promise<void>): Promise<void> {
    const fixture = await this.take();
    try {
      await work(fixture);
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.free.push(fixture);
      else next(fixture);
    }
  }

  private async take(): Promise<Fixture> {
    const fixture = this.free.pop();
    if (fixture !== undefined) return fixture;
    if (this.started.length < this.size) {
      const starting = this.start();
      this.started.push(starting);
      return starting;
    }
    return new Promise((resolve) => this.waiting.push(resolve));
  }
}
