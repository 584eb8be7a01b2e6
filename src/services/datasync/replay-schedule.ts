/** Milliseconds of replaying in one turn of the event loop. */
const SLICE = 5;

/** Does some of a job, at most a millisecond or so; answers whether more is left. */
export type Step = () => boolean;

/**
 * Shares the event loop among replays: a slice of each turn goes to them, one
 * step each in turn, so that two thousand clients who come back at once hold up
 * nobody else.
 */
export class ReplaySchedule {
  private readonly steps: Step[] = [];
  private spent = 0;
  private resting = false;

  /** Does as much as this turn has left for it at once, the rest later. */
  run(step: Step): void {
    if (this.steps.length === 0 && this.work(step)) return;
    this.steps.push(step);
    this.rest();
  }

  /** Answers whether the job is done. */
  private work(step: Step): boolean {
    while (this.spent < SLICE) {
      const start = performance.now();
      const more = step();
      this.spent += performance.now() - start;
      this.rest();
      if (!more) return true;
    }
    return false;
  }

  /** Has the budget renewed, and the waiting jobs continued, in the next turn. */
  private rest(): void {
    if (this.resting) return;
    this.resting = true;
    setImmediate(this.turn);
  }

  private readonly turn = (): void => {
    this.resting = false;
    this.spent = 0;
    const start = performance.now();
    try {
      while (this.steps.length > 0 && this.spent < SLICE) {
        const step = this.steps.shift() as Step;
        if (step()) this.steps.push(step);
        this.spent = performance.now() - start;
      }
    } finally {
      // Also after a step that throws: the others go on.
      if (this.steps.length > 0) this.rest();
    }
  };
}
