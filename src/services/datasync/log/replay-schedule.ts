/** Milliseconds of each turn of the event loop that replays may take. */
const SLICE = 5;
/** Milliseconds that one replay may take before the next one has its turn. */
const STEP = 1;

/**
 * Does a part of a job and answers whether more is left. It stops at `until`, a
 * time of the schedule's clock; it may finish what it has begun by then.
 */
export type Step = (until: number) => boolean;

/** The time source of a schedule. */
export interface ReplayClock {
  /** Milliseconds since some fixed moment. */
  now(): number;
  /** Calls back in the next turn of the event loop. */
  nextTurn(act: () => void): void;
}

const REAL_TIME: ReplayClock = {
  now: () => performance.now(),
  nextTurn: (act) => void setImmediate(act),
};

/**
 * Shares the event loop among replays. They get a slice of each turn, one step
 * after the other. So two thousand clients that come back at once do not hold
 * up anybody else. Jobs are called only from here, one after another. What a
 * job asks for while it runs comes after it, so no stack grows.
 */
export class ReplaySchedule {
  private readonly steps: Step[] = [];
  private spent = 0;
  private working = false;
  private resting = false;

  constructor(private readonly clock: ReplayClock = REAL_TIME) {}

  now(): number {
    return this.clock.now();
  }

  /** Runs a job: at once as far as this turn allows, and the rest later. */
  run(step: Step): void {
    const first = this.steps.length === 0;
    this.steps.push(step);
    // If others wait, this turn has no time left.
    if (!this.working && first && this.spent < SLICE) this.work();
    else this.rest();
  }

  private work(): void {
    const { clock, steps } = this;
    this.working = true;
    const start = clock.now();
    const end = start + SLICE - this.spent;
    let now = start;
    try {
      while (steps.length > 0 && now < end) {
        const step = steps.shift() as Step;
        const more = step(Math.min(now + STEP, end));
        if (more) steps.push(step);
        now = clock.now();
      }
    } finally {
      this.working = false;
      this.spent += clock.now() - start;
      // Also runs after a step that throws: the others go on.
      this.rest();
    }
  }

  /** Renews the budget and continues the waiting jobs in the next turn. */
  private rest(): void {
    if (this.resting) return;
    this.resting = true;
    this.clock.nextTurn(this.turn);
  }

  private readonly turn = (): void => {
    this.resting = false;
    this.spent = 0;
    if (this.steps.length > 0) this.work();
  };
}
