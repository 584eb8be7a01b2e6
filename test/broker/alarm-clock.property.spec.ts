import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { AlarmClock, now } from '../../src/broker/alarm-clock.js';
import type { Alarm } from '../../src/broker/alarm-clock.js';

const command = fc.oneof(
  { weight: 4, arbitrary: fc.record({ set: fc.nat({ max: 100 }) }) },
  { weight: 2, arbitrary: fc.record({ cancel: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ wait: fc.nat({ max: 40 }) }) },
);
type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;

describe('AlarmClock', () => {
  it('rings what is not cancelled in the order of time, then of setting', () => {
    jest.useFakeTimers();
    try {
      const commands = fc.array(command, { maxLength: 100, size: 'max' });
      fc.assert(fc.property(commands, check), { numRuns: 500 });
    } finally {
      jest.useRealTimers();
    }
  });

  function check(commands: readonly Command[]): void {
    const clock = new AlarmClock();
    const alarms: Alarm[] = [];
    const rung: number[] = [];
    const due: number[] = [];
    const pending = new Set<number>();

    const wait = (time: number): void => {
      jest.advanceTimersByTime(time);
      const ringing = [...pending]
        .filter((id) => alarms[id]!.at <= now())
        .sort((one, other) => alarms[one]!.at - alarms[other]!.at);
      for (const id of ringing) pending.delete(id);
      due.push(...ringing);
      expect(rung).toEqual(due);
      expect(clock.size).toBe(pending.size);
      expect(jest.getTimerCount()).toBe(pending.size > 0 ? 1 : 0);
    };

    for (const step of commands) {
      if ('set' in step) {
        const id = alarms.length;
        // Never for now: that would ring a little later than it is due.
        alarms.push(clock.set(now() + 1 + step.set, () => rung.push(id)));
        pending.add(id);
      } else if ('wait' in step) {
        wait(step.wait);
      } else if (alarms.length > 0) {
        const id = step.cancel % alarms.length;
        clock.cancel(alarms[id]!);
        pending.delete(id);
      }
    }
    wait(200);
    expect(clock.size).toBe(0);
  }

  it('rings when a clock that somebody sets has come there', async () => {
    let time = 1000;
    const clock = new AlarmClock({ now: () => time, longestDelay: 2 });
    let rung = false;
    const ring = new Promise<void>((resolve) => {
      clock.set(100_000, () => {
        rung = true;
        resolve();
      });
    });
    // It looks, sees that it is too early, and looks again.
    for (let turn = 0; turn < 5; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      expect(rung).toBe(false);
    }
    time = 100_000;
    await ring;
    expect(clock.size).toBe(0);
  });
});
