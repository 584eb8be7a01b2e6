import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Lane } from '../../../src/core/clients/lane.js';

const message = (name: number): string => String(name);

function setUp(handle: (name: number, lane: Lane) => void = () => {}): {
  lane: Lane;
  seen: number[];
  pending(): number;
} {
  const seen: number[] = [];
  let pending = 0;
  const owner = {
    requestOpened: () => void pending++,
    requestClosed: () => void pending--,
  };
  const lane: Lane = new Lane(owner, (text) => {
    seen.push(Number(text));
    handle(Number(text), lane);
  });
  return { lane, seen, pending: () => pending };
}

describe('A lane', () => {
  it('keeps what comes while it is held, and counts it as pending', () => {
    const { lane, seen, pending } = setUp();
    expect(lane.busy).toBe(false);
    lane.hold();
    expect(lane.busy).toBe(true);
    lane.push(message(1));
    lane.push(message(2));
    expect(seen).toEqual([]);
    expect(pending()).toBe(2);
    lane.release();
    expect(seen).toEqual([1, 2]);
    expect(pending()).toBe(0);
    expect(lane.busy).toBe(false);
  });

  it('stops where a message holds it again, and goes on from there', () => {
    const { lane, seen, pending } = setUp((name, held) => {
      if (name === 2) held.hold();
    });
    lane.hold();
    for (const name of [1, 2, 3]) lane.push(message(name));
    lane.release();
    expect(seen).toEqual([1, 2]);
    expect(lane.busy).toBe(true);
    expect(pending()).toBe(1);
    lane.release();
    expect(seen).toEqual([1, 2, 3]);
  });

  it('has a message that comes while it drains wait behind the others', () => {
    const { lane, seen } = setUp((name, draining) => {
      if (name === 1) {
        expect(draining.busy).toBe(true);
        draining.push(message(3));
      }
    });
    lane.hold();
    lane.push(message(1));
    lane.push(message(2));
    lane.release();
    expect(seen).toEqual([1, 2, 3]);
  });

  it('does not nest when messages hold and release at once', () => {
    let depth = 0;
    let deepest = 0;
    const { lane, seen } = setUp((_name, held) => {
      deepest = Math.max(deepest, ++depth);
      held.hold();
      held.release();
      depth--;
    });
    lane.hold();
    for (let name = 0; name < 100_000; name++) lane.push(message(name));
    lane.release();
    expect(seen).toHaveLength(100_000);
    expect(deepest).toBe(1);
  });

  it('goes on after a message that throws', () => {
    const { lane, seen } = setUp((name) => {
      if (name === 1) throw new Error('one');
    });
    lane.hold();
    for (const name of [1, 2]) lane.push(message(name));
    expect(() => lane.release()).toThrow('one');
    expect(lane.busy).toBe(false);
    lane.release();
    expect(seen).toEqual([1, 2]);
  });

  it('forgets what waits when its client has gone', () => {
    const { lane, seen } = setUp();
    lane.hold();
    lane.push(message(1));
    lane.clear();
    lane.release();
    expect(seen).toEqual([]);
  });

  it('lets everything through once and in order, whoever holds it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('quick', 'holds', 'holds and releases'), {
          maxLength: 30,
        }),
        fc.array(fc.boolean(), { maxLength: 60 }),
        (kinds, releases) => {
          const { lane, seen, pending } = setUp((name, held) => {
            if (kinds[name] !== 'quick') held.hold();
            if (kinds[name] === 'holds and releases') held.release();
          });
          const turns = [...releases];
          kinds.forEach((_kind, name) => {
            if (lane.busy) lane.push(message(name));
            else {
              lane.push(message(name));
              lane.release();
            }
            if (turns.pop() === true) lane.release();
          });
          while (pending() > 0) lane.release();
          expect(seen).toEqual([...kinds.keys()]);
        },
      ),
    );
  });
});
