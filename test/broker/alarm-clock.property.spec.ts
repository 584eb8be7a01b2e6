import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { AlarmClock, now } from '../../src/broker/memory/alarm-clock.js';
import type { Alarm } from '../../src/broker/memory/alarm-clock.js';

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
});
