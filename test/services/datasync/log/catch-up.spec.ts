import { describe, expect, it } from '@jest/globals';
import type { Position, Replay, ReplayLimits, TopicEntry } from 'snorky';
import { CatchUp } from '../../../../src/services/datasync/log/catch-up.js';
import {
  ReplaySchedule,
  type ReplayClock,
} from '../../../../src/services/datasync/log/replay-schedule.js';

/** A clock that only what is done moves on, and turns that a test begins. */
class SlowMotion implements ReplayClock {
  time = 0;
  private waiting: (() => void)[] = [];

  now(): number {
    return this.time;
  }

  nextTurn(act: () => void): void {
    this.waiting.push(act);
  }

  get hasMore(): boolean {
    return this.waiting.length > 0;
  }

  /** Has one turn, and answers how long it took. */
  turn(): number {
    const start = this.time;
    for (const act of this.waiting.splice(0)) act();
    return this.time - start;
  }
}

/** A log of as many entries as wished, which it has without keeping them. */
function logOf(entries: number) {
  return (since: Position, { entries: limit = 0 }: ReplayLimits): Replay => {
    const first = since as number;
    const last = Math.min(first + limit, entries);
    const page: TopicEntry[] = [];
    for (let n = first + 1; n <= last; n++) {
      page.push({ value: n, position: n });
    }
    return {
      covered: true,
      entries: page,
      position: last,
      more: last < entries,
    };
  };
}

function stackDepth(): number {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = Infinity;
  const depth = String(new Error().stack).split('\n').length;
  Error.stackTraceLimit = limit;
  return depth;
}

interface Told {
  sent: number;
  deepest: number;
  end: string | undefined;
}

interface Costs {
  readonly entry: number;
  readonly page: number;
}

function start(
  clock: SlowMotion,
  schedule: ReplaySchedule,
  entries: number,
  costs: Costs,
  replay = logOf(entries),
): { readonly told: Told; readonly catchUp: CatchUp } {
  const told: Told = { sent: 0, deepest: 0, end: undefined };
  const measure = (): void => {
    if (told.sent % 5000 === 0) {
      told.deepest = Math.max(told.deepest, stackDepth());
    }
  };
  const catchUp = new CatchUp(
    {
      reader: {
        hasPassed: () => false,
        replay: (since, limits) => {
          clock.time += costs.page;
          return replay(since, limits);
        },
      },
      schedule,
    },
    {
      congested: false,
      whenDrained: () => {
        throw new Error('Nothing is congested');
      },
      send: ({ position }) => {
        clock.time += costs.entry;
        if (position !== ++told.sent) throw new Error('Out of order');
        measure();
        return true;
      },
      caughtUp: (position) =>
        void (told.end = `caught up to ${String(position)}`),
      uncovered: () => void (told.end = 'uncovered'),
      failed: (error) => void (told.end = String(error)),
    },
    0,
  );
  catchUp.start();
  return { told, catchUp };
}

describe('A replay', () => {
  const MANY = 1_000_000;

  it.each([
    ['entries that take time', { entry: 0.002, page: 0 }],
    ['pages that take time', { entry: 0, page: 0.7 }],
  ])('takes a slice of each turn, whatever its length: %s', (_, costs) => {
    const clock = new SlowMotion();
    const schedule = new ReplaySchedule(clock);
    const here = stackDepth();
    const { told } = start(clock, schedule, MANY, costs);
    let turns = 1;
    let longest = clock.time;
    while (clock.hasMore) {
      longest = Math.max(longest, clock.turn());
      turns++;
    }
    expect(told.end).toBe(`caught up to ${MANY}`);
    expect(told.sent).toBe(MANY);
    // Five milliseconds, and what was being done when they were over.
    expect(longest).toBeLessThan(5 + costs.entry + costs.page + 0.001);
    expect(turns).toBeGreaterThanOrEqual(Math.floor(clock.time / 6));
    expect(told.deepest).toBeLessThan(here + 30);
  });

  it('ends in the turn in which it began while there is time', () => {
    const clock = new SlowMotion();
    const { told } = start(clock, new ReplaySchedule(clock), MANY, {
      entry: 0,
      page: 0,
    });
    expect(told.end).toBe(`caught up to ${MANY}`);
    expect(told.deepest).toBeLessThan(stackDepth() + 30);
  });

  it('has others served in between, in turn', () => {
    const clock = new SlowMotion();
    const schedule = new ReplaySchedule(clock);
    const costs = { entry: 0.01, page: 0 };
    const long = start(clock, schedule, 100_000, costs);
    const all = Array.from({ length: 20 }, () => {
      return start(clock, schedule, 300, costs);
    });
    // What others have been given never depends on how much the first has left.
    while (all.some(({ told }) => told.end === undefined)) clock.turn();
    expect(clock.time).toBeLessThan(20 * 3 * 2 + 20);
    expect(long.told.end).toBeUndefined();
    expect(long.told.sent).toBeLessThan(20_000);
  });

  it('says nothing once it is stopped, even in the middle of a page', () => {
    const clock = new SlowMotion();
    const schedule = new ReplaySchedule(clock);
    const costs = { entry: 1, page: 1 };
    const { told, catchUp } = start(clock, schedule, 1000, costs);
    const { sent } = told;
    expect(sent).toBeGreaterThan(0);
    catchUp.stop();
    while (clock.hasMore) clock.turn();
    expect(told).toMatchObject({ sent, end: undefined });
  });

  it('says once that it failed, and leaves the others alone', () => {
    const clock = new SlowMotion();
    const schedule = new ReplaySchedule(clock);
    const costs = { entry: 1, page: 1 };
    const broken = start(clock, schedule, 1000, costs, () => {
      throw new Error('No log');
    });
    const other = start(clock, schedule, 20, costs);
    while (clock.hasMore) clock.turn();
    expect(broken.told.end).toBe('Error: No log');
    expect(other.told.end).toBe('caught up to 20');
  });
});
