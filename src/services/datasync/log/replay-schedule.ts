/** Milliseconds of replaying in one turn of the event loop. */
const SLICE = 5;
/** Milliseconds that one replay may take before the next has its turn. */
const STEP = 1;

/**
 * Does some of a job, until a moment of the schedule's clock at the latest, and
 * answers whether more is left. What it is doing then it may finish.
 */
export type Step = (until: number) => boolean;

/** Where the schedule has its time from. */
export interface ReplayClock {
  /** Milliseconds since some moment. */
  now(): number;
  /** Calls back in the next turn of the event loop. */
  nextTurn(act: () => void): void;
}

const REAL_TIME: ReplayClock = {
  now: () => performance.now(),
  nextTurn: (act) => void setImmediate(act),
};

/**
 * Shares the event loop among replays: a slice of each turn goes to them, one
 * step each in turn, so that two thousand clients who come back at once hold up
 * nobody else. Jobs are only ever called from here, one after another: what a
 * job asks for while it runs comes after it, and no stack grows.
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

  /** Does as much as this turn has left for it at once, the rest later. */
  run(step: Step): void {
    const first = this.steps.length === 0;
    this.steps.push(step);
    // Others wait already, so this turn has nothing left.
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
      // Also after a step that throws: the others go on.
      this.rest();
    }
  }

  /** Has the budget renewed, and the waiting jobs continued, in the next turn. */
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
